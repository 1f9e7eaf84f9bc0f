/**
 * Losses of a row's scores against candidates that the batch shares, and their derivatives; formulas in `ops/candidates.ts`. A row
 * is passed over three times while it lies in the first-level cache: effective scores and their maximum, then exponentials and
 * their sums, then slopes. Offsets end with −∞ up to a multiple of four, so that whole vectors can be read; an offset of −∞ marks
 * what is no candidate.
 */
import * as op from './opcodes';
import { gateSigmoid4, powerConstant, powerOfTwo4 } from './gate-math';
import { horizontalSum } from './simd';
import { exp4, log1p4 } from './vector-math';

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

/** What the passes over one row share: its length up to a multiple of four, and the score of its target. */
let width: i32 = 0;
let target: f32 = 0;
/** The largest effective score, 0 where nothing counts. NaN has no part in it and shows up in the sums. */
let top: f32 = 0;

/** Elements over which float32 partial sums run before they go into float64. */
const CHUNK: i32 = 512;
/** The effective score of what does not count. */
const EXCLUDED: f32 = -f32.MAX_VALUE;
/** 2 to the power of this is exactly 0 by `powerOfTwo4`: its bits are those of 1, less 127 in the exponent. */
const VANISHING: f32 = -127;
const LOG2_E: f32 = 1.44269504;

/** Effective scores (offset added) of four candidates; `item` itself is none. */
// @ts-ignore: decorator
@inline
function effective(x: usize, list: usize, offsets: usize, item: v128, excluded: v128, noOffset: v128): v128 {
  const offset = v128.load(offsets);
  const valid = v128.and(f32x4.gt(offset, noOffset), i32x4.ne(v128.load(list), item));
  return v128.bitselect(f32x4.add(v128.load(x), offset), excluded, valid);
}

/** Effective scores of candidates from … to − 1, whole vectors, into `out`; their largest one. */
export function effectiveScores(x: usize, list: usize, offsets: usize, masked: i32, from: i32, to: i32, out: usize): f32 {
  const excluded = f32x4.splat(EXCLUDED), noOffset = f32x4.splat(-Infinity), item = i32x4.splat(masked);
  let max0 = excluded, max1 = excluded, at = <usize>from << 2;
  const end = <usize>to << 2;
  for (; at + 32 <= end; at += 32) {
    const v0 = effective(x + at, list + at, offsets + at, item, excluded, noOffset);
    const v1 = effective(x + at + 16, list + at + 16, offsets + at + 16, item, excluded, noOffset);
    max0 = f32x4.pmax(max0, v0);
    max1 = f32x4.pmax(max1, v1);
    v128.store(out + at, v0);
    v128.store(out + at, v1, 16);
  }
  if (at < end) {
    const v = effective(x + at, list + at, offsets + at, item, excluded, noOffset);
    max0 = f32x4.pmax(max0, v);
    v128.store(out + at, v);
  }
  const max = f32x4.pmax(max0, max1);
  const a = f32x4.extract_lane(max, 0), b = f32x4.extract_lane(max, 1);
  const c = f32x4.extract_lane(max, 2), d = f32x4.extract_lane(max, 3);
  const ab = a > b ? a : b, cd = c > d ? c : d;
  return ab > cd ? ab : cd;
}

/** Effective scores of row r into `out`, the target's own as `keepOwn` says, and what else the passes share. */
function openRow(x: usize, r: i32, n: i32, list: usize, offsets: usize, mask: i32, keepOwn: bool, out: usize): void {
  const own = <usize>r << 2, group = r & ~3;
  width = (n + 3) & ~3;
  target = load<f32>(x + own) + load<f32>(offsets + own);
  const masked = mask ? load<i32>(list + own) : -2;
  // the target's own vector apart, so that no other one need look for it
  const before = effectiveScores(x, list, offsets, masked, 0, group, out);
  const after = effectiveScores(x, list, offsets, masked, group + 4, width, out);
  effectiveScores(x, list, offsets, masked, group, group + 4, out);
  store<f32>(out + own, keepOwn ? target : EXCLUDED);
  top = before > after ? before : after;
  for (let j = group; j < group + 4; j++) {
    const v = load<f32>(out + (<usize>j << 2));
    if (v > top) top = v;
  }
  if (top == EXCLUDED) top = 0;
}

/** e^(x − top) for x ≤ top as 2^y; 0 for what is excluded. */
// @ts-ignore: decorator
@inline
function power(v: v128, max: v128, scale: v128, least: v128, one: v128, a5: v128, a4: v128, a3: v128, a2: v128, a1: v128): v128 {
  return powerOfTwo4(f32x4.pmax(f32x4.mul(f32x4.sub(v, max), scale), least), one, a5, a4, a3, a2, a1);
}

/** The first `width` numbers of a row times a factor, in place. */
export function scaleRow(row: usize, width: i32, factor: f32): void {
  const scale = f32x4.splat(factor), end = row + (<usize>width << 2);
  for (; row + 32 <= end; row += 32) {
    const a = v128.load(row), b = v128.load(row, 16);
    v128.store(row, f32x4.mul(a, scale));
    v128.store(row, f32x4.mul(b, scale), 16);
  }
  if (row < end) v128.store(row, f32x4.mul(v128.load(row), scale));
}

/** The first `width` numbers of a row, whole vectors, to e^(number − highest) in place; their sum. */
export function exponentials(row: usize, width: i32, highest: f32): f64 {
  const max = f32x4.splat(highest), scale = f32x4.splat(LOG2_E), least = f32x4.splat(VANISHING), one = powerConstant(0);
  const a5 = powerConstant(3), a4 = powerConstant(4), a3 = powerConstant(5), a2 = powerConstant(6), a1 = powerConstant(7);
  let sumE: f64 = 0;
  for (let from = 0; from < width; from += CHUNK) {
    let sum0 = f32x4.splat(0), sum1 = sum0, at = row + (<usize>from << 2);
    const end = row + (<usize>min(width, from + CHUNK) << 2);
    for (; at + 32 <= end; at += 32) {
      const e0 = power(v128.load(at), max, scale, least, one, a5, a4, a3, a2, a1);
      const e1 = power(v128.load(at, 16), max, scale, least, one, a5, a4, a3, a2, a1);
      v128.store(at, e0);
      v128.store(at, e1, 16);
      sum0 = f32x4.add(sum0, e0);
      sum1 = f32x4.add(sum1, e1);
    }
    if (at < end) {
      const e = power(v128.load(at), max, scale, least, one, a5, a4, a3, a2, a1);
      v128.store(at, e);
      sum0 = f32x4.add(sum0, e);
    }
    sumE += <f64>horizontalSum(f32x4.add(sum0, sum1));
  }
  return sumE;
}

/** Softmax over all candidates: log of the sum of exponentials, less the target; slopes are the softmax, less 1 at the target. */
function crossEntropy(row: usize, own: usize): f32 {
  const sumE = exponentials(row, width, top);
  scaleRow(row, width, <f32>(1 / sumE));
  store<f32>(row + own, load<f32>(row + own) - 1);
  return <f32>(Math.log(sumE) + <f64>top - <f64>target);
}

/** s (1 − s) */
// @ts-ignore: decorator
@inline
function slopeOf(s: v128): v128 {
  return f32x4.mul(s, f32x4.sub(powerConstant(0), s));
}

/** Sums of a row, in float64 beyond four-wide partial sums: Σ e, Σ e s (or e f), Σ e s (1 − s), Σ e x². */
let sumE: f64 = 0, sumES: f64 = 0, sumESlope: f64 = 0, sumEX2: f64 = 0;

/** Beyond this distance of the largest score from the target e^(x − t) is no product of e^(x − top) and e^(top − t). */
const NEAR: f32 = 40;

/**
 * Exponentials and sums of the losses that weigh by softmax: x goes into `row`, 0 where nothing counts; e^(x − top) into `e`, and
 * into `other` s = σ(t − x) for BPR-max, for TOP1-max what the slope holds besides the loss.
 */
function weightedSums(isTop1: bool, row: usize, e: usize, other: usize): void {
  const max = f32x4.splat(top), t = f32x4.splat(target), excluded = f32x4.splat(EXCLUDED), scale = f32x4.splat(LOG2_E);
  const least = f32x4.splat(VANISHING), one = powerConstant(0);
  const a5 = powerConstant(3), a4 = powerConstant(4), a3 = powerConstant(5), a2 = powerConstant(6), a1 = powerConstant(7);
  const isNear = top - target <= NEAR, distance = f32x4.splat(isNear ? <f32>Math.exp(<f64>top - <f64>target) : 0);
  sumE = 0; sumES = 0; sumESlope = 0; sumEX2 = 0;
  for (let from = 0; from < width; from += CHUNK) {
    let a = f32x4.splat(0), b = a, c = a, d = a;
    for (let at = <usize>from << 2, end = <usize>min(width, from + CHUNK) << 2; at < end; at += 16) {
      let v = v128.load(row + at);
      const w = power(v, max, scale, least, one, a5, a4, a3, a2, a1);
      v = v128.and(v, f32x4.ne(v, excluded));
      const square = f32x4.mul(v, v);
      // σ(t − x) = 1 / (1 + e^(x − t))
      const s = isNear ? f32x4.div(one, f32x4.add(one, f32x4.mul(w, distance))) : gateSigmoid4(f32x4.sub(t, v));
      const slope = f32x4.mul(s, f32x4.sub(one, s));
      v128.store(row + at, v);
      v128.store(e + at, w);
      a = f32x4.add(a, w);
      c = f32x4.add(c, f32x4.mul(w, slope));
      if (isTop1) {
        const q = gateSigmoid4(square), f = f32x4.add(f32x4.sub(one, s), q);
        b = f32x4.add(b, f32x4.mul(w, f));
        v128.store(other + at, f32x4.add(f32x4.add(f, slope), f32x4.mul(f32x4.add(v, v), slopeOf(q))));
      } else {
        b = f32x4.add(b, f32x4.mul(w, s));
        d = f32x4.add(d, f32x4.mul(w, square));
        v128.store(other + at, s);
      }
    }
    sumE += <f64>horizontalSum(a);
    sumES += <f64>horizontalSum(b);
    sumESlope += <f64>horizontalSum(c);
    sumEX2 += <f64>horizontalSum(d);
  }
}

const TINY: f64 = 1e-24;

/** e ((A − s²) / (A Σ e) + λ / Σ e (x (x + 2) − R)) */
// @ts-ignore: decorator
@inline
function bprMaxSlope(
  x: v128, e: v128, s: v128, perA: v128, mean: v128, ridge: v128, r: v128, two: v128, zero: v128,
): v128 {
  const pull = f32x4.mul(perA, f32x4.sub(mean, f32x4.mul(s, s)));
  const penalty = f32x4.mul(ridge, f32x4.sub(f32x4.mul(x, f32x4.add(x, two)), r));
  // + 0 makes zeros of what is excluded positive
  return f32x4.add(f32x4.mul(e, f32x4.add(pull, penalty)), zero);
}

function bprMax(row: usize, own: usize, lambda: f32, e: usize, s: usize): f32 {
  weightedSums(false, row, e, s);
  // a row without negatives has nothing to be compared with
  if (sumE == 0) return 0;
  const a = sumES / sumE, squares = sumEX2 / sumE;
  // w ((A − s + s (1 − s)) / A + λ (x² − R + 2 x)) = e ((A − s²) / (A Σ e) + λ / Σ e (x (x + 2) − R))
  const mean = f32x4.splat(<f32>a), perA = f32x4.splat(<f32>(1 / ((a + TINY) * sumE)));
  const r = f32x4.splat(<f32>squares), ridge = f32x4.splat(<f32>(<f64>lambda / sumE)), two = powerConstant(10);
  const zero = f32x4.splat(0);
  const end = <usize>width << 2;
  let at: usize = 0;
  for (; at + 32 <= end; at += 32) {
    const slope0 = bprMaxSlope(v128.load(row + at), v128.load(e + at), v128.load(s + at), perA, mean, ridge, r, two, zero);
    const slope1 = bprMaxSlope(
      v128.load(row + at, 16), v128.load(e + at, 16), v128.load(s + at, 16), perA, mean, ridge, r, two, zero,
    );
    v128.store(row + at, slope0);
    v128.store(row + at, slope1, 16);
  }
  if (at < end) {
    const slope = bprMaxSlope(v128.load(row + at), v128.load(e + at), v128.load(s + at), perA, mean, ridge, r, two, zero);
    v128.store(row + at, slope);
  }
  store<f32>(row + own, <f32>(-sumESlope / (sumE * (a + TINY))));
  return <f32>(-Math.log(a + TINY) + <f64>lambda * squares);
}

function top1Max(row: usize, own: usize, e: usize, other: usize): f32 {
  weightedSums(true, row, e, other);
  if (sumE == 0) return 0;
  const loss = sumES / sumE;
  const mean = f32x4.splat(<f32>loss), scale = f32x4.splat(<f32>(1 / sumE)), zero = f32x4.splat(0);
  for (let at: usize = 0, end = <usize>width << 2; at < end; at += 16)
    v128.store(
      row + at, f32x4.add(f32x4.mul(f32x4.mul(v128.load(e + at), scale), f32x4.sub(v128.load(other + at), mean)), zero),
    );
  store<f32>(row + own, <f32>(-sumESlope / sumE));
  return <f32>loss;
}

/** Sums of BPR and TOP1 over the negatives: terms, slopes against the target; and how many they are. */
let sumTerms: f64 = 0, sumSlopes: f64 = 0;
let count: i32 = 0;

function meanOverNegatives(kind: i32, row: usize, own: usize): f32 {
  const t = f32x4.splat(target), excluded = f32x4.splat(EXCLUDED), zero = f32x4.splat(0), one = powerConstant(0);
  sumTerms = 0; sumSlopes = 0; count = 0;
  for (let from = 0; from < width; from += CHUNK) {
    let terms = zero, slopes = zero, ones = zero;
    for (let at = row + (<usize>from << 2), end = row + (<usize>min(width, from + CHUNK) << 2); at < end; at += 16) {
      const v = v128.load(at), valid = f32x4.ne(v, excluded), apart = f32x4.sub(v, t);
      let term: v128, slope: v128, other = zero;
      if (kind == op.LOSS_BPR) {
        // ln(1 + e^a) and σ(a) of one exponential
        const e = exp4(f32x4.neg(f32x4.abs(apart))), isNegative = f32x4.lt(apart, zero);
        term = f32x4.add(f32x4.pmax(apart, zero), log1p4(e));
        slope = f32x4.div(v128.bitselect(e, one, isNegative), f32x4.add(one, e));
      } else {
        const s = gateSigmoid4(apart), q = gateSigmoid4(f32x4.mul(v, v));
        term = f32x4.add(s, q);
        slope = slopeOf(s);
        other = f32x4.mul(f32x4.add(v, v), slopeOf(q));
      }
      terms = f32x4.add(terms, v128.and(term, valid));
      slopes = f32x4.add(slopes, v128.and(slope, valid));
      ones = i32x4.sub(ones, valid);
      v128.store(at, v128.and(f32x4.add(slope, other), valid));
    }
    sumTerms += <f64>horizontalSum(terms);
    sumSlopes += <f64>horizontalSum(slopes);
    count += i32x4.extract_lane(ones, 0) + i32x4.extract_lane(ones, 1) + i32x4.extract_lane(ones, 2) + i32x4.extract_lane(ones, 3);
  }
  if (count == 0) return 0;
  scaleRow(row, width, <f32>(1 / <f64>count));
  store<f32>(row + own, <f32>(-sumSlopes / <f64>count));
  return <f32>(sumTerms / <f64>count);
}

/**
 * ∂loss / ∂x of rows first … first + rows − 1 of the batch, up to a multiple of four; then the loss and three zeros. Row r's
 * target is candidate r.
 * @param work room for two rows
 */
export function candidateSlopes(
  kind: i32, x: usize, xRow: i32, list: usize, offsets: usize, out: usize, outRow: i32, rows: i32, first: i32, n: i32, mask: i32,
  lambda: f32, work: usize,
): void {
  const second = work + (<usize>((n + 3) & ~3) << 2);
  for (let r = first; r < first + rows; r++) {
    openRow(x, r, n, list, offsets, mask, kind == op.LOSS_CROSS_ENTROPY, out);
    const own = <usize>r << 2;
    let loss: f32;
    if (kind == op.LOSS_CROSS_ENTROPY) loss = crossEntropy(out, own);
    else if (kind == op.LOSS_BPR_MAX) loss = bprMax(out, own, lambda, work, second);
    else if (kind == op.LOSS_TOP1_MAX) loss = top1Max(out, own, work, second);
    else loss = meanOverNegatives(kind, out, own);
    const end = out + (<usize>width << 2);
    v128.store(end, f32x4.replace_lane(f32x4.splat(0), 0, loss));
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}
