/**
 * Losses of a row's scores against candidates that the batch shares; formulas in `ops/candidates.ts`. A row of scores is read a
 * few times while it lies in the first-level cache. Offsets end with −∞ up to a multiple of four, so that whole vectors can be
 * read; an offset of −∞ marks what is no candidate.
 */
import * as op from './opcodes';
import { storeTail } from './elementwise';
import { horizontalSum } from './simd';
import { expOfNegative4, sigmoid4, softplus4 } from './vector-math';

/** out[j] = −scale_j · weight[j], −∞ where list[j] = −1; `first` is the number of list[0]. */
export function candidateOffsets(
  list: usize, weights: usize, out: usize, rows: i32, first: i32, n: i32, nTargets: i32, targetScale: f32, sampleScale: f32,
): void {
  for (let k = 0; k < rows; k++) {
    const at = <usize>k << 2;
    const scale = first + k < nTargets ? targetScale : sampleScale;
    let offset: f32 = weights ? -scale * load<f32>(weights + at) : 0;
    if (load<i32>(list + at) < 0) offset = -Infinity;
    store<f32>(out + at, offset);
  }
  if (first + rows == n)
    for (let k = n; k & 3; k++) store<f32>(out + (<usize>(k - first) << 2), -Infinity);
}

/** What the passes over one row share. */
let list: usize = 0, offsets: usize = 0;
let width: i32 = 0, own: i32 = 0;
let target: f32 = 0;
/** Equal items are masked when this is no item. */
let masked: i32 = -2;

/** All ones where candidates j … j + 3 are negatives of the row (or, with `keepOwn`, the target itself). */
// @ts-ignore: decorator
@inline
function isNegative(j: i32, offset: v128, keepOwn: bool): v128 {
  let valid = f32x4.gt(offset, f32x4.splat(-Infinity));
  if (masked >= 0) valid = v128.and(valid, i32x4.ne(v128.load(list + (<usize>j << 2)), i32x4.splat(masked)));
  const isOwn = i32x4.eq(i32x4.add(i32x4.splat(j), i32x4(0, 1, 2, 3)), i32x4.splat(own));
  return keepOwn ? v128.or(valid, isOwn) : v128.andnot(valid, isOwn);
}

/** Scores of candidates j … j + 3 with their offsets, −∞ where they do not count. */
// @ts-ignore: decorator
@inline
function scoresAt(x: usize, j: i32, keepOwn: bool): v128 {
  const at = <usize>j << 2;
  const offset = v128.load(offsets + at);
  const sum = f32x4.add(v128.load(x + at), offset);
  return v128.bitselect(sum, f32x4.splat(-Infinity), isNegative(j, offset, keepOwn));
}

/** Largest score of a row; NaN counts for nothing here and shows up in the sums. */
function highest(x: usize, keepOwn: bool): f32 {
  let max = f32x4.splat(-Infinity);
  for (let j = 0; j < width; j += 4) {
    const v = scoresAt(x, j, keepOwn);
    max = v128.bitselect(v, max, f32x4.gt(v, max));
  }
  const a = f32x4.extract_lane(max, 0), b = f32x4.extract_lane(max, 1);
  const c = f32x4.extract_lane(max, 2), d = f32x4.extract_lane(max, 3);
  const ab = a > b ? a : b, cd = c > d ? c : d;
  return ab > cd ? ab : cd;
}

function openRow(x: usize, r: i32, n: i32, listAt: usize, offsetsAt: usize, mask: i32): void {
  list = listAt;
  offsets = offsetsAt;
  width = n;
  own = r;
  target = load<f32>(x + (<usize>r << 2)) + load<f32>(offsetsAt + (<usize>r << 2));
  masked = mask ? load<i32>(listAt + (<usize>r << 2)) : -2;
}

/** Sums of a row, in float64 beyond four-wide partial sums: Σ e, Σ e s, Σ e s (1 − s), Σ e x², and counts. */
let sumE: f64 = 0, sumES: f64 = 0, sumESlope: f64 = 0, sumEX2: f64 = 0, sumPlain: f64 = 0;
let count: i32 = 0;

/** Elements over which float32 partial sums run before they go into float64. */
const CHUNK: i32 = 512;

/** exp(x_j − max) with 0 for what does not count (x = −∞, also when max is −∞). */
// @ts-ignore: decorator
@inline
function weightOf(v: v128, max: v128, valid: v128): v128 {
  return v128.and(expOfNegative4(f32x4.sub(v, max)), valid);
}

/** Softmax over all candidates: log of the sum of exponentials, less the target. */
function crossEntropy(x: usize): f32 {
  const top = highest(x, true), max = f32x4.splat(top);
  sumE = 0;
  for (let from = 0; from < width; from += CHUNK) {
    let e = f32x4.splat(0);
    for (let j = from, end = min(width, from + CHUNK); j < end; j += 4) e = f32x4.add(e, expOfNegative4(f32x4.sub(scoresAt(x, j, true), max)));
    sumE += <f64>horizontalSum(e);
  }
  return <f32>(Math.log(sumE) + <f64>top - <f64>target);
}

/** out = dy · (softmax − [own]) */
function crossEntropyGradient(x: usize, dy: f32, out: usize): void {
  const max = f32x4.splat(highest(x, true));
  sumE = 0;
  for (let from = 0; from < width; from += CHUNK) {
    let sum = f32x4.splat(0);
    for (let j = from, end = min(width, from + CHUNK); j < end; j += 4) {
      const e = expOfNegative4(f32x4.sub(scoresAt(x, j, true), max));
      put(out, j, e);
      sum = f32x4.add(sum, e);
    }
    sumE += <f64>horizontalSum(sum);
  }
  const scale = f32x4.splat(<f32>(<f64>dy / sumE));
  for (let j = 0; j < width; j += 4) put(out, j, f32x4.mul(get(out, j), scale));
  const at = out + (<usize>own << 2);
  store<f32>(at, load<f32>(at) - dy);
}

/** Four elements of a row of the output; the last ones of a ragged row go one by one. */
// @ts-ignore: decorator
@inline
function put(out: usize, j: i32, v: v128): void {
  const at = out + (<usize>j << 2);
  if (j + 4 <= width) v128.store(at, v);
  else storeTail(at, v, width - j);
}

// @ts-ignore: decorator
@inline
function get(out: usize, j: i32): v128 {
  return v128.load(out + (<usize>j << 2));
}

// @ts-ignore: decorator
@inline
function slopeOf(s: v128): v128 {
  return f32x4.mul(s, f32x4.sub(f32x4.splat(1), s));
}

/** The sums that the softmax-weighted losses need. s_j = σ(t − x_j) for BPR-max, f_j = σ(x_j − t) + σ(x_j²) for TOP1-max. */
function weightedSums(kind: i32, x: usize, top: f32): void {
  const max = f32x4.splat(top), t = f32x4.splat(target);
  sumE = 0; sumES = 0; sumESlope = 0; sumEX2 = 0;
  for (let from = 0; from < width; from += CHUNK) {
    let a = f32x4.splat(0), b = a, c = a, d = a;
    for (let j = from, end = min(width, from + CHUNK); j < end; j += 4) {
      const at = <usize>j << 2;
      const offset = v128.load(offsets + at), valid = isNegative(j, offset, false);
      const v = f32x4.add(v128.load(x + at), offset);
      const e = weightOf(v, max, valid);
      const square = f32x4.mul(v, v);
      a = f32x4.add(a, e);
      if (kind == op.LOSS_BPR_MAX) {
        const s = sigmoid4(f32x4.sub(t, v));
        b = f32x4.add(b, v128.and(f32x4.mul(e, s), valid));
        c = f32x4.add(c, v128.and(f32x4.mul(e, slopeOf(s)), valid));
        d = f32x4.add(d, v128.and(f32x4.mul(e, square), valid));
      } else {
        const s = sigmoid4(f32x4.sub(v, t));
        b = f32x4.add(b, v128.and(f32x4.mul(e, f32x4.add(s, sigmoid4(square))), valid));
        c = f32x4.add(c, v128.and(f32x4.mul(e, slopeOf(s)), valid));
      }
    }
    sumE += <f64>horizontalSum(a);
    sumES += <f64>horizontalSum(b);
    sumESlope += <f64>horizontalSum(c);
    sumEX2 += <f64>horizontalSum(d);
  }
}

const TINY: f64 = 1e-24;

function weightedLoss(kind: i32, x: usize, lambda: f32): f32 {
  weightedSums(kind, x, highest(x, false));
  // a row without negatives has nothing to be compared with
  if (sumE == 0) return 0;
  const mean = sumES / sumE;
  if (kind == op.LOSS_TOP1_MAX) return <f32>mean;
  return <f32>(-Math.log(mean + TINY) + <f64>lambda * (sumEX2 / sumE));
}

function weightedGradient(kind: i32, x: usize, lambda: f32, dy: f32, out: usize): void {
  const top = highest(x, false);
  weightedSums(kind, x, top);
  if (sumE == 0) {
    memory.fill(out, 0, <usize>width << 2);
    return;
  }
  const max = f32x4.splat(top), t = f32x4.splat(target), two = f32x4.splat(2);
  const mean = f32x4.splat(<f32>(sumES / sumE)), squares = f32x4.splat(<f32>(sumEX2 / sumE));
  const perA = <f64>dy / (sumES / sumE + TINY);
  const scale = f32x4.splat(<f32>(<f64>dy / sumE)), scaleA = f32x4.splat(<f32>(perA / sumE));
  const ridge = f32x4.splat(lambda);
  for (let j = 0; j < width; j += 4) {
    const at = <usize>j << 2;
    const offset = v128.load(offsets + at), valid = isNegative(j, offset, false);
    const v = f32x4.add(v128.load(x + at), offset);
    const e = weightOf(v, max, valid), square = f32x4.mul(v, v);
    let g: v128;
    if (kind == op.LOSS_BPR_MAX) {
      const s = sigmoid4(f32x4.sub(t, v));
      g = f32x4.mul(f32x4.mul(e, scaleA), f32x4.add(f32x4.sub(mean, s), slopeOf(s)));
      const penalty = f32x4.add(f32x4.sub(square, squares), f32x4.mul(two, v));
      g = f32x4.add(g, f32x4.mul(f32x4.mul(ridge, f32x4.mul(e, scale)), penalty));
    } else {
      const s = sigmoid4(f32x4.sub(v, t)), q = sigmoid4(square);
      const inner = f32x4.add(f32x4.sub(f32x4.add(s, q), mean), slopeOf(s));
      g = f32x4.mul(f32x4.mul(e, scale), f32x4.add(inner, f32x4.mul(f32x4.mul(two, v), slopeOf(q))));
    }
    put(out, j, v128.and(g, valid));
  }
  const dt = kind == op.LOSS_BPR_MAX ? -perA * (sumESlope / sumE) : -<f64>dy * (sumESlope / sumE);
  store<f32>(out + (<usize>own << 2), <f32>dt);
}

/** Means over the negatives: BPR and TOP1. */
function plainLoss(kind: i32, x: usize): f32 {
  const t = f32x4.splat(target);
  sumPlain = 0;
  count = 0;
  for (let from = 0; from < width; from += CHUNK) {
    let sum = f32x4.splat(0), ones = i32x4.splat(0);
    for (let j = from, end = min(width, from + CHUNK); j < end; j += 4) {
      const at = <usize>j << 2;
      const offset = v128.load(offsets + at), valid = isNegative(j, offset, false);
      const v = f32x4.add(v128.load(x + at), offset);
      const apart = f32x4.sub(v, t);
      const term = kind == op.LOSS_BPR ? softplus4(apart) : f32x4.add(sigmoid4(apart), sigmoid4(f32x4.mul(v, v)));
      sum = f32x4.add(sum, v128.and(term, valid));
      ones = i32x4.sub(ones, valid);
    }
    sumPlain += <f64>horizontalSum(sum);
    count += i32x4.extract_lane(ones, 0) + i32x4.extract_lane(ones, 1) + i32x4.extract_lane(ones, 2) + i32x4.extract_lane(ones, 3);
  }
  return count == 0 ? 0 : <f32>(sumPlain / <f64>count);
}

function plainGradient(kind: i32, x: usize, dy: f32, out: usize): void {
  plainLoss(kind, x);
  const t = f32x4.splat(target), scale = f32x4.splat(<f32>(<f64>dy / <f64>max(1, count))), two = f32x4.splat(2);
  let dt: f64 = 0;
  for (let from = 0; from < width; from += CHUNK) {
    let sum = f32x4.splat(0);
    for (let j = from, end = min(width, from + CHUNK); j < end; j += 4) {
      const at = <usize>j << 2;
      const offset = v128.load(offsets + at), valid = isNegative(j, offset, false);
      const v = f32x4.add(v128.load(x + at), offset);
      const s = sigmoid4(f32x4.sub(v, t));
      let g = v128.and(f32x4.mul(scale, kind == op.LOSS_BPR ? s : slopeOf(s)), valid);
      sum = f32x4.add(sum, g);
      if (kind == op.LOSS_TOP1) {
        const q = f32x4.mul(f32x4.mul(two, v), slopeOf(sigmoid4(f32x4.mul(v, v))));
        g = f32x4.add(g, v128.and(f32x4.mul(scale, q), valid));
      }
      put(out, j, g);
    }
    dt += <f64>horizontalSum(sum);
  }
  store<f32>(out + (<usize>own << 2), <f32>-dt);
}

/** Losses of rows first … first + rows − 1 of the batch; row r's target is candidate r. */
export function candidateLoss(
  kind: i32, x: usize, xRow: i32, listAt: usize, offsetsAt: usize, out: usize, outRow: i32, rows: i32, first: i32, n: i32,
  mask: i32, lambda: f32,
): void {
  for (let r = 0; r < rows; r++) {
    openRow(x, first + r, n, listAt, offsetsAt, mask);
    let loss: f32;
    if (kind == op.LOSS_CROSS_ENTROPY) loss = crossEntropy(x);
    else if (kind == op.LOSS_BPR_MAX || kind == op.LOSS_TOP1_MAX) loss = weightedLoss(kind, x, lambda);
    else loss = plainLoss(kind, x);
    store<f32>(out, loss);
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out[r, :] = dy[r] · ∂loss[r] / ∂x[r, :] */
export function candidateLossGradient(
  kind: i32, x: usize, xRow: i32, listAt: usize, offsetsAt: usize, dy: usize, dyRow: i32, out: usize, outRow: i32, rows: i32,
  first: i32, n: i32, mask: i32, lambda: f32,
): void {
  for (let r = 0; r < rows; r++) {
    openRow(x, first + r, n, listAt, offsetsAt, mask);
    const d = load<f32>(dy);
    if (kind == op.LOSS_CROSS_ENTROPY) crossEntropyGradient(x, d, out);
    else if (kind == op.LOSS_BPR_MAX || kind == op.LOSS_TOP1_MAX) weightedGradient(kind, x, lambda, d, out);
    else plainGradient(kind, x, d, out);
    x += <usize>xRow << 2;
    dy += <usize>dyRow << 2;
    out += <usize>outRow << 2;
  }
}
