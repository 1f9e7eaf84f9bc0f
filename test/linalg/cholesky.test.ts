import { describe, expect, it } from 'vitest';
import {
  choleskyFactor,
  invertUpperTriangular,
  multiplyByTranspose,
  solveFactored,
} from '../../src/engine/linalg/cholesky.ts';
import { inverseOf } from './gauss-jordan.ts';
import { matrixOfCondition } from './spectrum.ts';

/** The upper triangle only; NaN below the diagonal shows any use of it. */
const upper = (matrix: number[][]) =>
  Float64Array.from(matrix.flatMap((row, i) => row.map((x, j) => (j >= i ? x : Number.NaN))));

describe('Cholesky', () => {
  it('by hand: [[4, 2], [2, 5]] = UᵀU with U = [[2, 1], [0, 2]]', () => {
    const a = upper([
      [2 * 2, 2 * 1],
      [2 * 1, 1 * 1 + 2 * 2],
    ]);
    expect(choleskyFactor(a, 2)).toBe(-1);
    expect([a[0], a[1], a[3]]).toEqual([2, 1, 2]);
    // UᵀU x = b for x = (3, −1)
    const b = Float64Array.of(4 * 3 - 2 * 1, 2 * 3 - 5 * 1);
    solveFactored(a, 2, b);
    expect([...b]).toEqual([3, -1]);
  });

  it.each([1, 2, 7, 33])('inverse of %i × %i at condition 1e4 equals elimination', (n) => {
    const matrix = matrixOfCondition(n, 1e4);
    const a = upper(matrix);
    expect(choleskyFactor(a, n)).toBe(-1);
    invertUpperTriangular(a, n);
    multiplyByTranspose(a, n);
    const expected = inverseOf(matrix);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) expect(Math.abs(a[i * n + j] - expected[i][j])).toBeLessThan(1e-6);
  });

  it.each([
    [
      'indefinite',
      [
        [1, 2],
        [2, 1],
      ],
      1,
    ],
    [
      'singular',
      [
        [1, 1],
        [1, 1],
      ],
      1,
    ],
    [
      'negative',
      [
        [-1, 0],
        [0, 1],
      ],
      0,
    ],
    [
      'not a number',
      [
        [Number.NaN, 0],
        [0, 1],
      ],
      0,
    ],
    [
      'infinite',
      [
        [Number.POSITIVE_INFINITY, 0],
        [0, 1],
      ],
      0,
    ],
  ])('%s: names the row of the bad pivot', (_, matrix, row) => {
    expect(choleskyFactor(upper(matrix), 2)).toBe(row);
  });
});
