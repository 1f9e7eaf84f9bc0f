/**
 * The inner loops of the matrix product for 256-bit vectors. WebAssembly has 128-bit ones only, but a compiler that finds the
 * same work on two neighbours may do both in one instruction (V8's revectorisation, see `runtime/kernel-file.ts`). Here every
 * vector has such a neighbour, and 6 × 16 results fill twelve of sixteen wide registers. With 128-bit registers these loops are
 * slower than those of `gemm.ts`; each element is the same sum in the same order, so bytes are equal.
 */
import { ACCUMULATE, BIAS, RELU } from './gemm-flags';
import { madd } from './simd';

/** One row of sixteen results. The stores follow each other in one basic block, which is where the compiler looks for neighbours. */
// @ts-ignore: decorator
@inline
function storeRow16(c: usize, c0: v128, c1: v128, c2: v128, c3: v128, flags: i32, bias: usize): void {
  if (flags & ACCUMULATE) {
    c0 = f32x4.add(c0, v128.load(c));
    c1 = f32x4.add(c1, v128.load(c, 16));
    c2 = f32x4.add(c2, v128.load(c, 32));
    c3 = f32x4.add(c3, v128.load(c, 48));
  }
  if (flags & BIAS) {
    c0 = f32x4.add(c0, v128.load(bias));
    c1 = f32x4.add(c1, v128.load(bias, 16));
    c2 = f32x4.add(c2, v128.load(bias, 32));
    c3 = f32x4.add(c3, v128.load(bias, 48));
  }
  if (flags & RELU) {
    // pmax(x, 0) keeps NaN
    const zero = f32x4.splat(0);
    c0 = f32x4.pmax(c0, zero);
    c1 = f32x4.pmax(c1, zero);
    c2 = f32x4.pmax(c2, zero);
    c3 = f32x4.pmax(c3, zero);
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
  v128.store(c, c2, 32);
  v128.store(c, c3, 48);
}

/** C[6×16] (+)= A[6×K] · B[K×16]; rows past `rows` repeat the last one and are not stored. */
export function micro6x16(
  a: usize, aRow: usize, aK: usize, b: usize, bK: usize, bPanel: usize, c: usize, cRow: usize,
  k: i32, rows: i32, flags: i32, bias: usize,
): void {
  let p0 = a;
  let p1 = a + <usize>min(1, rows - 1) * aRow;
  let p2 = a + <usize>min(2, rows - 1) * aRow;
  let p3 = a + <usize>min(3, rows - 1) * aRow;
  let p4 = a + <usize>min(4, rows - 1) * aRow;
  let p5 = a + <usize>min(5, rows - 1) * aRow;
  let d = b + bPanel;
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0), c03 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0), c13 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c22 = f32x4.splat(0), c23 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0), c32 = f32x4.splat(0), c33 = f32x4.splat(0);
  let c40 = f32x4.splat(0), c41 = f32x4.splat(0), c42 = f32x4.splat(0), c43 = f32x4.splat(0);
  let c50 = f32x4.splat(0), c51 = f32x4.splat(0), c52 = f32x4.splat(0), c53 = f32x4.splat(0);
  for (let n = 0; n < k; n++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(d), b3 = v128.load(d, 16);
    let x = v128.load32_splat(p0); p0 += aK;
    c00 = madd(x, b0, c00); c01 = madd(x, b1, c01); c02 = madd(x, b2, c02); c03 = madd(x, b3, c03);
    x = v128.load32_splat(p1); p1 += aK;
    c10 = madd(x, b0, c10); c11 = madd(x, b1, c11); c12 = madd(x, b2, c12); c13 = madd(x, b3, c13);
    x = v128.load32_splat(p2); p2 += aK;
    c20 = madd(x, b0, c20); c21 = madd(x, b1, c21); c22 = madd(x, b2, c22); c23 = madd(x, b3, c23);
    x = v128.load32_splat(p3); p3 += aK;
    c30 = madd(x, b0, c30); c31 = madd(x, b1, c31); c32 = madd(x, b2, c32); c33 = madd(x, b3, c33);
    x = v128.load32_splat(p4); p4 += aK;
    c40 = madd(x, b0, c40); c41 = madd(x, b1, c41); c42 = madd(x, b2, c42); c43 = madd(x, b3, c43);
    x = v128.load32_splat(p5); p5 += aK;
    c50 = madd(x, b0, c50); c51 = madd(x, b1, c51); c52 = madd(x, b2, c52); c53 = madd(x, b3, c53);
    b += bK;
    d += bK;
  }
  storeRow16(c, c00, c01, c02, c03, flags, bias);
  if (rows > 1) storeRow16(c + 1 * cRow, c10, c11, c12, c13, flags, bias);
  if (rows > 2) storeRow16(c + 2 * cRow, c20, c21, c22, c23, flags, bias);
  if (rows > 3) storeRow16(c + 3 * cRow, c30, c31, c32, c33, flags, bias);
  if (rows > 4) storeRow16(c + 4 * cRow, c40, c41, c42, c43, flags, bias);
  if (rows > 5) storeRow16(c + 5 * cRow, c50, c51, c52, c53, flags, bias);
}

/** C[4×16] (+)= A[4×K] · B[K×16]; rows past `rows` repeat the last one and are not stored. */
export function micro4x16(
  a: usize, aRow: usize, aK: usize, b: usize, bK: usize, bPanel: usize, c: usize, cRow: usize,
  k: i32, rows: i32, flags: i32, bias: usize,
): void {
  let p0 = a;
  let p1 = a + <usize>min(1, rows - 1) * aRow;
  let p2 = a + <usize>min(2, rows - 1) * aRow;
  let p3 = a + <usize>min(3, rows - 1) * aRow;
  let d = b + bPanel;
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0), c03 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0), c13 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c22 = f32x4.splat(0), c23 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0), c32 = f32x4.splat(0), c33 = f32x4.splat(0);
  for (let n = 0; n < k; n++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(d), b3 = v128.load(d, 16);
    let x = v128.load32_splat(p0); p0 += aK;
    c00 = madd(x, b0, c00); c01 = madd(x, b1, c01); c02 = madd(x, b2, c02); c03 = madd(x, b3, c03);
    x = v128.load32_splat(p1); p1 += aK;
    c10 = madd(x, b0, c10); c11 = madd(x, b1, c11); c12 = madd(x, b2, c12); c13 = madd(x, b3, c13);
    x = v128.load32_splat(p2); p2 += aK;
    c20 = madd(x, b0, c20); c21 = madd(x, b1, c21); c22 = madd(x, b2, c22); c23 = madd(x, b3, c23);
    x = v128.load32_splat(p3); p3 += aK;
    c30 = madd(x, b0, c30); c31 = madd(x, b1, c31); c32 = madd(x, b2, c32); c33 = madd(x, b3, c33);
    b += bK;
    d += bK;
  }
  storeRow16(c, c00, c01, c02, c03, flags, bias);
  if (rows > 1) storeRow16(c + 1 * cRow, c10, c11, c12, c13, flags, bias);
  if (rows > 2) storeRow16(c + 2 * cRow, c20, c21, c22, c23, flags, bias);
  if (rows > 3) storeRow16(c + 3 * cRow, c30, c31, c32, c33, flags, bias);
}
