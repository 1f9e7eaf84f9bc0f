import { afterAll, describe, expect, it } from 'vitest';
import { KERNEL_BUILDS } from '../../src/core/kernel-build.ts';
import { SymmetricMatrix } from '../../src/engine/linalg/symmetric-matrix.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { canRun } from '../../src/engine/runtime/kernel-file.ts';
import { thrownCode } from '../evaluation/thrown-code.ts';
import { inverseOf } from './gauss-jordan.ts';
import { matrixOfCondition } from './spectrum.ts';

const engines = [1, 2].map((threads) => new Engine({ threads }));
afterAll(() => {
  for (const engine of engines) engine.close();
});

function inverted(engine: Engine, matrix: readonly (readonly number[])[]): Float64Array {
  const n = matrix.length;
  const m = new SymmetricMatrix(engine, n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) m.values[i * m.stride + j] = matrix[i][j];
  try {
    m.invert();
    const out = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = i; j < n; j++) out[i * n + j] = out[j * n + i] = m.values[i * m.stride + j];
    return out;
  } finally {
    m.free();
  }
}

describe('inverse of a large symmetric matrix', () => {
  // around the block of 128 and the product's pieces of 4, 6 and 48
  it.each([1, 3, 4, 127, 128, 129, 150, 259])('n = %i, condition 1e4: equals elimination', (n) => {
    const matrix = matrixOfCondition(n, 1e4);
    const expected = inverseOf(matrix);
    const found = inverted(engines[1], matrix);
    let worst = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) worst = Math.max(worst, Math.abs(found[i * n + j] - expected[i][j]));
    expect(worst).toBeLessThan(2e-8); // the largest value is 1e4
  });

  it('keeps ten digits at condition 1e6, where single precision keeps about one', () => {
    const matrix = matrixOfCondition(140, 1e6);
    const found = inverted(engines[0], matrix);
    const expected = inverseOf(matrix);
    for (let i = 0; i < 140; i++)
      for (let j = 0; j < 140; j++) expect(Math.abs(found[i * 140 + j] - expected[i][j])).toBeLessThan(1e-4);
  });

  it('same bytes with one thread and with two', () => {
    const matrix = matrixOfCondition(300, 1e3, 5);
    const [one, two] = engines.map((engine) => inverted(engine, matrix));
    expect(Buffer.from(one.buffer).equals(Buffer.from(two.buffer))).toBe(true);
  });

  it.each(KERNEL_BUILDS.filter(canRun))('kernel build %s', (kernels) => {
    const engine = new Engine({ threads: 1, kernels });
    const matrix = matrixOfCondition(131, 100);
    const found = inverted(engine, matrix);
    engine.close();
    const expected = inverseOf(matrix);
    for (let i = 0; i < 131; i++)
      for (let j = 0; j < 131; j++) expect(found[i * 131 + j]).toBeCloseTo(expected[i][j], 9);
  });

  it('tells the rows eliminated', () => {
    const m = new SymmetricMatrix(engines[0], 200);
    for (let i = 0; i < 200; i++) m.values[i * m.stride + i] = 2;
    const told: number[] = [];
    m.invert((rows) => told.push(rows));
    m.free();
    expect(told).toEqual([128, 200]);
  });

  it.each([0, 60, 139])('a matrix that is not positive definite at row %i is refused with "numeric"', (row) => {
    const matrix = Array.from({ length: 140 }, (_, i) =>
      Array.from({ length: 140 }, (_, j) => (i === j ? (i === row ? -1 : 1) : 0)),
    );
    expect(thrownCode(() => inverted(engines[0], matrix))).toBe('numeric');
  });

  it('a matrix beyond 4 GiB is refused with "memory"', () => {
    expect(thrownCode(() => new SymmetricMatrix(engines[0], 40_000))).toBe('memory');
  });
});
