import { describe, expect, it } from 'vitest';
import { kCore, repeatedRows, rowsWhere } from '../../src/data/cleaning.ts';
import { loadDataset } from '../../src/data/load.ts';
import { type MadeRow, madeDataset, pairs, testRandom } from './made-data.ts';
import { temporaryFolder } from './temporary-files.ts';

const { write } = temporaryFolder();

function randomRows(seed: number, n: number, nUsers: number, nItems: number, nTimes: number): MadeRow[] {
  const below = testRandom(seed);
  return Array.from({ length: n }, () => [`u${below(nUsers)}`, `i${below(nItems)}`, below(nTimes)] as const);
}

/** Oracle: looks at all pairs of rows. */
function keptByBruteForce(rows: readonly MadeRow[], policy: 'last' | 'first'): number[] {
  const beats = (a: number, b: number): boolean => {
    const [ta, tb] = [rows[a][2]!, rows[b][2]!];
    return policy === 'last' ? ta > tb || (ta === tb && a > b) : ta < tb || (ta === tb && a < b);
  };
  return rows
    .map((_, row) => row)
    .filter((a) => rows.every((row, b) => a === b || row[0] !== rows[a][0] || row[1] !== rows[a][1] || beats(a, b)));
}

/** Oracle: removes one offending row set at a time, items before users. */
function coreByBruteForce(rows: readonly MadeRow[], user: number, item: number): number[] {
  let kept = rows.map((_, row) => row);
  for (;;) {
    const count = (column: 0 | 1, id: string): number => kept.filter((row) => rows[row][column] === id).length;
    const rare = kept.find((row) => count(1, rows[row][1]) < item || count(0, rows[row][0]) < user);
    if (rare === undefined) return kept;
    kept = kept.filter((row) => row !== rare);
  }
}

/** The rows that stay. */
function withoutDuplicates(...[interactions, ...rest]: Parameters<typeof repeatedRows>): Int32Array {
  const repeated = repeatedRows(interactions, ...rest);
  return rowsWhere(interactions.length, (row) => !repeated?.[row]);
}

describe('repeated pairs', () => {
  it.each(['last', 'first'] as const)('keeps the %s by time, ties by place in the file', (policy) => {
    for (let seed = 0; seed < 20; seed++) {
      const rows = randomRows(seed, 60, 4, 5, 4);
      const { interactions, users, items } = madeDataset(rows);
      const kept = withoutDuplicates(interactions, users.size, items.size, policy);
      expect([...kept]).toEqual(keptByBruteForce(rows, policy));
    }
  });
  it('without times keeps the last row of the file', () => {
    const { interactions } = madeDataset([
      ['u', 'a'],
      ['u', 'b'],
      ['u', 'a'],
    ]);
    expect([...withoutDuplicates(interactions, 1, 2, 'last')]).toEqual([1, 2]);
    expect([...withoutDuplicates(interactions, 1, 2, 'first')]).toEqual([0, 1]);
  });
  it('tells parts apart', () => {
    const { interactions } = madeDataset([
      ['u', 'a'],
      ['u', 'a'],
      ['u', 'a'],
    ]);
    expect([...withoutDuplicates(interactions, 1, 1, 'last', Uint8Array.of(0, 1, 1))]).toEqual([0, 2]);
  });
});

describe('k-core', () => {
  it('is the fixed point', () => {
    for (let seed = 0; seed < 20; seed++) {
      const rows = randomRows(seed, 60, 15, 15, 1);
      const { interactions, users, items } = madeDataset(rows);
      const all = rowsWhere(rows.length, () => true);
      const kept = kCore(interactions, all, users.size, items.size, { user: 3, item: 4 });
      expect([...kept]).toEqual(coreByBruteForce(rows, 3, 4));
    }
  });
  it('needs more than one round on a chain', () => {
    // Dropping item c leaves u2 with one row, whose item b then has one row, and so on: nothing is left of the chain.
    const dataset = madeDataset([
      ['u1', 'a'],
      ['u1', 'b'],
      ['u2', 'b'],
      ['u2', 'c'],
      ['x', 'p'],
      ['x', 'q'],
      ['y', 'p'],
      ['y', 'q'],
    ]);
    const all = rowsWhere(8, () => true);
    const kept = kCore(dataset.interactions, all, 4, 5, { user: 2, item: 2 });
    expect([...kept]).toEqual([4, 5, 6, 7]);
  });
});

describe('the order of the steps', () => {
  const csv = 'user,item,rating,timestamp\nu1,a,5,1\nu2,b,5,2\nu1,a,2,3\nu2,a,4,4\nu3,b,3,5\nu2,c,5,6\n';
  it('drops a pair whose last rating is below the threshold, and renumbers by first appearance', async () => {
    const dataset = await loadDataset({ files: [write('steps.csv', csv)], minRating: 4 });
    expect(pairs(dataset, dataset.interactions)).toEqual(['u2>b', 'u2>a', 'u2>c']);
    expect(dataset.users.ids).toEqual(['u2']);
    expect(dataset.items.ids).toEqual(['b', 'a', 'c']);
    expect(dataset.warnings).toContain('1 row dropped: the (user, item) pair repeats; the last of each is kept');
    expect(dataset.warnings).toContain('2 rows rated below 4 dropped');
  });
  it('keeps the first, or all, when told', async () => {
    const path = write('steps2.csv', csv);
    const first = await loadDataset({ files: [path], duplicates: 'first', minRating: 4 });
    expect(pairs(first, first.interactions)).toEqual(['u1>a', 'u2>b', 'u2>a', 'u2>c']);
    const all = await loadDataset({ files: [path], duplicates: 'keep' });
    expect(all.interactions.length).toBe(6);
  });
  it('takes the core of what the threshold leaves', async () => {
    const dataset = await loadDataset({ files: [write('core.csv', csv)], minRating: 4, kCore: { user: 2 } });
    const both = async (kCore: number | { user: number; item: number }) =>
      (await loadDataset({ files: [write('core.csv', csv)], kCore })).hash;
    expect(await both(1)).toBe(await both({ user: 1, item: 1 }));
    expect(pairs(dataset, dataset.interactions)).toEqual(['u2>b', 'u2>a', 'u2>c']);
  });
  it('is the same twice', async () => {
    const path = write('twice.csv', csv);
    const [a, b] = [await loadDataset({ files: [path] }), await loadDataset({ files: [path] })];
    expect(a.hash).toBe(b.hash);
    const changed = await loadDataset({ files: [write('changed.csv', csv.replace('u3,b,3', 'u3,b,4'))] });
    expect(changed.hash).not.toBe(a.hash);
  });
});
