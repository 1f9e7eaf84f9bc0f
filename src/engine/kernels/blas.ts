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
/** Whether the job at hand may use the library. */
let allowed: bool = true;
/** Multiply-adds up to which the library reads the factors where they lie; beyond it copies them first. 0 = it always copies. */
let direct: i32 = 0;

export function useBlas(on: i32, directProduct: i32): void {
  available = on != 0;
  direct = directProduct;
}

/** Said at the beginning of a job: 0 = its products stay with the kernels, which compute every row in the same way. */
export function allowBlas(on: i32): void {
  allowed = on != 0;
}

/** Up to so many rows of A a copy of B costs more than the calls for its pieces. */
const FEW_ROWS: i32 = 96;
/** Sizes of pieces are multiples of this. */
const PIECE: i32 = 32;
/** Deeper pieces gain nothing: C is read and written once a piece, from the first-level cache. */
const DEEPEST: i32 = 128;

/**
 * Whether a transposed n × k weight matrix is copied row by row once a step, where WebAssembly packs it: a library that reads
 * factors where they lie does so slowly with transposed ones. Must not depend on the rows.
 */
// @ts-ignore: decorator
@inline
export function isTurnedForBlas(n: i32, k: i32): bool {
  return direct != 0 && usesBlas(n, k);
}

/** Elements from row to row of the copy: it has the size of the packed matrix. */
// @ts-ignore: decorator
@inline
export function turnedRow(n: i32): i32 {
  return (n + 7) & ~7;
}

/** The largest size of a piece of which `others` elements are multiplied; 0 = none is worth a call. */
// @ts-ignore: decorator
@inline
function pieceOf(others: i64): i32 {
  const limit = <i32>(<i64>direct / others);
  return limit >= 2 * PIECE ? limit & ~(2 * PIECE - 1) : limit & ~(PIECE - 1);
}

/** c[m × n] (+)= a · b in pieces that the library does not copy: of rows, of the columns of b, or of the depth. */
function productInPieces(
  a: usize, aRow: i32, b: usize, bRow: i32, c: usize, cRow: i32, m: i32, n: i32, k: i32, accumulate: i32,
): void {
  const rows = pieceOf(<i64>n * k);
  if (rows > 0) {
    for (let r = 0; r < m; r += rows)
      sgemm(a + ((<usize>r * aRow) << 2), aRow, 0, b, bRow, 0, c + ((<usize>r * cRow) << 2), cRow, min(rows, m - r), n, k, accumulate);
    return;
  }
  const columns = m <= FEW_ROWS ? pieceOf(<i64>m * k) : 0, depth = m <= FEW_ROWS ? min(DEEPEST, pieceOf(<i64>m * n)) : 0;
  if (columns > 0) {
    for (let j = 0; j < n; j += columns) {
      const at = <usize>j << 2;
      sgemm(a, aRow, 0, b + at, bRow, 0, c + at, cRow, m, min(columns, n - j), k, accumulate);
    }
  } else if (depth > 0) {
    for (let p = 0; p < k; p += depth) {
      const from = b + ((<usize>p * bRow) << 2);
      sgemm(a + (<usize>p << 2), aRow, 0, from, bRow, 0, c, cRow, m, n, min(depth, k - p), p > 0 ? 1 : accumulate);
    }
  } else sgemm(a, aRow, 0, b, bRow, 0, c, cRow, m, n, k, accumulate);
}

/** c[m × n] (+)= aᵀ · b in pieces that the library does not copy: of the depth, or of the rows of c. */
function transposedInPieces(
  a: usize, aRow: i32, b: usize, bRow: i32, c: usize, cRow: i32, m: i32, n: i32, k: i32, accumulate: i32,
): void {
  const depth = pieceOf(<i64>m * n), rows = pieceOf(<i64>n * k);
  if (depth > 0) {
    for (let p = 0; p < k; p += depth) {
      const at = <usize>p << 2;
      sgemm(a + at * aRow, aRow, 1, b + at * bRow, bRow, 0, c, cRow, m, n, min(depth, k - p), p > 0 ? 1 : accumulate);
    }
  } else if (rows > 0) {
    for (let r = 0; r < m; r += rows)
      sgemm(a + (<usize>r << 2), aRow, 1, b, bRow, 0, c + ((<usize>r * cRow) << 2), cRow, min(rows, m - r), n, k, accumulate);
  } else sgemm(a, aRow, 1, b, bRow, 0, c, cRow, m, n, k, accumulate);
}

/** Whether a product with an n × k weight matrix goes to the BLAS. Must not depend on the rows: packing is skipped by the same rule. */
// @ts-ignore: decorator
@inline
export function usesBlas(n: i32, k: i32): bool {
  return available && allowed && n * k >= op.BLAS_MIN;
}

/** c[m × n] (+)= a · b where either may be stored transposed; to be asked only where `usesBlas(n, k)`. */
export function productByBlas(
  a: usize, aRow: i32, aTransposed: i32, b: usize, bRow: i32, bTransposed: i32, c: usize, cRow: i32,
  m: i32, n: i32, k: i32, accumulate: i32,
): void {
  if (direct == 0 || bTransposed || <i64>m * n * k <= <i64>direct)
    sgemm(a, aRow, aTransposed, b, bRow, bTransposed, c, cRow, m, n, k, accumulate);
  else if (aTransposed) transposedInPieces(a, aRow, b, bRow, c, cRow, m, n, k, accumulate);
  else productInPieces(a, aRow, b, bRow, c, cRow, m, n, k, accumulate);
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
  productByBlas(x, max(xRow, k), 0, w, wRow, wTransposed, y, max(yRow, n), distinct, n, k, 0);
  addBiasAndClamp(y, yRow, distinct, n, flags, bias);
  for (let r = distinct; r < rows; r++) memory.copy(y + ((<usize>r * yRow) << 2), y, <usize>n << 2);
}

/** out[m × n] (+)= xᵀ·y over `rows` rows. */
export function outerByBlas(
  x: usize, xRow: i32, y: usize, yRow: i32, out: usize, outRow: i32, m: i32, n: i32, rows: i32, accumulate: i32,
): void {
  productByBlas(x, xRow, 1, y, yRow, 0, out, outRow, m, n, rows, accumulate);
}
