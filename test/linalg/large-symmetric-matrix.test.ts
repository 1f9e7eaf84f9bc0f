import { describe, expect, it } from 'vitest';
import { LargeSymmetricMatrix } from '../../src/engine/linalg/large-symmetric-matrix.ts';
import { findBlas } from '../../src/engine/runtime/blas.ts';
import { inverseOf } from './gauss-jordan.ts';
import { matrixOfCondition } from './spectrum.ts';

const { library } = findBlas('auto');

function filled(matrix: readonly (readonly number[])[], threads: number, block: number, tile: number) {
  const n = matrix.length;
  const m = new LargeSymmetricMatrix(n, { library: library!, threads, block, tile });
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) m.values[i * n + j] = matrix[i][j];
  return m;
}

/** The upper triangle. */
async function inverted(...given: Parameters<typeof filled>): Promise<Float32Array> {
  const m = filled(...given);
  await m.invert();
  for (let i = 0; i < m.n; i++) m.values.fill(0, i * m.n, i * m.n + i);
  return m.values;
}

describe.skipIf(!library)('inverse outside WebAssembly (skipped: no BLAS on this machine)', () => {
  it.each([
    [1, 4, 8],
    [5, 4, 8],
    [64, 32, 32],
    [65, 32, 48],
    [131, 256, 1024],
    [259, 32, 50],
  ])('n = %i, blocks of %i, tiles of %i: equals elimination', async (n, block, tile) => {
    const matrix = matrixOfCondition(n, 100);
    const expected = inverseOf(matrix);
    const found = await inverted(matrix, 2, block, tile);
    let worst = 0;
    for (let i = 0; i < n; i++)
      for (let j = i; j < n; j++) worst = Math.max(worst, Math.abs(found[i * n + j] - expected[i][j]));
    expect(worst / 100).toBeLessThan(1e-6); // the largest value is 100
  });

  it('same bytes with one thread and with three', async () => {
    const matrix = matrixOfCondition(150, 100, 3);
    const [one, three] = [await inverted(matrix, 1, 32, 40), await inverted(matrix, 3, 32, 40)];
    expect(Buffer.from(one).equals(Buffer.from(three))).toBe(true);
    expect(one).toEqual(three);
  });

  it('tells the rows that are done, and leaves the event loop to others', async () => {
    const heard: number[] = [];
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await filled(matrixOfCondition(70, 10), 1, 32, 40).invert((rows) => heard.push(rows));
    clearInterval(timer);
    expect(heard).toEqual([0, 32, 64, 70]);
    expect(turns).toBeGreaterThan(0);
  });

  it('refuses a matrix that is not positive definite, naming the pivot', async () => {
    const matrix = matrixOfCondition(70, 10);
    matrix[50][50] = -1;
    await expect(filled(matrix, 1, 32, 40).invert()).rejects.toMatchObject({
      code: 'numeric',
      details: { pivot: 50 },
    });
  });

  it('refuses an inverse that float32 has too few digits for', async () => {
    // condition 1e8: every second number of the spectrum is below the rounding of the largest
    await expect(filled(matrixOfCondition(60, 1e8), 1, 16, 40).invert()).rejects.toMatchObject({ code: 'numeric' });
  });

  it('a machine that has not the memory is told so', () => {
    expect(() => new LargeSymmetricMatrix(10_000_000, { library: library!, threads: 1 })).toThrow(
      /GiB must fit into memory/,
    );
  });
});
