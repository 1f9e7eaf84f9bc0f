/**
 * Dense double-precision matrix product, register-blocked like the single-precision one (gemm.ts): 6 × 4 results stay in
 * registers. It always adds to C. The number of columns must be a multiple of four; C may be the upper triangle only.
 */
import { UPPER_64 } from './opcodes';

/** Depth of one pass over k, so that the panels of A and B stay in the first-level cache. */
const K_BLOCK: i32 = 256;

// @ts-ignore: decorator
@inline
function madd64(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f64x2.relaxed_madd(a, b, c) : f64x2.add(f64x2.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
function addRow(c: usize, low: v128, high: v128): void {
  v128.store(c, f64x2.add(v128.load(c), low));
  v128.store(c, f64x2.add(v128.load(c, 16), high), 16);
}

/** C[6×4] += A[6×k] · B[k×4]; rows past `rows` repeat the last one and are not stored. Strides in bytes. */
function micro6x4(a: usize, aRow: usize, aK: usize, b: usize, bK: usize, c: usize, cRow: usize, k: i32, rows: i32): void {
  let p0 = a;
  let p1 = a + <usize>min(1, rows - 1) * aRow;
  let p2 = a + <usize>min(2, rows - 1) * aRow;
  let p3 = a + <usize>min(3, rows - 1) * aRow;
  let p4 = a + <usize>min(4, rows - 1) * aRow;
  let p5 = a + <usize>min(5, rows - 1) * aRow;
  let c00 = f64x2.splat(0), c01 = f64x2.splat(0);
  let c10 = f64x2.splat(0), c11 = f64x2.splat(0);
  let c20 = f64x2.splat(0), c21 = f64x2.splat(0);
  let c30 = f64x2.splat(0), c31 = f64x2.splat(0);
  let c40 = f64x2.splat(0), c41 = f64x2.splat(0);
  let c50 = f64x2.splat(0), c51 = f64x2.splat(0);
  for (let n = 0; n < k; n++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load64_splat(p0); p0 += aK;
    c00 = madd64(x, b0, c00); c01 = madd64(x, b1, c01);
    x = v128.load64_splat(p1); p1 += aK;
    c10 = madd64(x, b0, c10); c11 = madd64(x, b1, c11);
    x = v128.load64_splat(p2); p2 += aK;
    c20 = madd64(x, b0, c20); c21 = madd64(x, b1, c21);
    x = v128.load64_splat(p3); p3 += aK;
    c30 = madd64(x, b0, c30); c31 = madd64(x, b1, c31);
    x = v128.load64_splat(p4); p4 += aK;
    c40 = madd64(x, b0, c40); c41 = madd64(x, b1, c41);
    x = v128.load64_splat(p5); p5 += aK;
    c50 = madd64(x, b0, c50); c51 = madd64(x, b1, c51);
    b += bK;
  }
  addRow(c, c00, c01);
  if (rows > 1) addRow(c + 1 * cRow, c10, c11);
  if (rows > 2) addRow(c + 2 * cRow, c20, c21);
  if (rows > 3) addRow(c + 3 * cRow, c30, c31);
  if (rows > 4) addRow(c + 4 * cRow, c40, c41);
  if (rows > 5) addRow(c + 5 * cRow, c50, c51);
}

/**
 * C[m×n] += A[m×k] · B[k×n], float64. Strides are in elements.
 * @param aRow,aK strides of A along m and k (transposed A: swap them)
 * @param bK,bPanel stride of B along k and from one panel of four columns to the next
 * @param n a multiple of 4
 * @param firstRow with UPPER_64: the column under which the first row's diagonal element stands
 */
export function gemm64(
  a: usize, aRow: i32, aK: i32, b: usize, bK: i32, bPanel: i32, c: usize, cRow: i32,
  m: i32, n: i32, k: i32, flags: i32, firstRow: i32,
): void {
  const aRowBytes = <usize>aRow << 3, aKBytes = <usize>aK << 3, bKBytes = <usize>bK << 3, cRowBytes = <usize>cRow << 3;
  for (let k0 = 0; k0 < k; k0 += K_BLOCK) {
    const depth = min(K_BLOCK, k - k0);
    for (let j = 0; j < n; j += 4) {
      const rows = flags & UPPER_64 ? min(m, j + 4 - firstRow) : m;
      const panel = b + ((<usize>(j >> 2) * bPanel + <usize>k0 * bK) << 3);
      for (let i = 0; i < rows; i += 6)
        micro6x4(
          a + <usize>i * aRowBytes + <usize>k0 * aKBytes, aRowBytes, aKBytes, panel, bKBytes,
          c + <usize>i * cRowBytes + (<usize>j << 3), cRowBytes, depth, min(6, rows - i),
        );
    }
  }
}
