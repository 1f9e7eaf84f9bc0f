/**
 * Cross-entropy of a target of its own against candidates that all rows share; formulas in `ops/target-loss.ts`. A row is passed over
 * three times while it lies in the cache: effective scores and their maximum, exponentials and their sum, shares.
 */
import { effectiveScores, exponentials, scaleRow } from './candidates';

/** out = the share of each candidate, whole vectors; behind them the loss, and the sum of the shares. */
export function targetSlopes(
  t: usize, tRow: i32, x: usize, xRow: i32, targets: usize, list: usize, offsets: usize, out: usize, outRow: i32, rows: i32, n: i32,
): void {
  const width = (n + 3) & ~3;
  for (let r = 0; r < rows; r++) {
    const own = load<f32>(t), item = load<i32>(targets + (<usize>r << 2));
    const largest = effectiveScores(x, list, offsets, item, 0, width, out);
    const highest = own > largest ? own : largest;
    const sum = exponentials(out, width, highest);
    // NaN of the target or of a candidate shows up here
    const all = sum + Math.exp(<f64>own - <f64>highest);
    scaleRow(out, width, <f32>(1 / all));
    const behind = out + (<usize>width << 2);
    store<f32>(behind, <f32>(Math.log(all) + (<f64>highest - <f64>own)));
    store<f32>(behind, <f32>(sum / all), 4);
    store<i64>(behind, 0, 8);
    t += <usize>tRow << 2;
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}
