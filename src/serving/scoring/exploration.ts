/**
 * Lists with chance in them, so that what is shown is not only what the model believes already. Every place keeps the probability with
 * which its item got it, those before it given: what off-policy estimates need.
 */
import type { RandomStream } from '../../core/random.ts';
import type { Explore } from './question.ts';
import type { PooledItem } from './ranked-pool.ts';

/** What looks at the order of the pool alone. */
export type ExploreByRank = Exclude<Explore, { readonly method: 'thompson' }>;

export interface Explored {
  readonly chosen: PooledItem;
  readonly probability: number;
  /** What Thompson sampling looked at. */
  readonly features?: readonly number[];
}

/**
 * k items drawn one after the other from the first `among` of the pool. Epsilon: with probability ε any of those left, each as likely as
 * another, else the best of them. Boltzmann: with probability ∝ exp(value / (temperature · standard deviation of the values)).
 */
export function explored(
  pool: readonly PooledItem[],
  k: number,
  explore: ExploreByRank,
  random: RandomStream,
): readonly Explored[] {
  const left = pool.slice(0, Math.max(k, explore.among));
  const weigh = explore.method === 'boltzmann' ? boltzmannWeights(left, explore.temperature) : null;
  const result: Explored[] = [];
  while (result.length < k && left.length > 0) {
    const probabilities = weigh
      ? shares(left.map((each) => weigh(each)))
      : left.map((_, n) => epsilonOf(explore) / left.length + (n === 0 ? 1 - epsilonOf(explore) : 0));
    const place = drawn(probabilities, random.uniform());
    result.push({ chosen: left[place], probability: probabilities[place] });
    left.splice(place, 1);
  }
  return result;
}

function epsilonOf(explore: ExploreByRank): number {
  return explore.method === 'epsilon' ? explore.epsilon : 0;
}

function boltzmannWeights(pool: readonly PooledItem[], temperature: number): (item: PooledItem) => number {
  const values = pool.map(({ value }) => value);
  const { deviation } = spreadOf(values);
  const highest = Math.max(...values);
  return ({ value }) => Math.exp((value - highest) / (temperature * deviation));
}

function spreadOf(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) || 1;
  return { mean, deviation };
}

/** In standard deviations from their mean. */
export function standardised(values: readonly number[]): number[] {
  const { mean, deviation } = spreadOf(values);
  return values.map((value) => (value - mean) / deviation);
}

function shares(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // those left may be so far below the best of the pool that all their weights are zero: then each is as likely as another
  return weights.map((weight) => (total > 0 ? weight / total : 1 / weights.length));
}

/** @param uniform in [0, 1) */
function drawn(probabilities: readonly number[], uniform: number): number {
  let sum = 0;
  for (let n = 0; n < probabilities.length; n++) {
    sum += probabilities[n];
    if (uniform < sum) return n;
  }
  return probabilities.length - 1;
}
