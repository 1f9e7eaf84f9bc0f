/** Tables that are copied into WebAssembly's memory piece by piece: everything as with tables that lie there as a whole. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { rankingTables } from '../../src/engine/runtime/large-tables.ts';
import { type Lists, RankingTables, type ScoreForm } from '../../src/engine/runtime/ranking.ts';

const engine = new Engine({ threads: 2 });
afterAll(() => engine.close());

const [nUsers, nItems] = [37, 61];
const random = new RandomStream(5, 'large tables');
const reals = (n: number) => Float32Array.from({ length: n }, () => random.normal());

/** For each of n rows up to `most` of `among`, ascending; row 4 is empty. */
function lists(n: number, among: number, most: number): Lists {
  const rows = Array.from({ length: n }, (_, r) =>
    r === 4 ? [] : [...new Set(Array.from({ length: random.below(most + 1) }, () => random.below(among)))],
  ).map((row) => row.sort((a, b) => a - b));
  const rowStart = new Int32Array(n + 1);
  rows.forEach((row, r) => {
    rowStart[r + 1] = rowStart[r] + row.length;
  });
  return { rowStart, columns: Int32Array.from(rows.flat()) };
}

const history = lists(nUsers, nItems, 12);
const last = Int32Array.of(3, 17);
const forms: Record<string, ScoreForm> = {
  takers: {
    form: 'takers',
    users: reals(nUsers * nUsers),
    width: nUsers,
    takers: lists(nItems, nUsers, 9),
    scale: reals(nItems),
    history,
    last,
  },
  'item-to-item weights': { form: 'history', weights: reals(nItems * nItems), sparse: null, history, last },
};

const users = Int32Array.of(9, 36, 0, 4, 20, 21, 1, 30, 12, 5);
const relevant = lists(users.length, nItems, 4);
const excluded = lists(nUsers, nItems, 10);
const requests = {
  'all scores': { users, allScores: true },
  'best items': { users, topK: 7, excluded },
  ranks: { users, relevant, excluded, topK: 3 },
  'listed candidates': { users, relevant, candidates: lists(nUsers, nItems, 20), topK: 2 },
  nobody: { users: new Int32Array(0), topK: 3, allScores: true },
};

/** From rows of one user or item at once to all. */
const sizes = [1, 4 * nItems * 14, 1e9].map((bytesAtOnce) => ({ mostBytes: 0, bytesAtOnce }));

describe.each(Object.entries(forms))('%s', (_, form) => {
  const whole = new RankingTables(engine, form, nItems);

  it.each(Object.entries(requests))('%s: the bytes of a whole table', (_name, request) => {
    for (const size of sizes) {
      const tables = rankingTables(engine, form, nItems, size);
      expect(tables).not.toBeInstanceOf(RankingTables);
      expect(tables.rank(request)).toEqual(whole.rank(request));
      tables.free();
    }
  });

  it('the same for a person of no row', () => {
    for (const taken of [Int32Array.of(), Int32Array.of(0, 7, 60)]) {
      const person = form.form === 'takers' ? { vector: reals(nUsers), history: taken } : { history: taken };
      const request = {
        users: Int32Array.of(0),
        person,
        topK: 5,
        excluded: { rowStart: Int32Array.of(0, 1), columns: Int32Array.of(9) },
      };
      const tables = rankingTables(engine, form, nItems, sizes[0]);
      expect(tables.rank(request)).toEqual(whole.rank(request));
      tables.free();
    }
  });

  it('counts users on across the pieces, and gives all memory back', () => {
    const before = engine.heldBytes;
    const heard: number[] = [];
    const tables = rankingTables(engine, form, nItems, sizes[0]);
    tables.rank({ users, topK: 1, onProgress: (done) => heard.push(done) });
    tables.free();
    expect(heard).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(engine.heldBytes).toBe(before);
  });

  it('lies in the engine where it is small', () => {
    const tables = rankingTables(engine, form, nItems);
    expect(tables).toBeInstanceOf(RankingTables);
    tables.free();
  });
});
