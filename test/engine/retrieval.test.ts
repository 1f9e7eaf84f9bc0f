/** Retrieval of the best items against sorting all scores, and its refusals. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { RankingTables } from '../../src/engine/runtime/ranking.ts';
import { Retrieval } from '../../src/engine/runtime/retrieval.ts';
import { thrownCode } from './thrown-code.ts';

const engines = [
  new Engine({ threads: 1, kernels: 'simd', blas: 'off' }),
  new Engine({ threads: 1, blas: 'off' }),
  new Engine({ threads: 3, blas: 'off' }),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

/** Small integers: sums are exact, and ties are many. */
const integers = (random: RandomStream, n: number) => Float32Array.from({ length: n }, () => random.below(5) - 2);
const reals = (random: RandomStream, n: number) => Float32Array.from({ length: n }, () => random.normal());

function bySorting(items: Float32Array, query: Float32Array, k: number, excluded: Int32Array): [number, number][] {
  const width = query.length;
  const scores = Array.from({ length: items.length / width }, (_, i) =>
    query.reduce((sum, q, j) => sum + q * items[i * width + j], 0),
  );
  return scores
    .map((score, item): [number, number] => [item, score])
    .filter(([item, score]) => score > Number.NEGATIVE_INFINITY && !excluded.includes(item))
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, k);
}

const search = (engine: Engine, items: Float32Array, query: Float32Array, k: number, excluded?: Int32Array) => {
  const retrieval = new Retrieval(engine, items, query.length);
  const { items: found, scores } = retrieval.search(query, { k, excluded });
  retrieval.free();
  return Array.from(found, (item, n): [number, number] => [item, scores[n]]);
};

/** The last one is large enough for all threads to take part. */
const sizes = [
  { n: 1, width: 1 },
  { n: 7, width: 3 },
  { n: 31, width: 16 },
  { n: 33, width: 5 },
  { n: 2049, width: 8 },
  { n: 700, width: 400 },
  { n: 30_011, width: 20 },
];

describe.each(engines)('$build, $threads threads', (engine) => {
  it.each(sizes)('finds what sorting finds, ties by index ($n × $width)', ({ n, width }) => {
    const random = new RandomStream(n, 'retrieval');
    const items = integers(random, n * width);
    const query = integers(random, width);
    const none = new Int32Array(0);
    const taken = Int32Array.from({ length: Math.floor(n / 3) }, () => random.below(n)).sort();
    for (const k of [1, 2, 10, 100, n, n + 5]) {
      expect(search(engine, items, query, k)).toEqual(bySorting(items, query, k, none));
      if (n < 5000) expect(search(engine, items, query, k, taken)).toEqual(bySorting(items, query, k, taken));
    }
  });

  it('leaves out the very best when they were taken, and all when all were', () => {
    const items = Float32Array.from({ length: 5000 }, (_, i) => i);
    const query = Float32Array.of(1);
    const taken = Int32Array.from({ length: 100 }, (_, n) => 4900 + n);
    expect(search(engine, items, query, 3, taken).map(([item]) => item)).toEqual([4899, 4898, 4897]);
    const all = Int32Array.from({ length: 5000 }, (_, n) => n);
    expect(search(engine, items, query, 3, all)).toEqual([]);
  });

  it('puts neither NaN nor −∞ among the best', () => {
    const items = Float32Array.of(Number.NaN, 1, Number.NEGATIVE_INFINITY, 3, Number.POSITIVE_INFINITY, 2);
    expect(search(engine, items, Float32Array.of(1), 6).map(([item]) => item)).toEqual([4, 3, 5, 1]);
  });

  it('gives the bytes of a ranking without BLAS', () => {
    for (const width of [7, 64, 500]) {
      const random = new RandomStream(width, 'bytes');
      const n = 1000;
      const [items, users] = [reals(random, n * width), reals(random, width)];
      const tables = new RankingTables(engine, { form: 'dot', users, items, width }, n);
      const ranked = tables.rank({ users: Int32Array.of(0), topK: 20 });
      tables.free();
      const found = search(engine, items, users, 20);
      expect(found.map(([item]) => item)).toEqual([...ranked.topItems]);
      expect(found.map(([, score]) => score)).toEqual([...ranked.topScores]);
    }
  });

  it('answers one query after another, of growing k and exclusions', () => {
    const random = new RandomStream(5, 'many');
    const items = integers(random, 3000 * 4);
    const retrieval = new Retrieval(engine, items, 4);
    for (const k of [1, 50, 3, 400, 20]) {
      const query = integers(random, 4);
      const excluded = Int32Array.from({ length: k }, (_, n) => 2 * n);
      const { items: found, scores } = retrieval.search(query, { k, excluded });
      const pairs = Array.from(found, (item, n): [number, number] => [item, scores[n]]);
      expect(pairs).toEqual(bySorting(items, query, k, excluded));
    }
    retrieval.free();
  });
});

it('refuses tables, queries, lengths and exclusions that do not fit', () => {
  const [engine] = engines;
  expect(thrownCode(() => new Retrieval(engine, new Float32Array(7), 2))).toBe('shape');
  expect(thrownCode(() => new Retrieval(engine, new Float32Array(0), 2))).toBe('shape');
  expect(thrownCode(() => new Retrieval(engine, new Float32Array(4), 0))).toBe('shape');
  const retrieval = new Retrieval(engine, new Float32Array(8), 2);
  const query = new Float32Array(2);
  expect(thrownCode(() => retrieval.search(new Float32Array(3), { k: 1 }))).toBe('shape');
  for (const k of [0, -1, 1.5, Number.NaN]) expect(thrownCode(() => retrieval.search(query, { k }))).toBe('shape');
  for (const excluded of [[-1], [4], [2, 1]])
    expect(thrownCode(() => retrieval.search(query, { k: 1, excluded: Int32Array.from(excluded) }))).toBe('shape');
  retrieval.free();
});
