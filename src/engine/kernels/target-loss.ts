/** Cross-entropy of a target of its own against candidates that all rows share; formulas in `ops/target-loss.ts`. */
import { storeTail } from './elementwise';
import { horizontalSum } from './simd';
import { expOfNegative4 } from './vector-math';

/** Elements over which single-precision partial sums run before they go into float64. */
const CHUNK: i32 = 512;

/** Scores with their offsets where the candidates count in a row of this target, −∞ elsewhere. */
// @ts-ignore: decorator
@inline
function counted(x: usize, list: usize, offsets: usize, target: v128, j: i32): v128 {
  const at = <usize>j << 2, offset = v128.load(offsets + at);
  const out = v128.or(f32x4.eq(offset, f32x4.splat(-Infinity)), i32x4.eq(v128.load(list + at), target));
  return v128.bitselect(f32x4.splat(-Infinity), f32x4.add(v128.load(x + at), offset), out);
}

/** The highest score of a row, the target's among them; NaN counts for nothing here and shows up in the sums. */
function highestOf(t: f32, x: usize, list: usize, offsets: usize, target: v128, n: i32): f32 {
  let top = f32x4.splat(t);
  for (let j = 0; j < n; j += 4) {
    const v = counted(x, list, offsets, target, j);
    top = v128.bitselect(v, top, f32x4.gt(v, top));
  }
  return max<f32>(
    max<f32>(f32x4.extract_lane(top, 0), f32x4.extract_lane(top, 1)),
    max<f32>(f32x4.extract_lane(top, 2), f32x4.extract_lane(top, 3)),
  );
}

/** Σ exp(score − highest) over target and candidates; with `out` the candidates' terms are written there. */
function sumOf(t: f32, highest: f32, x: usize, list: usize, offsets: usize, target: v128, n: i32, out: usize): f64 {
  const all = f32x4.splat(highest);
  let sum = <f64>f32x4.extract_lane(expOfNegative4(f32x4.splat(t - highest)), 0);
  for (let from = 0; from < n; from += CHUNK) {
    let parts = f32x4.splat(0);
    for (let j = from, end = min(n, from + CHUNK); j < end; j += 4) {
      const e = expOfNegative4(f32x4.sub(counted(x, list, offsets, target, j), all)), at = out + (<usize>j << 2);
      parts = f32x4.add(parts, e);
      if (out == 0) continue;
      if (j + 4 <= n) v128.store(at, e);
      else storeTail(at, e, n - j);
    }
    sum += <f64>horizontalSum(parts);
  }
  return sum;
}

export function targetCrossEntropy(
  t: usize, tRow: i32, x: usize, xRow: i32, targets: usize, list: usize, offsets: usize, out: usize, outRow: i32, rows: i32, n: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const own = load<f32>(t), target = i32x4.splat(load<i32>(targets + (<usize>r << 2)));
    const highest = highestOf(own, x, list, offsets, target, n);
    const sum = sumOf(own, highest, x, list, offsets, target, n, 0);
    store<f32>(out, <f32>(Math.log(sum) + (<f64>highest - <f64>own)));
    t += <usize>tRow << 2;
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out[r, j] = dy[r] · share of candidate j */
export function targetCrossEntropyGradient(
  t: usize, tRow: i32, x: usize, xRow: i32, targets: usize, list: usize, offsets: usize, dy: usize, dyRow: i32, out: usize,
  outRow: i32, rows: i32, n: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const own = load<f32>(t), target = i32x4.splat(load<i32>(targets + (<usize>r << 2)));
    const highest = highestOf(own, x, list, offsets, target, n);
    const share = <f32>(<f64>load<f32>(dy) / sumOf(own, highest, x, list, offsets, target, n, out));
    const factor = f32x4.splat(share);
    let j = 0;
    for (; j + 4 <= n; j += 4) v128.store(out + (<usize>j << 2), f32x4.mul(factor, v128.load(out + (<usize>j << 2))));
    for (; j < n; j++) store<f32>(out + (<usize>j << 2), share * load<f32>(out + (<usize>j << 2)));
    t += <usize>tRow << 2;
    x += <usize>xRow << 2;
    dy += <usize>dyRow << 2;
    out += <usize>outRow << 2;
  }
}
