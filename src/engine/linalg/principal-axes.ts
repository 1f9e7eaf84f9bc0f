/**
 * Principal component analysis of a table that is long and narrow, in float64: the axes are eigenvectors of the covariance of the
 * columns (Hotelling: Analysis of a Complex of Statistical Variables into Principal Components. 1933).
 */
import { symmetricEigen } from './symmetric-eigen.ts';

export interface PrincipalAxes {
  /** Row by row along the axes, the widest first [n × count]. An axis points to where its largest entry is positive. */
  readonly coordinates: Float64Array;
  /** Share of the variance along each axis, in [0, 1]; 0 where there is no variance. */
  readonly explained: Float64Array;
}

/**
 * @param rows [n × width], n ≥ 1
 * @param count of the axes wanted, at most `width`
 * @throws 'numeric' for values that are not finite
 */
export function principalAxes(rows: ArrayLike<number>, n: number, width: number, count: number): PrincipalAxes {
  const centred = Float64Array.from(rows);
  for (let d = 0; d < width; d++) {
    let sum = 0;
    for (let row = 0; row < n; row++) sum += centred[row * width + d];
    for (let row = 0; row < n; row++) centred[row * width + d] -= sum / n;
  }
  const { values, vectors } = symmetricEigen(scatter(centred, n, width), width);
  const axes = Array.from({ length: count }, (_, k) => pointed(vectors.subarray(k * width, (k + 1) * width)));
  const coordinates = new Float64Array(n * count);
  for (let row = 0; row < n; row++)
    axes.forEach((axis, k) => {
      let sum = 0;
      for (let d = 0; d < width; d++) sum += centred[row * width + d] * axis[d];
      coordinates[row * count + k] = sum;
    });
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const explained = Float64Array.from(axes, (_, k) => (total > 0 ? Math.max(0, values[k]) / total : 0));
  return { coordinates, explained };
}

/** XᵀX [width × width]. */
function scatter(rows: Float64Array, n: number, width: number): Float64Array {
  const sums = new Float64Array(width * width);
  for (let row = 0; row < n; row++)
    for (let a = 0; a < width; a++) {
      const value = rows[row * width + a];
      for (let b = 0; b <= a; b++) sums[a * width + b] += value * rows[row * width + b];
    }
  for (let a = 0; a < width; a++) for (let b = 0; b < a; b++) sums[b * width + a] = sums[a * width + b];
  return sums;
}

/** Of an eigenvector and its negative always the same one. */
function pointed(vector: Float64Array): Float64Array {
  let largest = 0;
  for (let d = 1; d < vector.length; d++) if (Math.abs(vector[d]) > Math.abs(vector[largest])) largest = d;
  return vector[largest] < 0 ? vector.map((value) => -value) : vector;
}
