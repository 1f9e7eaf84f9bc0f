/** The place of the largest value. */
import type { FastRandom } from '../../core/fast-random.ts';

/** Of equal values each is as likely: actions of which nothing is known are all tried. */
export function bestOf(values: Float64Array, random: FastRandom): number {
  let best = 0;
  let equal = 1;
  for (let a = 1; a < values.length; a++) {
    if (values[a] > values[best]) [best, equal] = [a, 1];
    else if (values[a] === values[best] && random.below(++equal) === 0) best = a;
  }
  return best;
}
