/**
 * All eigenvalues and eigenvectors of a small dense symmetric matrix in float64: Householder reduction to a tridiagonal matrix, then
 * QL steps with implicit shifts (Golub & Van Loan: Matrix Computations, sections 8.3.1 and 8.3.3). About 5 n³ operations.
 */
import { DeepTasteError } from '../../core/errors.ts';

export interface SymmetricEigen {
  /** Descending. */
  readonly values: Float64Array;
  /** Row k is the unit eigenvector of value k, [n × n]. */
  readonly vectors: Float64Array;
}

/** QL steps for one eigenvalue before it counts as failed; two are usual. */
const MOST_STEPS = 60;

/** @param a symmetric [n × n], both triangles; overwritten @throws 'numeric' for a matrix with values that are not finite */
export function symmetricEigen(a: Float64Array, n: number): SymmetricEigen {
  if (!a.every(Number.isFinite))
    throw new DeepTasteError('numeric', 'eigenvalues: all values must be finite, found NaN or infinity');
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  const rows = tridiagonalise(a, n, diagonal, beside);
  diagonaliseTridiagonal(diagonal, beside, rows, n);
  const order = Int32Array.from({ length: n }, (_, k) => k).sort((i, j) => diagonal[j] - diagonal[i] || i - j);
  const values = Float64Array.from(order, (k) => diagonal[k]);
  const vectors = new Float64Array(n * n);
  order.forEach((from, k) => void vectors.set(rows.subarray(from * n, (from + 1) * n), k * n));
  return { values, vectors };
}

/**
 * A = Q T Qᵀ with T tridiagonal: diagonal[k] = T_kk, beside[k] = T_{k,k+1}.
 * @returns Qᵀ, [n × n]
 */
function tridiagonalise(a: Float64Array, n: number, diagonal: Float64Array, beside: Float64Array): Float64Array {
  const reflections: { readonly v: Float64Array; readonly scale: number }[] = [];
  for (let k = 0; k + 2 < n; k++) {
    const v = new Float64Array(n);
    let square = 0;
    for (let j = k + 1; j < n; j++) {
      v[j] = a[k * n + j];
      square += v[j] * v[j];
    }
    const norm = Math.sqrt(square);
    const alpha = v[k + 1] > 0 ? -norm : norm;
    beside[k] = alpha;
    const scale = norm === 0 ? 0 : 1 / (square - alpha * v[k + 1]);
    v[k + 1] -= alpha;
    reflections.push({ v, scale });
    if (scale !== 0) reflectBothSides(a, n, k + 1, v, scale);
  }
  if (n > 1) beside[n - 2] = a[(n - 2) * n + n - 1];
  for (let k = 0; k < n; k++) diagonal[k] = a[k * n + k];
  const q = new Float64Array(n * n);
  for (let k = 0; k < n; k++) q[k * n + k] = 1;
  // rows of Qᵀ: the product of the reflections, from the last, which touches fewest rows
  for (let k = reflections.length - 1; k >= 0; k--) {
    const { v, scale } = reflections[k];
    if (scale === 0) continue;
    for (let r = k + 1; r < n; r++) {
      const row = r * n;
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += q[row + j] * v[j];
      sum *= scale;
      if (sum !== 0) for (let j = k + 1; j < n; j++) q[row + j] -= sum * v[j];
    }
  }
  return q;
}

/** A ← (I − s vvᵀ) A (I − s vvᵀ) on the rows and columns from `first` on. */
function reflectBothSides(a: Float64Array, n: number, first: number, v: Float64Array, s: number): void {
  const p = new Float64Array(n);
  let vp = 0;
  for (let i = first; i < n; i++) {
    const row = i * n;
    let sum = 0;
    for (let j = first; j < n; j++) sum += a[row + j] * v[j];
    p[i] = s * sum;
    vp += p[i] * v[i];
  }
  for (let i = first; i < n; i++) p[i] -= ((s * vp) / 2) * v[i];
  for (let i = first; i < n; i++) {
    const row = i * n;
    const [vi, pi] = [v[i], p[i]];
    for (let j = first; j < n; j++) a[row + j] -= vi * p[j] + pi * v[j];
  }
}

/** QL with implicit shifts on the tridiagonal matrix; the rotations go over pairs of rows of `rows`. */
function diagonaliseTridiagonal(d: Float64Array, e: Float64Array, rows: Float64Array, n: number): void {
  e[n - 1] = 0;
  for (let l = 0; l < n; l++) {
    for (let step = 0; ; step++) {
      let m = l;
      for (; m + 1 < n; m++) {
        const size = Math.abs(d[m]) + Math.abs(d[m + 1]);
        if (Math.abs(e[m]) <= Number.EPSILON * size) break;
      }
      if (m === l) break;
      if (step === MOST_STEPS)
        throw new DeepTasteError('numeric', `eigenvalues: value ${l} of ${n} was not found in ${MOST_STEPS} steps`);
      qlStep(d, e, rows, n, l, m);
    }
  }
}

function qlStep(d: Float64Array, e: Float64Array, rows: Float64Array, n: number, l: number, m: number): void {
  let g = (d[l + 1] - d[l]) / (2 * e[l]);
  const root = Math.sqrt(g * g + 1);
  g = d[m] - d[l] + e[l] / (g + (g >= 0 ? root : -root));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i];
    const b = c * e[i];
    const r = Math.sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1] - p;
    const t = (d[i] - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
    rotateRows(rows, n, i, c, s);
  }
  d[l] -= p;
  e[l] = g;
  e[m] = 0;
}

function rotateRows(rows: Float64Array, n: number, i: number, c: number, s: number): void {
  const a = i * n;
  const b = a + n;
  for (let k = 0; k < n; k++) {
    const x = rows[b + k];
    const y = rows[a + k];
    rows[b + k] = s * y + c * x;
    rows[a + k] = c * y - s * x;
  }
}
