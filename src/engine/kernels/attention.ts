/**
 * Causal self-attention over the sequences of a tile; formulas in `ops/attention.ts`. Rows of queries go through in blocks: their
 * scores against all earlier rows are one product, the softmax stays in the second-level cache, and what multiplies values and
 * keys are products again. The backward pass makes the weights again instead of keeping them.
 */
import { productByBlas, usesBlas } from './blas';
import { dropRow } from './dropout';
import { gemm, ACCUMULATE } from './gemm';
import { packPanels } from './pack';
import { horizontalSum } from './simd';
import { expOfNegative4 } from './vector-math';

/** Rows of queries that go through at a time; a BLAS has more to do for each call. */
const BLOCK: i32 = 24, BLAS_BLOCK: i32 = 72;

/** What all rows of a call share, set by `openAttention`. */
let heads: i32 = 1, headWidth: i32 = 1, scale: f32 = 1;
/** Whether products of this sequence go to the system's BLAS. */
let byBlas: bool = false, blockRows: i32 = BLOCK;
let dropLimit: i32 = 0, firstRow: u32 = 0, epochOfCall: u32 = 0, key0: u32 = 0, key1: u32 = 0;

/** @param limit 16-bit draws below it drop a weight; 0 = no dropout */
export function openAttention(
  width: i32, nHeads: i32, limit: i32, firstExample: u32, epoch: u32, k0: u32, k1: u32,
): void {
  heads = nHeads;
  headWidth = width / nHeads;
  scale = <f32>(1 / Math.sqrt(<f64>headWidth));
  dropLimit = limit;
  firstRow = firstExample;
  epochOfCall = epoch;
  key0 = k0;
  key1 = k1;
}

function setBlock(n: i32): void {
  byBlas = usesBlas(n, headWidth);
  blockRows = byBlas ? BLAS_BLOCK : BLOCK;
}

// @ts-ignore: decorator
@inline
function roundUp(n: i32, multiple: i32): i32 {
  return (n + multiple - 1) / multiple * multiple;
}

/** Rows of the sequence that begins at row r: steps 0, 1, 2, … within a window; 0 where none begins. */
function sequenceLength(back: usize, r: i32, rows: i32, window: i32): i32 {
  const end = min(rows, (r / window + 1) * window);
  let n = 0;
  while (r + n < end && load<i32>(back + (<usize>(r + n) << 2)) == n) n++;
  return n;
}

/** x[row] is 0 where there is no event, NaN where an event's sequence does not begin in its window. */
function fillOutside(back: usize, r: i32, out: usize, width: i32): void {
  const value: f32 = load<i32>(back + (<usize>r << 2)) < 0 ? 0 : NaN;
  for (let j = 0; j < width; j++) store<f32>(out + (<usize>j << 2), value);
}

/** Row of `len` scores → softmax of scale · scores, zeros up to `end`. */
function softmaxRow(s: usize, len: i32, end: i32): void {
  const padded = roundUp(len, 4);
  for (let c = len; c < padded; c++) store<f32>(s + (<usize>c << 2), -Infinity);
  let highest = f32x4.splat(-Infinity);
  for (let c = 0; c < padded; c += 4) highest = f32x4.pmax(highest, v128.load(s + (<usize>c << 2)));
  highest = f32x4.pmax(highest, v128.shuffle<f32>(highest, highest, 2, 3, 0, 1));
  highest = f32x4.pmax(highest, v128.shuffle<f32>(highest, highest, 1, 0, 3, 2));
  const factor = f32x4.splat(scale), top = f32x4.mul(highest, factor);
  let sum = f32x4.splat(0);
  for (let c = 0; c < padded; c += 4) {
    const at = s + (<usize>c << 2);
    const e = expOfNegative4(f32x4.sub(f32x4.mul(v128.load(at), factor), top));
    v128.store(at, e);
    sum = f32x4.add(sum, e);
  }
  const share = f32x4.splat(<f32>1 / horizontalSum(sum));
  for (let c = 0; c < padded; c += 4) {
    const at = s + (<usize>c << 2);
    v128.store(at, f32x4.mul(v128.load(at), share));
  }
  for (let c = len; c < end; c++) store<f32>(s + (<usize>c << 2), 0);
}

/** Whether all values of a sequence are finite: then a weight of 0 takes nothing from them. */
function isFiniteHead(v: usize, row: i32, n: i32): bool {
  const limit = f32x4.splat(Infinity);
  let all = i32x4.splat(-1);
  for (let r = 0; r < n; r++) {
    let j = 0;
    for (; j + 4 <= headWidth; j += 4) all = v128.and(all, f32x4.lt(f32x4.abs(v128.load(v + (<usize>j << 2))), limit));
    for (; j < headWidth; j++) if (!isFinite(load<f32>(v + (<usize>j << 2)))) return false;
    v += <usize>row << 2;
  }
  return i32x4.all_true(all);
}

/** Weighted sums of values for a block's rows. */
function weighValues(p: usize, pRow: i32, v: usize, vRow: i32, out: usize, outRow: i32, first: i32, rows: i32): void {
  if (byBlas) productByBlas(p, pRow, 0, v, vRow, 0, out, outRow, rows, headWidth, first + rows, 0);
  else gemm(p, pRow, 1, v, vRow, 8, out, outRow, rows, headWidth, first + rows, 0, 0);
}

/** The same row by row, so that a value that is not finite reaches no earlier row. */
function weighValuesApart(p: usize, pRow: i32, v: usize, vRow: i32, out: usize, outRow: i32, first: i32, rows: i32): void {
  for (let r = 0; r < rows; r++)
    gemm(
      p + (<usize>(r * pRow) << 2), pRow, 1, v, vRow, 8, out + (<usize>(r * outRow) << 2), outRow, 1, headWidth, first + r + 1, 0, 0,
    );
}

/** Rows of a block times a transposed matrix, which lies in panels where no BLAS takes it: scores of queries and keys. */
// @ts-ignore: decorator
@inline
function timesTransposed(
  a: usize, aRow: i32, b: usize, bRow: i32, panels: usize, out: usize, outRow: i32, rows: i32, columns: i32,
): void {
  if (byBlas) productByBlas(a, aRow, 0, b, bRow, 1, out, outRow, rows, columns, headWidth, 0);
  else gemm(a, aRow, 1, panels, 8, 8 * headWidth, out, outRow, rows, roundUp(columns, 8), headWidth, 0, 0);
}

/** out[0 … m) += pᵀ · x for the block's rows of p and x. */
// @ts-ignore: decorator
@inline
function addTransposedTimes(p: usize, pRow: i32, x: usize, xRow: i32, out: usize, outRow: i32, m: i32, rows: i32): void {
  if (byBlas) productByBlas(p, pRow, 1, x, xRow, 0, out, outRow, m, headWidth, rows, 1);
  else gemm(p, 1, pRow, x, xRow, 8, out, outRow, m, headWidth, rows, ACCUMULATE, 0);
}

/**
 * Weights of the block's rows, [rows × pRow].
 * @param kept receives the weights after dropout; may be `p` itself where nothing is dropped
 */
function weights(
  q: usize, k: usize, row: i32, panels: usize, p: usize, kept: usize, pRow: i32, start: i32, first: i32, rows: i32, head: i32,
): void {
  const end = roundUp(first + rows, 8);
  timesTransposed(q, row, k, row, panels, p, pRow, rows, first + rows);
  for (let r = 0; r < rows; r++) {
    const at = <usize>(r * pRow) << 2;
    softmaxRow(p + at, first + r + 1, end);
    if (dropLimit > 0)
      dropRow(p + at, kept + at, end, dropLimit, firstRow + start + first + r, <u32>(head << 14), epochOfCall, 3, key0, key1);
  }
}

/** One head of one sequence of n rows; `work` holds panels of the keys and a block of weights. */
function attendHead(
  qkv: usize, row: i32, out: usize, outRow: i32, start: i32, n: i32, head: i32, work: usize,
): void {
  const width = headWidth * heads, pRow = roundUp(n, 8);
  const q = qkv + (<usize>(head * headWidth) << 2), k = q + (<usize>width << 2), v = k + (<usize>width << 2);
  const panels = work, p = work + (<usize>(pRow * headWidth) << 2);
  if (!byBlas) packPanels(k, 1, row, panels, headWidth, n);
  out += <usize>(head * headWidth) << 2;
  const isClean = isFiniteHead(v, row, n);
  for (let first = 0; first < n; first += blockRows) {
    const rows = min(blockRows, n - first);
    weights(q + ((<usize>first * row) << 2), k, row, panels, p, p, pRow, start, first, rows, head);
    const outAt = out + ((<usize>first * outRow) << 2);
    if (isClean) weighValues(p, pRow, v, row, outAt, outRow, first, rows);
    else weighValuesApart(p, pRow, v, row, outAt, outRow, first, rows);
  }
}

/** dS = scale (P̃ ⊙ dP̃ − P D) with D = Σ P̃ ⊙ dP̃, in the place of dP̃; zeros up to `end`. */
function scoreGradientRow(p: usize, kept: usize, ds: usize, len: i32, end: i32): void {
  const padded = roundUp(len, 4);
  for (let c = len; c < padded; c++) store<f32>(ds + (<usize>c << 2), 0);
  let sum = f32x4.splat(0);
  for (let c = 0; c < padded; c += 4) {
    const at = <usize>c << 2, product = f32x4.mul(v128.load(kept + at), v128.load(ds + at));
    v128.store(ds + at, product);
    sum = f32x4.add(sum, product);
  }
  const total = f32x4.splat(horizontalSum(sum)), factor = f32x4.splat(scale);
  for (let c = 0; c < padded; c += 4) {
    const at = <usize>c << 2;
    v128.store(ds + at, f32x4.mul(factor, f32x4.sub(v128.load(ds + at), f32x4.mul(v128.load(p + at), total))));
  }
  for (let c = padded; c < end; c++) store<f32>(ds + (<usize>c << 2), 0);
}

function attendHeadGradient(
  qkv: usize, row: i32, dy: usize, dyRow: i32, out: usize, outRow: i32, start: i32, n: i32, head: i32, work: usize,
): void {
  const width = headWidth * heads, pRow = roundUp(n, 8), offset = <usize>(head * headWidth) << 2;
  const q = qkv + offset, k = q + (<usize>width << 2), v = k + (<usize>width << 2);
  const dq = out + offset, dk = dq + (<usize>width << 2), dv = dk + (<usize>width << 2);
  const bytes = <usize>(pRow * headWidth) << 2, block = <usize>(blockRows * pRow) << 2;
  const keys = work, values = keys + bytes, p = values + bytes, ds = p + block;
  const kept = dropLimit > 0 ? ds + block : p;
  if (!byBlas) {
    packPanels(k, 1, row, keys, headWidth, n);
    packPanels(v, 1, row, values, headWidth, n);
  }
  dy += offset;
  for (let first = 0; first < n; first += blockRows) {
    const rows = min(blockRows, n - first), before = first + rows, end = roundUp(before, 8);
    const qAt = q + ((<usize>first * row) << 2), dyAt = dy + ((<usize>first * dyRow) << 2);
    const dqAt = dq + ((<usize>first * outRow) << 2);
    weights(qAt, k, row, keys, p, kept, pRow, start, first, rows, head);
    timesTransposed(dyAt, dyRow, v, row, values, ds, pRow, rows, before);
    for (let r = 0; r < rows; r++) {
      const at = <usize>(r * pRow) << 2;
      scoreGradientRow(p + at, kept + at, ds + at, first + r + 1, end);
    }
    addTransposedTimes(kept, pRow, dyAt, dyRow, dv, outRow, before, rows);
    if (byBlas) productByBlas(ds, pRow, 0, k, row, 0, dqAt, outRow, rows, headWidth, before, 0);
    else gemm(ds, pRow, 1, k, row, 8, dqAt, outRow, rows, headWidth, before, 0, 0);
    addTransposedTimes(ds, pRow, qAt, row, dk, outRow, before, rows);
  }
}

/** qkv [rows × 3 width] → out [rows × width]. */
export function attention(
  qkv: usize, row: i32, back: usize, out: usize, outRow: i32, rows: i32, window: i32, work: usize,
): void {
  for (let r = 0; r < rows; ) {
    const n = sequenceLength(back, r, rows, window);
    const from = qkv + ((<usize>r * row) << 2), to = out + ((<usize>r * outRow) << 2);
    setBlock(n);
    if (n == 0) fillOutside(back, r, to, headWidth * heads);
    for (let h = 0; n > 0 && h < heads; h++) attendHead(from, row, to, outRow, r, n, h, work);
    r += max(1, n);
  }
}

/** (∂q, ∂k, ∂v) [rows × 3 width] of qkv for dy [rows × width]. */
export function attentionGradient(
  qkv: usize, row: i32, back: usize, dy: usize, dyRow: i32, out: usize, outRow: i32, rows: i32, window: i32, work: usize,
): void {
  const width = 3 * headWidth * heads;
  for (let r = 0; r < rows; ) {
    const n = sequenceLength(back, r, rows, window);
    const from = qkv + ((<usize>r * row) << 2), to = out + ((<usize>r * outRow) << 2);
    setBlock(n);
    if (n == 0) fillOutside(back, r, to, width);
    for (let t = 0; t < n; t++) memory.fill(to + ((<usize>t * outRow) << 2), 0, <usize>width << 2);
    for (let h = 0; n > 0 && h < heads; h++)
      attendHeadGradient(from, row, dy + ((<usize>r * dyRow) << 2), dyRow, to, outRow, r, n, h, work);
    r += max(1, n);
  }
}
