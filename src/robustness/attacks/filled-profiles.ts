/**
 * The scheme of the classic attacks: target items, selected items, which are the same for all fake people, and fillers, which are drawn for
 * each (Burke, Mobasher, Williams, Bhaumik 2006: I_T, I_S, I_F). Without ratings all of them are simply taken; nobody can then speak against an
 * item, and profiles that demote leave their targets out unless the scheme says otherwise: items that are taken by more people than before
 * stand above those that are not.
 */
import { z } from 'zod';
import type { RandomStream } from '../../core/random.ts';
import type { FakeProfile } from '../fake-profiles.ts';
import { itemsOfPeople, popularityOf, type RatingStatistics, ratingStatistics } from '../real-people.ts';
import type { AttackOrder } from './attack.ts';
import { drawItems, type Entry, fillersOption, profileOf, targetsWithin } from './fillers.ts';
import { RealPeople } from './like-real-people.ts';

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
  /** Without ratings, profiles hold their targets although they demote them. */
  readonly takesDemoted?: boolean;
}

/** One profile for each length of the budget. */
export function filledProfiles(
  { data, targets, goal, budget, random }: AttackOrder,
  { fillers }: z.output<typeof fillerOptions>,
  { rate, selected, takesDemoted = false }: Scheme,
): FakeProfile[] {
  const nItems = data.items.size;
  const ratings = ratingStatistics(data);
  const taken = itemsOfPeople(data);
  const weights = fillers === 'popularity' ? popularityOf(taken, nItems) : null;
  const people = fillers === 'matched' ? new RealPeople(taken, nItems) : null;
  const targetRating = ratings ? (goal === 'promote' ? ratings.high : ratings.low) : 1;
  const held = ratings || goal === 'promote' || takesDemoted ? targets : new Int32Array(0);
  const isTarget = new Set(targets);
  const candidates = selected?.items.filter((item) => !isTarget.has(item)) ?? new Int32Array(0);
  return Array.from(budget.lengths, (length, k): FakeProfile => {
    const own = random.child(`fake ${k}`);
    const entries: Entry[] = Array.from(targetsWithin(held, length, own), (item) => ({ item, rating: targetRating }));
    const nTargets = entries.length;
    if (selected) {
      const n = Math.round(selected.share * (length - nTargets));
      const rating = ratings ? selected.rating(ratings) : 1;
      for (const item of candidates.subarray(0, n)) entries.push({ item, rating });
    }
    const used = new Set([...targets, ...entries.map(({ item }) => item)]);
    const nSelected = entries.length - nTargets;
    const filled = people
      ? people.fillers(length, { top: nSelected, bottom: nTargets }, used, own)
      : drawItems(length - entries.length, nItems, used, weights, own);
    for (const item of filled) entries.push({ item, rating: rate(item, ratings, own) });
    return profileOf(entries, ratings, own);
  });
}
