/**
 * A list by Thompson sampling with probabilities that are known: parameters are drawn a hundred times, and each place goes to the best item
 * left by one of these draws, each as likely as another. Given the draws, an item has its place with the share of them by which it is
 * the best, which is what off-policy estimates need.
 */
import type { RandomStream } from '../../core/random.ts';
import { FEATURES, featuresOf, type Posterior } from './bandit-model.ts';
import { type Explored, standardised } from './exploration.ts';
import type { PooledItem } from './ranked-pool.ts';

const DRAWS = 100;
/** Digits of features that are kept. */
const ROUND = 1e4;

/** @param describe an item [1 + DIRECTIONS] @param scale v */
export function thompsonSampled(
  pool: readonly PooledItem[],
  k: number,
  { mean, factor }: Posterior,
  scale: number,
  describe: (item: number) => ArrayLike<number>,
  random: RandomStream,
): readonly Explored[] {
  const values = standardised(pool.map(({ value }) => value));
  const rows = pool.map(({ item }, n) => featuresOf(1, values[n], describe(item)));
  const left = pool.map((_, n) => n);
  const draws = Array.from({ length: DRAWS }, () => {
    const theta = drawnParameters(mean, factor, scale, random);
    return rows.map((row) => row.reduce((sum, x, d) => sum + x * theta[d], 0));
  });
  const result: Explored[] = [];
  while (result.length < k && left.length > 0) {
    const best = draws.map((worth) => left.reduce((top, n) => (worth[n] > worth[top] ? n : top), left[0]));
    const chosen = best[Math.min(DRAWS - 1, Math.floor(random.uniform() * DRAWS))];
    const features = featuresOf(result.length + 1, values[chosen], describe(pool[chosen].item));
    result.push({
      chosen: pool[chosen],
      probability: best.filter((n) => n === chosen).length / DRAWS,
      features: features.map((x) => Math.round(x * ROUND) / ROUND),
    });
    left.splice(left.indexOf(chosen), 1);
  }
  return result;
}

/** θ = mean + v V z, z ~ N(0, I). */
function drawnParameters(
  mean: readonly number[],
  factor: readonly number[],
  scale: number,
  random: RandomStream,
): Float64Array {
  const z = Float64Array.from({ length: FEATURES }, () => random.normal());
  return Float64Array.from(mean, (value, row) => {
    let sum = 0;
    for (let d = row; d < FEATURES; d++) sum += factor[row * FEATURES + d] * z[d];
    return value + scale * sum;
  });
}
