/**
 * Softmax cross-entropy of every row of a batch over all rows of a matrix, without ever keeping all logits: a share of the
 * matrix is passed over in tiles, once for the sums of exponentials and once more for the gradients; formulas in
 * `ops/full-softmax.ts`. Tiles hold one row of the matrix after the other, a column for each row of the batch: sums over the
 * matrix then need no sums within vectors, and the batch is packed once for all tiles.
 */
import * as op from './opcodes';
import { outerByBlas, productByBlas, usesBlas } from './blas';
import { dot } from './elementwise';
import { powerConstant, powerOfTwo4 } from './gate-math';
import { ACCUMULATE, gemm } from './gemm';
import { packPanels } from './pack';
import { madd } from './simd';

const LOG2_E: f32 = 1.44269504088896341;

// @ts-ignore: decorator
@inline
function shareStart(n: i32, share: i32): i32 {
  return <i32>((<i64>n * share) / op.SOFTMAX_SHARES);
}

/** Columns of a tile: the batch's rows up to whole panels; an odd number of cache lines keeps rows apart in the cache. */
// @ts-ignore: decorator
@inline
function tileStride(rows: i32): i32 {
  return (((rows + 15) >> 4) | 1) << 4;
}

// @ts-ignore: decorator
@inline
function tileRows(tileStride: i32): i32 {
  return max(8, op.SOFTMAX_TILE / tileStride);
}

/** Packs the batch for WebAssembly's product, at `panels`. */
function packBatch(x: usize, xRow: i32, panels: usize, rows: i32, width: i32): void {
  if (!usesBlas(rows, width)) packPanels(x, 1, xRow, panels, width, rows);
}

/** tile[m × rows] = w[m × width] · xᵀ */
function logits(
  x: usize, xRow: i32, panels: usize, w: usize, wRow: i32, tile: usize, tileRow: i32, m: i32, rows: i32, width: i32,
): void {
  if (usesBlas(rows, width)) productByBlas(w, wRow, 0, x, xRow, 1, tile, tileRow, m, rows, width, 0);
  else gemm(w, wRow, 1, panels, 8, 8 * width, tile, tileRow, m, (rows + 7) & ~7, width, 0, 0);
}

/** Takes m logits into the largest and the sum of 2^(log₂e · (logit − largest)) of every column. */
function addTile(tile: usize, tileRow: i32, m: i32, rows: i32, largest: usize, sums: usize): void {
  const log2e = f32x4.splat(LOG2_E), bytes = <usize>tileRow << 2;
  const one = powerConstant(0), low = powerConstant(1), a5 = powerConstant(3), a4 = powerConstant(4), a3 = powerConstant(5);
  const a2 = powerConstant(6), a1 = powerConstant(7);
  for (let r = 0; r < rows; r += 4) {
    const at = <usize>r << 2;
    const before = v128.load(largest + at);
    let top = before, p = tile + at;
    // NaN counts for nothing here and shows up in the sums
    for (let j = 0; j < m; j++) {
      top = f32x4.pmax(top, v128.load(p));
      p += bytes;
    }
    const shift = f32x4.neg(f32x4.mul(top, log2e));
    let y = f32x4.pmax(madd(before, log2e, shift), low);
    let sum = f32x4.mul(v128.load(sums + at), powerOfTwo4(y, one, a5, a4, a3, a2, a1));
    p = tile + at;
    for (let j = 0; j < m; j++) {
      y = f32x4.pmax(madd(v128.load(p), log2e, shift), low);
      sum = f32x4.add(sum, powerOfTwo4(y, one, a5, a4, a3, a2, a1));
      p += bytes;
    }
    v128.store(largest + at, top);
    v128.store(sums + at, sum);
  }
}

/** Below any logit that is a number, and finite, so that differences are too. */
const LOWEST: f32 = -3e38;

/** out[share] = (largest logit of each row of the batch, sum of exponentials less it) over the rows of the share. */
export function parts(
  x: usize, xRow: i32, w: usize, wRow: i32, out: usize, rows: i32, n: i32, width: i32, capacity: i32, firstShare: i32,
  shares: i32, scratch: usize,
): void {
  const columns = tileStride(rows), most = tileRows(columns);
  const panels = scratch, largest = panels + (<usize>(columns * width) << 2), sums = largest + (<usize>columns << 2);
  const tile = sums + (<usize>columns << 2);
  packBatch(x, xRow, panels, rows, width);
  for (let share = firstShare; share < firstShare + shares; share++) {
    for (let r = 0; r < columns; r++) store<f32>(largest + (<usize>r << 2), LOWEST);
    memory.fill(sums, 0, <usize>columns << 2);
    for (let j = shareStart(n, share), end = shareStart(n, share + 1); j < end; j += most) {
      const m = min(most, end - j);
      logits(x, xRow, panels, w + (<usize>(j * wRow) << 2), wRow, tile, columns, m, rows, width);
      addTile(tile, columns, m, rows, largest, sums);
    }
    const at = out + (<usize>(share * 2 * capacity) << 2);
    memory.copy(at, largest, <usize>rows << 2);
    memory.copy(at + (<usize>capacity << 2), sums, <usize>rows << 2);
  }
}

/** ln Σ exp over all shares of row r. */
function logSum(partsAt: usize, capacity: i32, r: i32): f64 {
  let top: f32 = LOWEST;
  for (let share = 0; share < op.SOFTMAX_SHARES; share++) {
    const v = load<f32>(partsAt + (<usize>(share * 2 * capacity + r) << 2));
    top = v > top ? v : top;
  }
  let sum: f64 = 0;
  for (let share = 0; share < op.SOFTMAX_SHARES; share++) {
    const at = partsAt + (<usize>(share * 2 * capacity + r) << 2);
    const part = <f64>load<f32>(at + (<usize>capacity << 2));
    // NaN comes through; a share without rows has the sum 0
    if (part != 0) sum += part * Math.exp(<f64>load<f32>(at) - <f64>top);
  }
  return <f64>top + Math.log(sum);
}

/** out[r] = ln Σ_j exp(x_r · w_j) − x_r · w_target */
export function loss(
  x: usize, xRow: i32, w: usize, wRow: i32, target: usize, targetRow: i32, partsAt: usize, out: usize, outRow: i32, rows: i32,
  first: i32, n: i32, width: i32, capacity: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const own = load<i32>(target);
    let value: f32 = NaN;
    if (<u32>own < <u32>n)
      value = <f32>(logSum(partsAt, capacity, first + r) - <f64>dot(x, w + (<usize>(own * wRow) << 2), width));
    store<f32>(out, value);
    x += <usize>xRow << 2;
    target += <usize>targetRow << 2;
    out += <usize>outRow << 2;
  }
}

/** Logits to dy · softmax, in place. */
function weigh(tile: usize, tileRow: i32, m: i32, rows: i32, shifts: usize, dy: usize): void {
  const log2e = f32x4.splat(LOG2_E), bytes = <usize>tileRow << 2;
  const one = powerConstant(0), low = powerConstant(1), a5 = powerConstant(3), a4 = powerConstant(4), a3 = powerConstant(5);
  const a2 = powerConstant(6), a1 = powerConstant(7);
  for (let r = 0; r < rows; r += 4) {
    const at = <usize>r << 2;
    const shift = v128.load(shifts + at), scale = v128.load(dy + at);
    let p = tile + at;
    for (let j = 0; j < m; j++) {
      const y = f32x4.pmax(madd(v128.load(p), log2e, shift), low);
      v128.store(p, f32x4.mul(scale, powerOfTwo4(y, one, a5, a4, a3, a2, a1)));
      p += bytes;
    }
  }
}

/**
 * With P[j, r] = dy[r] (softmax[r, j] − [j = target of r]): rows j of out = Σ_r P[j, r] x_r, and behind all rows of the matrix,
 * for each share, its sums Σ_j P[j, r] w_j.
 */
export function gradient(
  x: usize, xRow: i32, w: usize, wRow: i32, target: usize, targetRow: i32, partsAt: usize, dy: usize, dyRow: i32, out: usize,
  rows: i32, n: i32, width: i32, capacity: i32, firstShare: i32, shares: i32, scratch: usize,
): void {
  const columns = tileStride(rows), most = tileRows(columns);
  const panels = scratch, shifts = panels + (<usize>(columns * width) << 2), scales = shifts + (<usize>columns << 2);
  const tile = scales + (<usize>columns << 2);
  packBatch(x, xRow, panels, rows, width);
  memory.fill(shifts, 0, <usize>columns << 3);
  for (let r = 0; r < rows; r++) {
    store<f32>(shifts + (<usize>r << 2), <f32>(-logSum(partsAt, capacity, r) * <f64>LOG2_E));
    store<f32>(scales + (<usize>r << 2), load<f32>(dy + (<usize>(r * dyRow) << 2)));
  }
  const blas = usesBlas(rows, width) && xRow >= width && wRow >= width;
  for (let share = firstShare; share < firstShare + shares; share++) {
    const sums = out + (<usize>((n + share * capacity) * width) << 2);
    memory.fill(sums, 0, <usize>(rows * width) << 2);
    for (let j = shareStart(n, share), end = shareStart(n, share + 1); j < end; j += most) {
      const m = min(most, end - j), from = w + (<usize>(j * wRow) << 2), to = out + (<usize>(j * width) << 2);
      logits(x, xRow, panels, from, wRow, tile, columns, m, rows, width);
      weigh(tile, columns, m, rows, shifts, scales);
      for (let r = 0; r < rows; r++) {
        const own = load<i32>(target + (<usize>(r * targetRow) << 2)) - j;
        if (<u32>own >= <u32>m) continue;
        const at = tile + (<usize>(own * columns + r) << 2);
        store<f32>(at, load<f32>(at) - load<f32>(scales + (<usize>r << 2)));
      }
      if (blas) {
        productByBlas(tile, columns, 0, x, xRow, 0, to, width, m, width, rows, 0);
        outerByBlas(tile, columns, from, wRow, sums, width, rows, width, m, 1);
      } else {
        gemm(tile, columns, 1, x, xRow, 8, to, width, m, width, rows, 0, 0);
        gemm(tile, 1, columns, from, wRow, 8, sums, width, rows, width, m, ACCUMULATE, 0);
      }
    }
  }
}

/** out[r] = Σ over the shares, in their order, of what `gradient` left for row r. */
export function sumShares(sums: usize, out: usize, outRow: i32, rows: i32, first: i32, n: i32, width: i32, capacity: i32): void {
  const share = <usize>(capacity * width) << 2;
  let from = sums + (<usize>((n + first) * width) << 2);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < width; j++) {
      let sum: f32 = 0, at = from + (<usize>j << 2);
      for (let s = 0; s < op.SOFTMAX_SHARES; s++) {
        sum += load<f32>(at);
        at += share;
      }
      store<f32>(out + (<usize>j << 2), sum);
    }
    from += <usize>width << 2;
    out += <usize>outRow << 2;
  }
}
