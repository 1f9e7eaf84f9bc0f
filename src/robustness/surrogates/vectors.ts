/** Small sums over rows of vectors in float64; tables are row-major [rows × d]. */

/** x_a · y_b */
export function dotRows(x: Float64Array, a: number, y: Float64Array, b: number, d: number): number {
  let sum = 0;
  for (let i = a * d, j = b * d, end = i + d; i < end; i++, j++) sum += x[i] * y[j];
  return sum;
}

/** x_a += s y_b */
export function addRow(x: Float64Array, a: number, s: number, y: Float64Array, b: number, d: number): void {
  for (let i = a * d, j = b * d, end = i + d; i < end; i++, j++) x[i] += s * y[j];
}

/** Σ_r x_r y_rᵀ [d × d] */
export function outerSum(x: Float64Array, y: Float64Array, d: number): Float64Array {
  const sum = new Float64Array(d * d);
  for (let row = 0; row < x.length; row += d)
    for (let i = 0; i < d; i++) {
      const s = x[row + i];
      for (let j = 0, at = i * d; j < d; j++) sum[at + j] += s * y[row + j];
    }
  return sum;
}

/** x_a += s M y_b */
export function addProduct(
  x: Float64Array,
  a: number,
  s: number,
  matrix: Float64Array,
  y: Float64Array,
  b: number,
  d: number,
): void {
  for (let i = 0; i < d; i++) {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += matrix[i * d + j] * y[b * d + j];
    x[a * d + i] += s * sum;
  }
}
