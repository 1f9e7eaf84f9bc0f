/** Eigenvalues against elimination-free identities, and singular vectors against all eigenvectors of AᵀA by Jacobi's rotations. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { symmetricEigen } from '../../src/engine/linalg/symmetric-eigen.ts';
import { type TruncatedSvd, truncatedSvd } from '../../src/engine/linalg/truncated-svd.ts';
import type { SparseMatrix } from '../../src/engine/ops/index.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { thrownCode } from '../evaluation/thrown-code.ts';
import { jacobiEigen } from './jacobi.ts';

const engines = [1, 2].map((threads) => new Engine({ threads, blas: 'off' }));
afterAll(() => {
  for (const engine of engines) engine.close();
});

function sparse(dense: readonly (readonly number[])[], nColumns: number): SparseMatrix {
  const rowStart = [0];
  const columns: number[] = [];
  const values: number[] = [];
  for (const row of dense) {
    row.forEach((x, c) => {
      if (x !== 0) {
        columns.push(c);
        values.push(x);
      }
    });
    rowStart.push(columns.length);
  }
  const [starts, places] = [rowStart, columns].map((list) => Int32Array.from(list));
  return { nRows: dense.length, nColumns, rowStart: starts, columns: places, values: Float32Array.from(values) };
}

function randomDense(nRows: number, nColumns: number, density: number, seed: number): number[][] {
  const random = new RandomStream(seed, 'svd');
  return Array.from({ length: nRows }, () =>
    Array.from({ length: nColumns }, () => (random.uniform() < density ? Math.fround(random.normal()) : 0)),
  );
}

const gramOf = (a: readonly (readonly number[])[], n: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => a.reduce((sum, r) => sum + r[i] * r[j], 0)));

function svd(dense: number[][], nColumns: number, rank: number, engine = engines[0]): TruncatedSvd {
  return truncatedSvd(engine, sparse(dense, nColumns), { rank, random: new RandomStream(4, 'start'), tolerance: 1e-9 });
}

describe('symmetricEigen', () => {
  it.each([1, 2, 3, 17, 60])('finds the eigenvalues and vectors of Jacobi, %i rows', (n) => {
    const dense = gramOf(randomDense(n + 3, n, 0.6, n), n);
    const { values, vectors } = symmetricEigen(Float64Array.from(dense.flat()), n);
    const expected = jacobiEigen(dense);
    for (let k = 0; k < n; k++) {
      expect(values[k]).toBeCloseTo(expected.values[k], 9);
      const vector = vectors.subarray(k * n, (k + 1) * n);
      for (let i = 0; i < n; i++) {
        const image = dense[i].reduce((sum, x, j) => sum + x * vector[j], 0);
        expect(image).toBeCloseTo(values[k] * vector[i], 9);
      }
    }
  });

  it('copes with zeros, diagonal matrices and equal eigenvalues', () => {
    const identity = Float64Array.from({ length: 25 }, (_, k) => (k % 6 === 0 ? 1 : 0));
    expect(Array.from(symmetricEigen(identity, 5).values)).toEqual([1, 1, 1, 1, 1]);
    expect(Array.from(symmetricEigen(new Float64Array(9), 3).values)).toEqual([0, 0, 0]);
    const { values } = symmetricEigen(Float64Array.of(0, 0, 2, 0, 5, 0, 2, 0, 0), 3);
    [5, 2, -2].forEach((value, k) => void expect(values[k]).toBeCloseTo(value, 12));
  });

  it('refuses what is not finite', async () => {
    expect(await thrownCode(() => symmetricEigen(Float64Array.of(Number.NaN), 1))).toBe('numeric');
  });
});

describe('truncatedSvd', () => {
  it.each([
    ['tall', 90, 40, 10],
    ['wide', 40, 90, 10],
    ['more columns than the largest space', 80, 420, 8],
    ['all of it', 40, 9, 9],
  ] as const)('has the singular values and vectors of a dense decomposition: %s', (_, nRows, nColumns, rank) => {
    const dense = randomDense(nRows, nColumns, 0.2, rank);
    const { values, right } = svd(dense, nColumns, rank);
    // by the rows: v = Aᵀ u / σ
    const transposed = Array.from({ length: nColumns }, (_, c) => dense.map((row) => row[c]));
    const expected = jacobiEigen(gramOf(transposed, nRows));
    expect(values.length).toBe(rank);
    for (let k = 0; k < rank; k++) {
      const sigma = Math.sqrt(expected.values[k]);
      expect(values[k]).toBeCloseTo(sigma, 7);
      let along = 0;
      for (let i = 0; i < nColumns; i++)
        along +=
          (right[i * rank + k] * transposed[i].reduce((sum, x, r) => sum + x * expected.vectors[k][r], 0)) / sigma;
      expect(Math.abs(along)).toBeCloseTo(1, 6);
    }
  });

  it('ends where the rank of the matrix ends', () => {
    const rows = [0, 1, 2].map((r) => randomDense(1, 30, 0.5, 50 + r)[0]);
    const dense = Array.from({ length: 25 }, (_, r) => rows[r % 3]);
    expect(svd(dense, 30, 10).values.length).toBe(3);
  });

  it('finds as many of equal singular values as there are: parts that are not connected', () => {
    const dense = Array.from({ length: 60 }, (_, r) => Array.from({ length: 60 }, (_, c) => (c === r ? 1 : 0)));
    const { values, right } = svd(dense, 60, 20);
    values.forEach((value) => void expect(value).toBeCloseTo(1, 10));
    for (let a = 0; a < 20; a++)
      for (let b = 0; b <= a; b++) {
        let product = 0;
        for (let i = 0; i < 60; i++) product += right[i * 20 + a] * right[i * 20 + b];
        expect(product).toBeCloseTo(a === b ? 1 : 0, 9);
      }
  });

  it('gives the same bytes on one thread and on two, and leaves no memory taken', () => {
    const dense = randomDense(200, 150, 0.1, 3);
    const held = engines[1].heldBytes;
    const [one, two] = engines.map((engine) => svd(dense, 150, 12, engine));
    expect(one).toEqual(two);
    expect(engines[1].heldBytes).toBe(held);
  });
});
