/** Cholesky factorisation of small dense matrices in float64, and the systems solved by it. Matrices are row-major n × n. */

/**
 * A = UᵀU: the upper triangle of `a` is replaced by U; what is left of the diagonal is neither read nor written. n³/3
 * operations.
 * @returns −1, or the row whose pivot is not a positive number: then A is not positive definite and `a` is of no use
 */
export function choleskyFactor(a: Float64Array, n: number): number {
  for (let k = 0; k < n; k++) {
    const pivot = a[k * n + k];
    if (!(pivot > 0 && pivot < Number.POSITIVE_INFINITY)) return k;
    const root = Math.sqrt(pivot);
    a[k * n + k] = root;
    for (let j = k + 1; j < n; j++) a[k * n + j] /= root;
    for (let i = k + 1; i < n; i++) subtractScaled(a, i * n, k * n, a[k * n + i], i, n);
  }
  return -1;
}

/** row[from … n) −= x · other[from … n) */
function subtractScaled(a: Float64Array, row: number, other: number, x: number, from: number, n: number): void {
  for (let j = from; j < n; j++) a[row + j] -= x * a[other + j];
}

/** Replaces the vector b [n] by the solution x of UᵀU x = b. @param u from {@link choleskyFactor} */
export function solveFactored(u: Float64Array, n: number, b: Float64Array): void {
  for (let k = 0; k < n; k++) {
    b[k] /= u[k * n + k];
    for (let j = k + 1; j < n; j++) b[j] -= u[k * n + j] * b[k];
  }
  for (let k = n - 1; k >= 0; k--) {
    let sum = b[k];
    for (let j = k + 1; j < n; j++) sum -= u[k * n + j] * b[j];
    b[k] = sum / u[k * n + k];
  }
}

/** V = U⁻¹ in place, upper triangle, rows from the bottom: V_kj = −(Σ_{k<t≤j} U_kt V_tj) / U_kk. n³/3 operations. */
export function invertUpperTriangular(u: Float64Array, n: number): void {
  const row = new Float64Array(n);
  for (let k = n - 1; k >= 0; k--) {
    row.fill(0);
    for (let t = k + 1; t < n; t++) {
      const x = u[k * n + t];
      for (let j = t; j < n; j++) row[j] += x * u[t * n + j];
    }
    const inverse = 1 / u[k * n + k];
    for (let j = k + 1; j < n; j++) u[k * n + j] = -row[j] * inverse;
    u[k * n + k] = inverse;
  }
}

/**
 * V Vᵀ in place, from the upper triangle of V to both triangles: Σ_{t ≥ j} V_it V_jt for i ≤ j. With V = U⁻¹ this is A⁻¹. n³/3
 * operations.
 */
export function multiplyByTranspose(v: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      let sum = 0;
      for (let t = j; t < n; t++) sum += v[i * n + t] * v[j * n + t];
      v[i * n + j] = sum; // V_ij is not needed again: later sums of this row begin right of it
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) v[i * n + j] = v[j * n + i];
}
