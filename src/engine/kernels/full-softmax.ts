/**
 * Softmax cross-entropy of every row of a batch over all rows of a matrix: a share of the matrix is passed over in tiles, once
 * for the sums of exponentials and once more for the gradients; formulas in `ops/full-softmax.ts`. The exponentials of the first
 * pass are kept for the second where there is room for them, else logits are computed again. Tiles hold one row of the matrix after the other, a column for each row of the batch: sums over the
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

/** 2^(log₂e · v + shift), not below 2^−126. */
// @ts-ignore: decorator
@inline
function power(v: v128, log2e: v128, shift: v128, low: v128, one: v128, a5: v128, a4: v128, a3: v128, a2: v128, a1: v128): v128 {
  return powerOfTwo4(f32x4.pmax(madd(v, log2e, shift), low), one, a5, a4, a3, a2, a1);
}

/** Takes m logits into the largest and the sum of 2^(log₂e · (logit − largest)) of every column; columns go by eight. */
function addTile(tile: usize, tileRow: i32, m: i32, rows: i32, largest: usize, sums: usize): void {
  const log2e = f32x4.splat(LOG2_E), bytes = <usize>tileRow << 2;
  const one = powerConstant(0), low = powerConstant(1), a5 = powerConstant(3), a4 = powerConstant(4), a3 = powerConstant(5);
  const a2 = powerConstant(6), a1 = powerConstant(7);
  for (let r = 0; r < rows; r += 8) {
    const at = <usize>r << 2;
    const before0 = v128.load(largest + at), before1 = v128.load(largest + at, 16);
    let top0 = before0, top1 = before1, p = tile + at;
    // NaN counts for nothing here and shows up in the sums
    for (let j = 0; j < m; j++) {
      top0 = f32x4.pmax(top0, v128.load(p));
      top1 = f32x4.pmax(top1, v128.load(p, 16));
      p += bytes;
    }
    const shift0 = f32x4.neg(f32x4.mul(top0, log2e)), shift1 = f32x4.neg(f32x4.mul(top1, log2e));
    let sum0 = f32x4.mul(v128.load(sums + at), power(before0, log2e, shift0, low, one, a5, a4, a3, a2, a1));
    let sum1 = f32x4.mul(v128.load(sums + at, 16), power(before1, log2e, shift1, low, one, a5, a4, a3, a2, a1));
    p = tile + at;
    for (let j = 0; j < m; j++) {
      sum0 = f32x4.add(sum0, power(v128.load(p), log2e, shift0, low, one, a5, a4, a3, a2, a1));
      sum1 = f32x4.add(sum1, power(v128.load(p, 16), log2e, shift1, low, one, a5, a4, a3, a2, a1));
      p += bytes;
    }
    v128.store(largest + at, top0);
    v128.store(largest + at, top1, 16);
    v128.store(sums + at, sum0);
    v128.store(sums + at, sum1, 16);
  }
}

/** Below any logit that is a number, and finite, so that differences are too. */
const LOWEST: f32 = -3e38;

/**
 * As `addTile`, but the logits become exponentials less the largest of their column in the tile, which is stored in `tops`: what
 * the second pass needs.
 */
function keepTile(tile: usize, tileRow: i32, m: i32, rows: i32, tops: usize, largest: usize, sums: usize): void {
  const log2e = f32x4.splat(LOG2_E), bytes = <usize>tileRow << 2;
  const one = powerConstant(0), low = powerConstant(1), a5 = powerConstant(3), a4 = powerConstant(4), a3 = powerConstant(5);
  const a2 = powerConstant(6), a1 = powerConstant(7);
  for (let r = 0; r < rows; r += 8) {
    const at = <usize>r << 2;
    let top0 = f32x4.splat(LOWEST), top1 = top0, p = tile + at;
    for (let j = 0; j < m; j++) {
      top0 = f32x4.pmax(top0, v128.load(p));
      top1 = f32x4.pmax(top1, v128.load(p, 16));
      p += bytes;
    }
    const shift0 = f32x4.neg(f32x4.mul(top0, log2e)), shift1 = f32x4.neg(f32x4.mul(top1, log2e));
    let sum0 = f32x4.splat(0), sum1 = sum0;
    p = tile + at;
    for (let j = 0; j < m; j++) {
      const e0 = power(v128.load(p), log2e, shift0, low, one, a5, a4, a3, a2, a1);
      const e1 = power(v128.load(p, 16), log2e, shift1, low, one, a5, a4, a3, a2, a1);
      v128.store(p, e0);
      v128.store(p, e1, 16);
      sum0 = f32x4.add(sum0, e0);
      sum1 = f32x4.add(sum1, e1);
      p += bytes;
    }
    v128.store(tops + at, top0);
    v128.store(tops + at, top1, 16);
    join(largest + at, sums + at, top0, sum0, log2e, low, one, a5, a4, a3, a2, a1);
    join(largest + at + 16, sums + at + 16, top1, sum1, log2e, low, one, a5, a4, a3, a2, a1);
  }
}

/** Adds the sum of a tile to that of the tiles before. */
// @ts-ignore: decorator
@inline
function join(
  largest: usize, sums: usize, top: v128, sum: v128, log2e: v128, low: v128, one: v128, a5: v128, a4: v128, a3: v128, a2: v128,
  a1: v128,
): void {
  const before = v128.load(largest), after = f32x4.pmax(before, top), turn = f32x4.neg(f32x4.mul(after, log2e));
  const old = f32x4.mul(v128.load(sums), power(before, log2e, turn, low, one, a5, a4, a3, a2, a1));
  v128.store(sums, f32x4.add(old, f32x4.mul(sum, power(top, log2e, turn, low, one, a5, a4, a3, a2, a1))));
  v128.store(largest, after);
}

/**
 * out[share] = (largest logit of each row of the batch, sum of exponentials less it) over the rows of the share, and behind them,
 * where they are kept, the tiles of exponentials, each after its largest logits.
 * @param shareWords elements from one share of `out` to the next
 */
export function parts(
  x: usize, xRow: i32, w: usize, wRow: i32, out: usize, shareWords: i32, keep: bool, rows: i32, n: i32, width: i32, capacity: i32,
  firstShare: i32, shares: i32, scratch: usize,
): void {
  const columns = tileStride(rows), most = tileRows(columns), line = <usize>columns << 2;
  const panels = scratch, largest = panels + (<usize>(columns * width) << 2), sums = largest + line;
  const tile = sums + line;
  packBatch(x, xRow, panels, rows, width);
  for (let share = firstShare; share < firstShare + shares; share++) {
    for (let r = 0; r < columns; r++) store<f32>(largest + (<usize>r << 2), LOWEST);
    memory.fill(sums, 0, line);
    const at = out + ((<usize>share * shareWords) << 2);
    let kept = at + (<usize>(2 * capacity) << 2);
    for (let j = shareStart(n, share), end = shareStart(n, share + 1); j < end; j += most) {
      const m = min(most, end - j), here = keep ? kept + line : tile;
      logits(x, xRow, panels, w + (<usize>(j * wRow) << 2), wRow, here, columns, m, rows, width);
      if (keep) keepTile(here, columns, m, rows, kept, largest, sums);
      else addTile(here, columns, m, rows, largest, sums);
      kept += <usize>(most + 1) * line;
    }
    memory.copy(at, largest, <usize>rows << 2);
    memory.copy(at + (<usize>capacity << 2), sums, <usize>rows << 2);
  }
}

/** ln Σ exp over all shares of row r. */
function logSum(partsAt: usize, shareWords: i32, capacity: i32, r: i32): f64 {
  let top: f32 = LOWEST;
  for (let share = 0; share < op.SOFTMAX_SHARES; share++) {
    const v = load<f32>(partsAt + ((<usize>share * shareWords + r) << 2));
    top = v > top ? v : top;
  }
  let sum: f64 = 0;
  for (let share = 0; share < op.SOFTMAX_SHARES; share++) {
    const at = partsAt + ((<usize>share * shareWords + r) << 2);
    const part = <f64>load<f32>(at + (<usize>capacity << 2));
    // NaN comes through; a share without rows has the sum 0
    if (part != 0) sum += part * Math.exp(<f64>load<f32>(at) - <f64>top);
  }
  return <f64>top + Math.log(sum);
}

/** out[r] = ln Σ_j exp(x_r · w_j) − x_r · w_target */
export function loss(
  x: usize, xRow: i32, w: usize, wRow: i32, target: usize, targetRow: i32, partsAt: usize, shareWords: i32, out: usize,
  outRow: i32, rows: i32, first: i32, n: i32, width: i32, capacity: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const own = load<i32>(target);
    let value: f32 = NaN;
    if (<u32>own < <u32>n)
      value = <f32>(logSum(partsAt, shareWords, capacity, first + r) - <f64>dot(x, w + (<usize>(own * wRow) << 2), width));
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
  for (let r = 0; r < rows; r += 8) {
    const at = <usize>r << 2;
    const shift0 = v128.load(shifts + at), shift1 = v128.load(shifts + at, 16);
    const scale0 = v128.load(dy + at), scale1 = v128.load(dy + at, 16);
    let p = tile + at;
    for (let j = 0; j < m; j++) {
      const e0 = power(v128.load(p), log2e, shift0, low, one, a5, a4, a3, a2, a1);
      const e1 = power(v128.load(p, 16), log2e, shift1, low, one, a5, a4, a3, a2, a1);
      v128.store(p, f32x4.mul(scale0, e0));
      v128.store(p, f32x4.mul(scale1, e1), 16);
      p += bytes;
    }
  }
}

/**
 * With P[j, r] = dy[r] (softmax[r, j] − [j = target of r]): rows j of out = Σ_r P[j, r] x_r, and behind all rows of the matrix,
 * for each share, its sums Σ_j P[j, r] w_j.
 * @param n rows of the matrix that count, of `places`
 */
export function gradient(
  x: usize, xRow: i32, w: usize, wRow: i32, target: usize, targetRow: i32, partsAt: usize, shareWords: i32, keep: bool, dy: usize,
  dyRow: i32, out: usize, rows: i32, n: i32, places: i32, width: i32, capacity: i32, firstShare: i32, shares: i32, scratch: usize,
): void {
  const columns = tileStride(rows), most = tileRows(columns), line = <usize>columns << 2;
  const panels = scratch, shifts = panels + (<usize>(columns * width) << 2), scales = shifts + line, factors = scales + line;
  const scaled = factors + line, part = scaled + (<usize>(columns * width) << 2), tile = part + (<usize>(columns * width) << 2);
  if (!keep) packBatch(x, xRow, panels, rows, width);
  memory.fill(shifts, 0, 2 * line);
  for (let r = 0; r < rows; r++) {
    store<f32>(shifts + (<usize>r << 2), <f32>(-logSum(partsAt, shareWords, capacity, r) * <f64>LOG2_E));
    store<f32>(scales + (<usize>r << 2), load<f32>(dy + (<usize>(r * dyRow) << 2)));
  }
  for (let share = firstShare; share < firstShare + shares; share++) {
    const sums = out + (<usize>((places + share * capacity) * width) << 2), start = shareStart(n, share), end = shareStart(n, share + 1);
    let kept = partsAt + ((<usize>share * shareWords + 2 * capacity) << 2);
    memory.fill(sums, 0, <usize>(rows * width) << 2);
    for (let j = start; j < end; j += most) {
      const m = min(most, end - j), from = w + (<usize>(j * wRow) << 2), to = out + (<usize>(j * width) << 2);
      if (keep) {
        // the factors of a tile's columns go to the small operands of the products
        factorsOf(kept, shifts, scales, factors, rows);
        scaleRows(x, xRow, factors, scaled, rows, width, false);
        multiply(kept + line, columns, scaled, width, to, m, width, rows);
        multiplyTurned(kept + line, columns, from, wRow, part, rows, width, m, false);
        scaleRows(part, width, factors, sums, rows, width, true);
      } else {
        logits(x, xRow, panels, from, wRow, tile, columns, m, rows, width);
        weigh(tile, columns, m, rows, shifts, scales);
        multiply(tile, columns, x, xRow, to, m, width, rows);
        multiplyTurned(tile, columns, from, wRow, sums, rows, width, m, true);
      }
      kept += <usize>(most + 1) * line;
    }
    for (let r = 0; r < rows; r++) {
      const own = load<i32>(target + (<usize>(r * targetRow) << 2));
      if (own < start || own >= end) continue;
      const dy = load<f32>(scales + (<usize>r << 2));
      subtractScaled(out + (<usize>(own * width) << 2), x + (<usize>(r * xRow) << 2), dy, width);
      subtractScaled(sums + (<usize>(r * width) << 2), w + (<usize>(own * wRow) << 2), dy, width);
    }
  }
}

/** out[m × width] = tile[m × rows] · b[rows × width] */
function multiply(tile: usize, tileRow: i32, b: usize, bRow: i32, out: usize, m: i32, width: i32, rows: i32): void {
  if (usesBlas(rows, width)) productByBlas(tile, tileRow, 0, b, bRow, 0, out, width, m, width, rows, 0);
  else gemm(tile, tileRow, 1, b, bRow, 8, out, width, m, width, rows, 0, 0);
}

/** out[rows × width] (+)= tileᵀ · w[m × width] */
function multiplyTurned(
  tile: usize, tileRow: i32, w: usize, wRow: i32, out: usize, rows: i32, width: i32, m: i32, accumulate: bool,
): void {
  if (usesBlas(rows, width)) outerByBlas(tile, tileRow, w, wRow, out, width, rows, width, m, accumulate ? 1 : 0);
  else gemm(tile, 1, tileRow, w, wRow, 8, out, width, rows, width, m, accumulate ? ACCUMULATE : 0, 0);
}

/** factors = dy · exp(largest logit of the tile − ln Σ exp) */
function factorsOf(tops: usize, shifts: usize, dy: usize, factors: usize, rows: i32): void {
  const log2e = f32x4.splat(LOG2_E);
  const one = powerConstant(0), low = powerConstant(1), a5 = powerConstant(3), a4 = powerConstant(4), a3 = powerConstant(5);
  const a2 = powerConstant(6), a1 = powerConstant(7);
  for (let at: usize = 0; at < <usize>rows << 2; at += 16) {
    const e = power(v128.load(tops + at), log2e, v128.load(shifts + at), low, one, a5, a4, a3, a2, a1);
    v128.store(factors + at, f32x4.mul(v128.load(dy + at), e));
  }
}

/** out[r] (+)= factors[r] · x[r] */
function scaleRows(x: usize, xRow: i32, factors: usize, out: usize, rows: i32, width: i32, accumulate: bool): void {
  for (let r = 0; r < rows; r++) {
    const factor = load<f32>(factors + (<usize>r << 2)), four = f32x4.splat(factor);
    let j = 0;
    for (; j + 4 <= width; j += 4) {
      const at = <usize>j << 2;
      let v = f32x4.mul(four, v128.load(x + at));
      if (accumulate) v = f32x4.add(v, v128.load(out + at));
      v128.store(out + at, v);
    }
    for (; j < width; j++) {
      const at = <usize>j << 2;
      const v = factor * load<f32>(x + at);
      store<f32>(out + at, accumulate ? load<f32>(out + at) + v : v);
    }
    x += <usize>xRow << 2;
    out += <usize>width << 2;
  }
}

/** out −= factor · x */
function subtractScaled(out: usize, x: usize, factor: f32, width: i32): void {
  for (let at: usize = 0; at < <usize>width << 2; at += 4)
    store<f32>(out + at, load<f32>(out + at) - factor * load<f32>(x + at));
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
