/**
 * Dense single-precision matrix product, register-blocked for 16 vector registers: 6 × 8 results (4 × 8 without fused
 * multiply-adds, whose products need registers of their own) stay in registers while the inner loop runs over k. One kernel
 * serves all orientations: A is read through two strides, B in panels of eight columns, either in place (panel stride 8,
 * k stride = row length) or packed (see `pack.ts`).
 */
import { ACCUMULATE, BIAS, RELU } from './gemm-flags';
import { micro4x16, micro6x16 } from './gemm-wide';
import { madd, WIDE } from './simd';

export { ACCUMULATE, BIAS, RELU };

/** Depth of one pass over k, so that the panels of A and B stay in the first-level cache. */
const K_BLOCK: i32 = 384;

/** Stores one row of up to eight results; the last columns of a ragged edge go one by one. */
// @ts-ignore: decorator
@inline
function storeRow(c: usize, low: v128, high: v128, cols: i32, flags: i32, bias: usize): void {
  if (cols >= 8) {
    if (flags & ACCUMULATE) {
      low = f32x4.add(low, v128.load(c));
      high = f32x4.add(high, v128.load(c, 16));
    }
    if (flags & BIAS) {
      low = f32x4.add(low, v128.load(bias));
      high = f32x4.add(high, v128.load(bias, 16));
    }
    if (flags & RELU) {
      // max(0, x) would turn NaN into 0 on some orders of operands; pmax(x, 0) keeps it
      low = f32x4.pmax(low, f32x4.splat(0));
      high = f32x4.pmax(high, f32x4.splat(0));
    }
    v128.store(c, low);
    v128.store(c, high, 16);
  } else storeEdge(c, low, high, cols, flags, bias);
}

function storeEdge(c: usize, low: v128, high: v128, cols: i32, flags: i32, bias: usize): void {
  for (let n = 0; n < cols; n++) {
    let sum = f32x4.extract_lane(low, 0);
    if (flags & ACCUMULATE) sum += load<f32>(c);
    if (flags & BIAS) sum += load<f32>(bias);
    if (flags & RELU) sum = sum < 0 ? 0 : sum;
    store<f32>(c, sum);
    c += 4;
    bias += 4;
    low = v128.shuffle<f32>(low, high, 1, 2, 3, 4);
    high = v128.shuffle<f32>(high, high, 1, 2, 3, 3);
  }
}

/** C[6×8] (+)= A[6×K] · B[K×8]; rows past `rows` repeat the last one and are not stored. */
function micro6x8(
  a: usize, aRow: usize, aK: usize, b: usize, bK: usize, c: usize, cRow: usize,
  k: i32, rows: i32, cols: i32, flags: i32, bias: usize,
): void {
  let p0 = a;
  let p1 = a + <usize>min(1, rows - 1) * aRow;
  let p2 = a + <usize>min(2, rows - 1) * aRow;
  let p3 = a + <usize>min(3, rows - 1) * aRow;
  let p4 = a + <usize>min(4, rows - 1) * aRow;
  let p5 = a + <usize>min(5, rows - 1) * aRow;
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0), c41 = f32x4.splat(0);
  let c50 = f32x4.splat(0), c51 = f32x4.splat(0);
  for (let n = 0; n < k; n++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(p0); p0 += aK;
    c00 = madd(x, b0, c00); c01 = madd(x, b1, c01);
    x = v128.load32_splat(p1); p1 += aK;
    c10 = madd(x, b0, c10); c11 = madd(x, b1, c11);
    x = v128.load32_splat(p2); p2 += aK;
    c20 = madd(x, b0, c20); c21 = madd(x, b1, c21);
    x = v128.load32_splat(p3); p3 += aK;
    c30 = madd(x, b0, c30); c31 = madd(x, b1, c31);
    x = v128.load32_splat(p4); p4 += aK;
    c40 = madd(x, b0, c40); c41 = madd(x, b1, c41);
    x = v128.load32_splat(p5); p5 += aK;
    c50 = madd(x, b0, c50); c51 = madd(x, b1, c51);
    b += bK;
  }
  storeRow(c, c00, c01, cols, flags, bias);
  if (rows > 1) {
    storeRow(c + 1 * cRow, c10, c11, cols, flags, bias);
  }
  if (rows > 2) {
    storeRow(c + 2 * cRow, c20, c21, cols, flags, bias);
  }
  if (rows > 3) {
    storeRow(c + 3 * cRow, c30, c31, cols, flags, bias);
  }
  if (rows > 4) {
    storeRow(c + 4 * cRow, c40, c41, cols, flags, bias);
  }
  if (rows > 5) {
    storeRow(c + 5 * cRow, c50, c51, cols, flags, bias);
  }
}

/** C[4×8] (+)= A[4×K] · B[K×8]; rows past `rows` repeat the last one and are not stored. */
function micro4x8(
  a: usize, aRow: usize, aK: usize, b: usize, bK: usize, c: usize, cRow: usize,
  k: i32, rows: i32, cols: i32, flags: i32, bias: usize,
): void {
  let p0 = a;
  let p1 = a + <usize>min(1, rows - 1) * aRow;
  let p2 = a + <usize>min(2, rows - 1) * aRow;
  let p3 = a + <usize>min(3, rows - 1) * aRow;
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  for (let n = 0; n < k; n++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(p0); p0 += aK;
    c00 = madd(x, b0, c00); c01 = madd(x, b1, c01);
    x = v128.load32_splat(p1); p1 += aK;
    c10 = madd(x, b0, c10); c11 = madd(x, b1, c11);
    x = v128.load32_splat(p2); p2 += aK;
    c20 = madd(x, b0, c20); c21 = madd(x, b1, c21);
    x = v128.load32_splat(p3); p3 += aK;
    c30 = madd(x, b0, c30); c31 = madd(x, b1, c31);
    b += bK;
  }
  storeRow(c, c00, c01, cols, flags, bias);
  if (rows > 1) {
    storeRow(c + 1 * cRow, c10, c11, cols, flags, bias);
  }
  if (rows > 2) {
    storeRow(c + 2 * cRow, c20, c21, cols, flags, bias);
  }
  if (rows > 3) {
    storeRow(c + 3 * cRow, c30, c31, cols, flags, bias);
  }
}

/** Two panels of eight columns of B against all rows of A. */
function twoPanels(
  a: usize, aRow: usize, aK: usize, b: usize, bK: usize, bPanel: usize, c: usize, cRow: usize,
  m: i32, k: i32, flags: i32, bias: usize,
): void {
  const rest = m % 6;
  let sixes = m / 6;
  if (sixes > 0 && (rest == 1 || rest == 2)) sixes--;
  for (let n = 0; n < sixes; n++) {
    micro6x16(a, aRow, aK, b, bK, bPanel, c, cRow, k, 6, flags, bias);
    a += 6 * aRow;
    c += 6 * cRow;
  }
  m -= 6 * sixes;
  if (m == 5) {
    micro6x16(a, aRow, aK, b, bK, bPanel, c, cRow, k, 5, flags, bias);
    return;
  }
  while (m > 0) {
    micro4x16(a, aRow, aK, b, bK, bPanel, c, cRow, k, min(4, m), flags, bias);
    a += 4 * aRow;
    c += 4 * cRow;
    m -= 4;
  }
}

/** One panel of eight columns of B against all rows of A. */
function panel(
  a: usize, aRow: usize, aK: usize, b: usize, bK: usize, c: usize, cRow: usize,
  m: i32, k: i32, cols: i32, flags: i32, bias: usize,
): void {
  // m = 6·sixes + 4·fours (+ one ragged block): 6 + 2 and 6 + 1 become two blocks of four
  const rest = m % 6;
  let sixes = ASC_FEATURE_RELAXED_SIMD ? m / 6 : 0;
  if (sixes > 0 && (rest == 1 || rest == 2)) sixes--;
  for (let n = 0; n < sixes; n++) {
    micro6x8(a, aRow, aK, b, bK, c, cRow, k, 6, cols, flags, bias);
    a += 6 * aRow;
    c += 6 * cRow;
  }
  m -= 6 * sixes;
  if (ASC_FEATURE_RELAXED_SIMD && m == 5) {
    micro6x8(a, aRow, aK, b, bK, c, cRow, k, 5, cols, flags, bias);
    return;
  }
  while (m > 0) {
    micro4x8(a, aRow, aK, b, bK, c, cRow, k, min(4, m), cols, flags, bias);
    a += 4 * aRow;
    c += 4 * cRow;
    m -= 4;
  }
}

/**
 * C[m×n] (+)= A[m×k] · B[k×n] (+ bias, ReLU). Strides are in elements.
 * @param aRow,aK strides of A along m and k (transposed A: swap them)
 * @param bK,bPanel stride of B along k and from one panel of eight columns to the next
 * @param cRow stride between rows of C
 */
export function gemm(
  a: usize, aRow: i32, aK: i32, b: usize, bK: i32, bPanel: i32, c: usize, cRow: i32,
  m: i32, n: i32, k: i32, flags: i32, bias: usize,
): void {
  if (m <= 0 || n <= 0) return;
  let k0 = 0;
  do {
    const depth = min(K_BLOCK, k - k0);
    let passFlags = flags;
    if (k0 > 0) passFlags |= ACCUMULATE;
    if (k0 + depth < k) passFlags &= ~(BIAS | RELU);
    let j = 0;
    const a0 = a + ((<usize>k0 * aK) << 2), b0 = b + ((<usize>k0 * bK) << 2);
    if (WIDE)
      for (; j + 16 <= n; j += 16) {
        twoPanels(
          a0, <usize>aRow << 2, <usize>aK << 2,
          b0 + ((<usize>(j >> 3) * bPanel) << 2), <usize>bK << 2, <usize>bPanel << 2,
          c + (<usize>j << 2), <usize>cRow << 2,
          m, depth, passFlags, bias + (<usize>j << 2),
        );
      }
    for (; j < n; j += 8) {
      panel(
        a0, <usize>aRow << 2, <usize>aK << 2,
        b0 + ((<usize>(j >> 3) * bPanel) << 2), <usize>bK << 2,
        c + (<usize>j << 2), <usize>cRow << 2,
        m, depth, n - j, passFlags, bias + (<usize>j << 2),
      );
    }
    k0 += depth;
  } while (k0 < k);
}
