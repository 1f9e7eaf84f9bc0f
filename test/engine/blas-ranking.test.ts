/** Rankings are made by the kernels, whatever libraries a machine has: their bytes do not belong to a machine. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { findBlas } from '../../src/engine/runtime/blas.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { RankingTables, type RankOutcome } from '../../src/engine/runtime/ranking.ts';

const { library } = findBlas('auto');
const plain = new Engine({ threads: 1, blas: 'off' });
const engines = library ? [1, 3].map((threads) => new Engine({ threads })) : [];
afterAll(() => {
  for (const engine of [plain, ...engines]) engine.close();
});

const [nUsers, nItems] = [333, 707];
const oneEach = (pick: (u: number) => number) => ({
  rowStart: Int32Array.from({ length: nUsers + 1 }, (_, u) => u),
  columns: Int32Array.from({ length: nUsers }, (_, u) => pick(u)),
});

function rank(engine: Engine, width: number, onProgress?: () => void): RankOutcome {
  const random = new RandomStream(width, 'blas ranking');
  const vectors = (n: number) => Float32Array.from({ length: n * width }, () => random.normal());
  const form = { form: 'dot', users: vectors(nUsers), items: vectors(nItems), width } as const;
  const tables = new RankingTables(engine, form, nItems);
  const outcome = tables.rank({
    users: Int32Array.from({ length: nUsers }, (_, u) => u),
    topK: 10,
    relevant: oneEach((u) => (7 * u) % nItems),
    excluded: oneEach((u) => (11 * u + 3) % nItems),
    onProgress,
  });
  tables.free();
  return outcome;
}

describe.skipIf(!library)('ranking beside a system BLAS (skipped: no BLAS on this machine)', () => {
  it.each([1, 16, 48, 129])('has the bytes of a ranking without one, width %d, in any pieces', (width) => {
    const want = rank(plain, width);
    for (const engine of engines) {
      expect(rank(engine, width)).toEqual(want);
      expect(rank(engine, width, () => {})).toEqual(want);
    }
  });
});
