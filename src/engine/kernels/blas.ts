/** Matrix products by the system's BLAS, an imported function of the runtime (see runtime/blas.ts). */
import * as op from './opcodes';
import { BIAS, RELU } from './gemm';

// @ts-ignore: decorator
@external("env", "sgemm")
declare function sgemm(
  a: usize, aRow: i32, aTransposed: i32, b: usize, bRow: i32, bTransposed: i32, c: usize, cRow: i32,
  m: i32, n: i32, k: i32, accumulate: i32,
): void;

let available: bool = false;

export function useBlas(on: i32): void {
  available = on != 0;
}

/** Whether a product with an n × k weight matrix goes to the BLAS. Must not depend on the rows: packing is skipped by the same rule. */
// @ts-ignore: decorator
@inline
export function usesBlas(n: i32, k: i32): bool {
  return available && n * k >= op.BLAS_MIN;
}

/** c[m × n] (+)= a · b where either may be stored transposed; to be asked only where `usesBlas(n, k)`. */
export function productByBlas(
  a: usize, aRow: i32, aTransposed: i32, b: usize, bRow: i32, bTransposed: i32, c: usize, cRow: i32,
  m: i32, n: i32, k: i32, accumulate: i32,
): void {
  sgemm(a, aRow, aTransposed, b, bRow, bTransposed, c, cRow, m, n, k, accumulate);
}

/** y = max(0, y + bias), as flags ask, on rows × n elements. */
function addBiasAndClamp(y: usize, yRow: i32, rows: i32, n: i32, flags: i32, bias: usize): void {
  if (!(flags & (BIAS | RELU))) return;
  const zero = f32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    let at = y + ((<usize>r * yRow) << 2), b = bias, j = 0;
    for (; j + 4 <= n; j += 4) {
      let sum = v128.load(at);
      if (flags & BIAS) sum = f32x4.add(sum, v128.load(b));
      if (flags & RELU) sum = f32x4.pmax(sum, zero);
      v128.store(at, sum);
      at += 16;
      b += 16;
    }
    for (; j < n; j++) {
      let sum = load<f32>(at);
      if (flags & BIAS) sum += load<f32>(b);
      if (flags & RELU) sum = sum < 0 ? 0 : sum;
      store<f32>(at, sum);
      at += 4;
      b += 4;
    }
  }
}

/** y[rows × n] = x[rows × k] · W (+ bias, ReLU). A row stride of 0 repeats one row of x: it is multiplied once. */
export function linearByBlas(
  x: usize, xRow: i32, w: usize, wRow: i32, wTransposed: i32, y: usize, yRow: i32,
  rows: i32, n: i32, k: i32, flags: i32, bias: usize,
): void {
  const distinct = xRow == 0 ? 1 : rows;
  sgemm(x, max(xRow, k), 0, w, wRow, wTransposed, y, max(yRow, n), distinct, n, k, 0);
  addBiasAndClamp(y, yRow, distinct, n, flags, bias);
  for (let r = distinct; r < rows; r++) memory.copy(y + ((<usize>r * yRow) << 2), y, <usize>n << 2);
}

/** out[m × n] (+)= xᵀ·y over `rows` rows. */
export function outerByBlas(
  x: usize, xRow: i32, y: usize, yRow: i32, out: usize, outRow: i32, m: i32, n: i32, rows: i32, accumulate: i32,
): void {
  sgemm(x, xRow, 1, y, yRow, 0, out, outRow, m, n, rows, accumulate);
}

/** out[users × items] = users · itemsᵀ, rows of `width` numbers each. */
export function scoresByBlas(users: usize, items: usize, out: usize, nUsers: i32, nItems: i32, width: i32): void {
  sgemm(users, width, 0, items, width, 1, out, nItems, nUsers, nItems, width, 0);
}
