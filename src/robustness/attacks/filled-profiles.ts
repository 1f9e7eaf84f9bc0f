/**
 * The scheme of the classic attacks: target items, selected items, which are the same for all fake people, and fillers, which are drawn for
 * each (Burke, Mobasher, Williams, Bhaumik 2006: I_T, I_S, I_F). Without ratings all of them are simply taken.
 */
import { z } from 'zod';
import type { RandomStream } from '../../core/random.ts';
import type { FakeProfile } from '../fake-profiles.ts';
import { itemsOfPeople, popularityOf, type RatingStatistics, ratingStatistics } from '../real-people.ts';
import type { AttackOrder } from './attack.ts';
import { drawItems, type Entry, fillersOption, profileOf, targetsWithin } from './fillers.ts';

export const fillerOptions = z.strictObject({ fillers: fillersOption });

/** What tells one classic attack from another. */
export interface Scheme {
  /** Rating of a filler. */
  rate(item: number, ratings: RatingStatistics | null, random: RandomStream): number;
  /** Selected items in the order in which they are taken, and how many of a profile's free rows they may fill; absent = none. */
  readonly selected?: {
    readonly items: Int32Array;
    /** Of the rows that targets leave. */
    readonly share: number;
    rating(ratings: RatingStatistics): number;
  };
  /** Rating of the targets; default: the highest to promote, the lowest to demote. */
  readonly target?: (ratings: RatingStatistics) => number;
}

/** One profile for each length of the budget. */
export function filledProfiles(
  { data, targets, goal, budget, random }: AttackOrder,
  { fillers }: z.output<typeof fillerOptions>,
  { rate, selected, target }: Scheme,
): FakeProfile[] {
  const nItems = data.items.size;
  const ratings = ratingStatistics(data);
  const weights = fillers === 'uniform' ? null : popularityOf(itemsOfPeople(data), nItems);
  const extreme =
    target ?? (goal === 'promote' ? ({ high }: RatingStatistics) => high : ({ low }: RatingStatistics) => low);
  const targetRating = ratings ? extreme(ratings) : 1;
  const isTarget = new Set(targets);
  const candidates = selected?.items.filter((item) => !isTarget.has(item));
  return Array.from(budget.lengths, (length, k): FakeProfile => {
    const own = random.child(`fake ${k}`);
    const entries: Entry[] = Array.from(targetsWithin(targets, length, own), (item) => ({
      item,
      rating: targetRating,
    }));
    if (selected && candidates) {
      const n = Math.round(selected.share * (length - entries.length));
      const rating = ratings ? selected.rating(ratings) : 1;
      for (const item of candidates.subarray(0, n)) entries.push({ item, rating });
    }
    const taken = new Set([...targets, ...entries.map(({ item }) => item)]);
    for (const item of drawItems(length - entries.length, nItems, taken, weights, own))
      entries.push({ item, rating: rate(item, ratings, own) });
    return profileOf(entries, ratings, own);
  });
}
