/** Rankings whose scores the system BLAS computes, against those of the kernels, and their independence of threads and pieces. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { findBlas } from '../../src/engine/runtime/blas.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { RankingTables, type RankOutcome, type RankRequest } from '../../src/engine/runtime/ranking.ts';

const { library } = findBlas('auto');
const plain = new Engine({ threads: 1, blas: 'off' });
const engines = library ? [1, 3].map((threads) => new Engine({ threads })) : [];
afterAll(() => {
  for (const engine of [plain, ...engines]) engine.close();
});

const [nUsers, nItems] = [333, 707];
const everyone = Int32Array.from({ length: nUsers }, (_, u) => u);
const oneEach = (pick: (u: number) => number) => ({
  rowStart: Int32Array.from({ length: nUsers + 1 }, (_, u) => u),
  columns: Int32Array.from({ length: nUsers }, (_, u) => pick(u)),
});
const request: Omit<RankRequest, 'score' | 'nItems'> = {
  users: everyone,
  topK: 10,
  relevant: oneEach((u) => (7 * u) % nItems),
  excluded: oneEach((u) => (11 * u + 3) % nItems),
};

/** Integers give exact sums and many ties. */
function vectors(width: number, exact: boolean): { users: Float32Array; items: Float32Array } {
  const random = new RandomStream(width, 'blas ranking');
  const make = (n: number) => Float32Array.from({ length: n }, () => (exact ? random.below(5) - 2 : random.normal()));
  return { users: make(nUsers * width), items: make(nItems * width) };
}

function rank(engine: Engine, width: number, exact: boolean, more: Partial<typeof request> = {}): RankOutcome {
  const tables = new RankingTables(engine, { form: 'dot', ...vectors(width, exact), width }, nItems);
  const outcome = tables.rank({ ...request, ...more });
  tables.free();
  return outcome;
}

describe.skipIf(!library)('ranking by the system BLAS (skipped: no BLAS on this machine)', () => {
  it.each([1, 15, 16, 64, 129])('is that of the kernels where sums are exact, width %d', (width) => {
    for (const engine of engines) expect(rank(engine, width, true)).toEqual(rank(plain, width, true));
  });

  it.each([16, 64, 129])('differs by rounding only elsewhere, width %d', (width) => {
    const want = rank(plain, width, false, { allScores: true }).scores;
    for (const engine of engines) {
      const { scores } = rank(engine, width, false, { allScores: true });
      const worst = scores.reduce((most, v, k) => Math.max(most, Math.abs(v - want[k])), 0);
      // k terms of standard normal factors, each rounding half a unit of the sum so far
      expect(worst).toBeLessThan(width * 2 ** -22 * 16);
    }
  });

  it('gives the same bytes on any number of threads and in any pieces', () => {
    const [one, three] = engines.map((engine) => rank(engine, 48, false));
    expect(three).toEqual(one);
    expect(rank(engines[1], 48, false, { onProgress: () => {} })).toEqual(one);
  });
});
