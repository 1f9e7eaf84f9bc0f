/** Parts that simple attacks share: which targets a profile holds, which other items it is filled with, how these are rated. */
import { z } from 'zod';
import type { RandomStream } from '../../core/random.ts';
import type { FakeProfile } from '../fake-profiles.ts';
import { nearestRating, type RatingStatistics } from '../real-people.ts';

/** How fillers are drawn. */
export const fillersOption = z.enum(['matched', 'popularity', 'uniform']).default('matched').meta({
  doc: "items that fill a profile: a real person's, each exchanged for one about as popular; drawn as often as people take them; or all alike",
});

/** An item and its rating, which data without ratings leave out. */
export interface Entry {
  readonly item: number;
  readonly rating: number;
}

/**
 * The targets of a profile of so many rows: all, or some drawn at random where there is no room for all.
 */
export function targetsWithin(targets: Int32Array, length: number, random: RandomStream): Int32Array {
  return targets.length <= length ? targets : random.shuffle(targets.slice()).subarray(0, length);
}

/**
 * Draws distinct items, none of those in `taken`.
 * @param weights how likely each item is; null = all alike. Where no likely item is left, the others are drawn alike.
 */
export function drawItems(
  n: number,
  nItems: number,
  taken: ReadonlySet<number>,
  weights: ArrayLike<number> | null,
  random: RandomStream,
): Int32Array {
  const chosen = new Set<number>();
  const isFree = (item: number) => !taken.has(item) && !chosen.has(item);
  const most = Math.min(n, nItems - taken.size);
  if (weights) {
    const ends = new Float64Array(nItems);
    let sum = 0;
    for (let item = 0; item < nItems; item++) ends[item] = sum += taken.has(item) ? 0 : weights[item];
    // a draw fails where it falls on an item that is there already; many failures mean that hardly any weight is left
    for (let failures = 0; chosen.size < most && sum > 0 && failures < 50 * (n + 10); ) {
      const item = placeOf(ends, random.uniform() * sum);
      if (isFree(item) && weights[item] > 0) chosen.add(item);
      else failures++;
    }
  }
  if (chosen.size < most) {
    const rest = Int32Array.from({ length: nItems }, (_, item) => item).filter(isFree);
    for (const item of random.shuffle(rest).subarray(0, most - chosen.size)) chosen.add(item);
  }
  return Int32Array.from(chosen);
}

/** The first place whose end lies above x. */
function placeOf(ends: Float64Array, x: number): number {
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] > x) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The profile of entries, in an order drawn at random: a target may stand anywhere. */
export function profileOf(
  entries: readonly Entry[],
  ratings: RatingStatistics | null,
  random: RandomStream,
): FakeProfile {
  const order = random.shuffle([...entries]);
  return {
    items: Int32Array.from(order, ({ item }) => item),
    ratings: ratings && Float32Array.from(order, ({ rating }) => nearestRating(ratings, rating)),
  };
}

/** How fillers are rated: like all ratings, or like those of the item. */
export function drawnRating(ratings: RatingStatistics | null, item: number | null, random: RandomStream): number {
  if (!ratings) return 1;
  const [mean, deviation] =
    item === null ? [ratings.mean, ratings.deviation] : [ratings.itemMean[item], ratings.itemDeviation[item]];
  return mean + deviation * random.normal();
}
