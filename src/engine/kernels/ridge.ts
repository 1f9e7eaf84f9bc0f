/**
 * Many small ridge regressions that share one table of features: the half-step of alternating least squares.
 * Row r solves  (G + Σ_{i ∈ S_r} c_ri y_i y_iᵀ + λ_r I) x_r = Σ_{i ∈ S_r} c_ri y_i  exactly, in float64; tables are float32.
 * Without weights every c_ri is 1.
 * Matrices of d × d values have rows of `stride` values, d rounded up to a multiple of four; the rest is zero.
 */
import * as op from './opcodes';
import { claim, nextPiece } from './control';
import { gemm64 } from './gemm64';

/** Rows a thread takes at a time. */
const ROWS: i32 = 8;

// @ts-ignore: decorator
@inline
function word(record: usize, index: i32): i32 {
  return load<i32>(record + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function pointer(record: usize, index: i32): usize {
  return <usize>load<u32>(record + (<usize>index << 2));
}

/** Copies a float32 row into a float64 row of `stride` values; the values past d stay as they are (zero). */
function widen(from: usize, to: usize, d: i32): void {
  let i = 0;
  for (; i + 2 <= d; i += 2) v128.store(to + (<usize>i << 3), f64x2.promote_low_f32x4(v128.load64_zero(from + (<usize>i << 2))));
  if (i < d) store<f64>(to + (<usize>i << 3), <f64>load<f32>(from + (<usize>i << 2)));
}

/** sum += row, both of `stride` values */
function addTo(sum: usize, row: usize, stride: i32): void {
  for (let i = 0; i < stride; i += 2) {
    const at = <usize>i << 3;
    v128.store(sum + at, f64x2.add(v128.load(sum + at), v128.load(row + at)));
  }
}

/** row *= x, `stride` values */
function scale(row: usize, x: f64, stride: i32): void {
  const s = f64x2.splat(x);
  for (let i = 0; i < stride; i += 2) {
    const p = row + (<usize>i << 3);
    v128.store(p, f64x2.mul(v128.load(p), s));
  }
}

/** to[from …] −= x · row[from …], `from` rounded down to an even number */
// @ts-ignore: decorator
@inline
function subtractScaled(to: usize, row: usize, x: f64, from: i32, stride: i32): void {
  const s = f64x2.splat(x);
  for (let i = from & ~1; i < stride; i += 2) {
    const at = <usize>i << 3;
    v128.store(to + at, f64x2.sub(v128.load(to + at), f64x2.mul(s, v128.load(row + at))));
  }
}

// @ts-ignore: decorator
@inline
function at(a: usize, stride: i32, i: i32, j: i32): usize {
  return a + ((<usize>i * stride + j) << 3);
}

/** Row i of the factor from the pivot on; false when the pivot is not a positive number. */
function scaleRow(a: usize, stride: i32, i: i32): bool {
  const pivot = load<f64>(at(a, stride, i, i));
  if (!(pivot > 0 && pivot < Infinity)) return false;
  const root = Math.sqrt(pivot), inverse = f64x2.splat(1 / root);
  for (let j = i & ~1; j < stride; j += 2) {
    const p = at(a, stride, i, j);
    v128.store(p, f64x2.mul(v128.load(p), inverse));
  }
  store<f64>(at(a, stride, i, i), root);
  return true;
}

/** Rows below a block of four finished factor rows k … k+3: A_ij −= Σ_t u_ti u_tj, four at a time. */
function updateBelow(a: usize, stride: i32, d: i32, k: i32): void {
  const r0 = at(a, stride, k, 0), r1 = at(a, stride, k + 1, 0), r2 = at(a, stride, k + 2, 0), r3 = at(a, stride, k + 3, 0);
  for (let i = k + 4; i < d; i++) {
    const column = <usize>i << 3;
    const x0 = v128.load64_splat(r0 + column), x1 = v128.load64_splat(r1 + column);
    const x2 = v128.load64_splat(r2 + column), x3 = v128.load64_splat(r3 + column);
    for (let j = i & ~1; j < stride; j += 2) {
      const o = <usize>j << 3, p = at(a, stride, i, j);
      const low = f64x2.add(f64x2.mul(x0, v128.load(r0 + o)), f64x2.mul(x1, v128.load(r1 + o)));
      const high = f64x2.add(f64x2.mul(x2, v128.load(r2 + o)), f64x2.mul(x3, v128.load(r3 + o)));
      v128.store(p, f64x2.sub(v128.load(p), f64x2.add(low, high)));
    }
  }
}

/** A = UᵀU in place, upper triangle; false when A is not positive definite. */
function cholesky(a: usize, stride: i32, d: i32): bool {
  for (let k = 0; k < d; k += 4) {
    const end = min(d, k + 4);
    for (let i = k; i < end; i++) {
      if (!scaleRow(a, stride, i)) return false;
      for (let t = i + 1; t < end; t++)
        subtractScaled(at(a, stride, t, 0), at(a, stride, i, 0), load<f64>(at(a, stride, i, t)), t, stride);
    }
    if (end - k == 4) updateBelow(a, stride, d, k);
  }
  return true;
}

/** x = U⁻¹ U⁻ᵀ x in place */
function solve(u: usize, stride: i32, d: i32, x: usize): void {
  for (let k = 0; k < d; k++) {
    const value = load<f64>(x + (<usize>k << 3)) / load<f64>(at(u, stride, k, k));
    subtractScaled(x, at(u, stride, k, 0), value, k + 1, stride);
    store<f64>(x + (<usize>k << 3), value);
  }
  for (let k = d - 1; k >= 0; k--) {
    let sum = load<f64>(x + (<usize>k << 3));
    for (let j = k + 1; j < d; j++) sum -= load<f64>(at(u, stride, k, j)) * load<f64>(x + (<usize>j << 3));
    store<f64>(x + (<usize>k << 3), sum / load<f64>(at(u, stride, k, k)));
  }
}

/** A += Σ c_i y_i y_iᵀ and b += Σ c_i y_i over the listed feature rows; rows are gathered as √c_i y_i. `weights` 0 = every c_i is 1. */
function accumulate(
  features: usize, d: i32, stride: i32, columns: usize, weights: usize, n: i32, gathered: usize, a: usize, b: usize,
): void {
  for (let start = 0; start < n; start += op.RIDGE_GATHERED) {
    const count = min(op.RIDGE_GATHERED, n - start);
    for (let i = 0; i < count; i++) {
      const column = load<i32>(columns + (<usize>(start + i) << 2)), row = gathered + ((<usize>i * stride) << 3);
      widen(features + ((<usize>column * d) << 2), row, d);
      if (weights != 0) {
        const c = load<f64>(weights + (<usize>(start + i) << 3));
        scale(row, c, stride);
        addTo(b, row, stride);
        scale(row, 1 / Math.sqrt(c), stride);
      } else addTo(b, row, stride);
    }
    gemm64(gathered, 1, stride, gathered, stride, 4, a, stride, d, stride, count, op.UPPER_64, 0);
  }
}

function solveRow(record: usize, r: i32, work: usize): bool {
  const d = word(record, op.RIDGE_WIDTH), stride = word(record, op.RIDGE_STRIDE);
  const bytes = (<usize>stride * stride) << 3, a = work, b = a + bytes, gathered = b + (<usize>stride << 3);
  const out = pointer(record, op.RIDGE_OUT) + ((<usize>r * d) << 2);
  const starts = pointer(record, op.RIDGE_ROW_START) + (<usize>r << 2);
  const from = load<i32>(starts), n = load<i32>(starts + 4) - from;
  if (n == 0) {
    memory.fill(out, 0, <usize>d << 2);
    return true;
  }
  memory.copy(a, pointer(record, op.RIDGE_GRAM), bytes);
  memory.fill(b, 0, <usize>stride << 3);
  const weights = pointer(record, op.RIDGE_WEIGHTS), columns = pointer(record, op.RIDGE_COLUMNS) + (<usize>from << 2);
  const own = weights == 0 ? weights : weights + (<usize>from << 3);
  accumulate(pointer(record, op.RIDGE_FEATURES), d, stride, columns, own, n, gathered, a, b);
  const ridge = load<f64>(pointer(record, op.RIDGE_PENALTY) + (<usize>r << 3));
  for (let i = 0; i < d; i++) store<f64>(at(a, stride, i, i), load<f64>(at(a, stride, i, i)) + ridge);
  if (!cholesky(a, stride, d)) return false;
  solve(a, stride, d, b);
  for (let i = 0; i < d; i++) store<f32>(out + (<usize>i << 2), <f32>load<f64>(b + (<usize>i << 3)));
  return true;
}

/** Solves all rows; all threads run this function side by side. RIDGE_FAILED counts the rows that have no solution. */
export function runRidge(record: usize, worker: i32): void {
  const nRows = word(record, op.RIDGE_N_ROWS), blocks = (nRows + ROWS - 1) / ROWS;
  const work = pointer(record, op.RIDGE_WORK) + <usize>worker * pointer(record, op.RIDGE_WORK_BYTES);
  for (let block = claim(); block < blocks; block = claim())
    for (let r = block * ROWS; r < min(nRows, (block + 1) * ROWS); r++)
      if (!solveRow(record, r, work)) atomic.add<i32>(record + (op.RIDGE_FAILED << 2), 1);
  nextPiece(blocks);
}

/** YᵀY of a float32 table, upper triangle, as one partial sum for each of LANES shares of its rows. */
export function runGram(record: usize, worker: i32): void {
  const d = word(record, op.RIDGE_WIDTH), stride = word(record, op.RIDGE_STRIDE), n = word(record, op.RIDGE_N_FEATURES);
  const features = pointer(record, op.RIDGE_FEATURES), bytes = (<usize>stride * stride) << 3;
  const gathered = pointer(record, op.RIDGE_WORK) + <usize>worker * pointer(record, op.RIDGE_WORK_BYTES) + bytes + (<usize>stride << 3);
  const share = (n + op.LANES - 1) / op.LANES;
  for (let lane = claim(); lane < op.LANES; lane = claim()) {
    const out = pointer(record, op.RIDGE_PARTIAL_GRAMS) + <usize>lane * bytes;
    memory.fill(out, 0, bytes);
    for (let start = lane * share; start < min(n, (lane + 1) * share); start += op.RIDGE_GATHERED) {
      const count = min(op.RIDGE_GATHERED, min(n, (lane + 1) * share) - start);
      for (let i = 0; i < count; i++)
        widen(features + ((<usize>(start + i) * d) << 2), gathered + ((<usize>i * stride) << 3), d);
      gemm64(gathered, 1, stride, gathered, stride, 4, out, stride, d, stride, count, op.UPPER_64, 0);
    }
  }
  nextPiece(op.LANES);
}
