/** Triangles of friends and shared items against the matrices of the paper's ten motifs, in dense arithmetic that is written here. */
import { describe, expect, it } from 'vitest';
import { mutualFriends } from '../../../src/data/social/friends.ts';
import { type Counts, commonOfFriends, commonOfStrangers } from '../../../src/data/social/motifs.ts';
import { type SparseRows, sparseRows } from '../../../src/data/sparse-rows.ts';
import { testRandom } from '../made-data.ts';

type Matrix = number[][];

const zip = (a: Matrix, b: Matrix, f: (x: number, y: number) => number): Matrix =>
  a.map((row, r) => row.map((x, c) => f(x, b[r][c])));
const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0].map((_, c) => row.reduce((sum, x, k) => sum + x * b[k][c], 0)));
const turned = (a: Matrix): Matrix => a[0].map((_, c) => a.map((row) => row[c]));
const plus = (...all: Matrix[]): Matrix => all.reduce((a, b) => zip(a, b, (x, y) => x + y));
const where = (a: Matrix, b: Matrix): Matrix => zip(a, b, (x, y) => x * y);

/** The sum of the seven social motifs (Yu et al., table 1): U the edges that go one way, B those that go both. */
function socialMotifs(s: Matrix): Matrix {
  const b = where(s, turned(s));
  const u = zip(s, b, (x, y) => x - y);
  const both = (c: Matrix): Matrix => plus(c, turned(c));
  const m1 = both(where(times(u, u), turned(u)));
  const m2 = both(plus(where(times(b, u), turned(u)), where(times(u, b), turned(u)), where(times(u, u), b)));
  const m3 = both(plus(where(times(b, b), u), where(times(b, u), b), where(times(u, b), b)));
  const m4 = where(times(b, b), b);
  const m5 = both(plus(where(times(u, u), u), where(times(u, turned(u)), u), where(times(turned(u), u), u)));
  const m6 = plus(where(times(u, b), u), where(times(b, turned(u)), turned(u)), where(times(turned(u), u), b));
  const m7 = plus(where(times(turned(u), b), turned(u)), where(times(b, u), u), where(times(u, turned(u)), b));
  return plus(m1, m2, m3, m4, m5, m6, m7);
}

function dense({ rows, values }: Counts, nColumns: number): Matrix {
  return Array.from({ length: rows.nRows }, (_, r) => {
    const row = Array<number>(nColumns).fill(0);
    for (let k = rows.rowStart[r]; k < rows.rowStart[r + 1]; k++) row[rows.columns[k]] = values[k];
    return row;
  });
}

const sparse = (a: Matrix): SparseRows => {
  const pairs = a.flatMap((row, r) => row.flatMap((x, c) => (x === 0 ? [] : [[r, c]])));
  return sparseRows(
    a.length,
    Int32Array.from(pairs, ([r]) => r),
    Int32Array.from(pairs, ([, c]) => c),
  );
};

const below = testRandom(5);
const drawn = (nRows: number, nColumns: number, oneIn: number): Matrix =>
  Array.from({ length: nRows }, () => Array.from({ length: nColumns }, () => Number(below(oneIn) === 0)));

describe.each([2, 3, 6])('one pair of people in %i', (oneIn) => {
  const n = 24;
  const s = drawn(n, n, oneIn).map((row, r) => row.map((x, c) => (r === c ? 0 : x)));
  const taken = drawn(n, 30, 4);
  taken[3].fill(0);
  const friends = mutualFriends(sparse(s));
  const either = zip(s, turned(s), Math.max);
  const shared = times(taken, turned(taken));

  it('counts the triangles of all social motifs', () => {
    expect(dense(commonOfFriends(friends, friends, n), n)).toEqual(socialMotifs(s));
  });

  it('counts the items that friends share', () => {
    const b = where(s, turned(s));
    const u = zip(s, b, (x, y) => x - y);
    const joint = plus(where(shared, b), where(shared, u), turned(where(shared, u)));
    expect(dense(commonOfFriends(friends, sparse(taken), 30), n)).toEqual(joint);
  });

  it('counts the items that others share, those with enough of them', () => {
    for (const least of [1, 2, 3]) {
      const expected = shared.map((row, r) => row.map((x, c) => (r === c || either[r][c] === 1 || x < least ? 0 : x)));
      const counts = commonOfStrangers(sparse(taken), 30, friends, { least, most: 1000 });
      expect(dense(counts, n)).toEqual(expected);
    }
  });

  it('keeps those with the most in common', () => {
    const all = dense(commonOfStrangers(sparse(taken), 30, friends, { least: 1, most: 1000 }), n);
    dense(commonOfStrangers(sparse(taken), 30, friends, { least: 1, most: 2 }), n).forEach((row, r) => {
      const best = [...all[r].keys()].filter((c) => all[r][c] > 0).sort((a, b) => all[r][b] - all[r][a] || a - b);
      expect([...row.keys()].filter((c) => row[c] > 0)).toEqual(best.slice(0, 2).sort((a, b) => a - b));
    });
  });
});

describe('graphs that are not plain', () => {
  it('finds nothing among no friends, and nobody alone', () => {
    const none = sparse(drawn(4, 4, 1).map((row) => row.map(() => 0)));
    expect(commonOfFriends(none, none, 4).values).toHaveLength(0);
    expect(commonOfStrangers(none, 4, none, { least: 1, most: 5 }).values).toHaveLength(0);
  });

  it('passes a person with a million friends in no time', () => {
    const n = 1_000_001;
    // person 0 knows all others, and they nobody else
    const friends: SparseRows = {
      nRows: n,
      rowStart: Int32Array.from({ length: n + 1 }, (_, user) => (user === 0 ? 0 : n - 2 + user)),
      columns: Int32Array.from({ length: 2 * (n - 1) }, (_, k) => (k < n - 1 ? k + 1 : 0)),
    };
    const items = sparseRows(n, Int32Array.of(0, 0, 7), Int32Array.of(0, 1, 1));
    expect(commonOfFriends(friends, friends, n).values).toHaveLength(0);
    const joint = commonOfFriends(friends, items, 2);
    expect([...joint.rows.columns]).toEqual([7, 0]);
    expect([...joint.values]).toEqual([1, 1]);
  });
});
