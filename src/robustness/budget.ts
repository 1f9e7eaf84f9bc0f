/**
 * What an attacker may spend, the same for every attack: so many fake people, and for each of them the most rows of its profile. Targets
 * count as rows like any other.
 */
import { DeepTasteError } from '../core/errors.ts';
import type { RandomStream } from '../core/random.ts';
import { counted } from '../data/counted.ts';
import type { Dataset } from '../data/dataset.ts';
import type { FakeProfile } from './fake-profiles.ts';
import { itemsOfPeople } from './real-people.ts';

/** Fake people as a number, or as a share of the real ones. */
export type FakePeople = { readonly count: number } | { readonly share: number };

/**
 * How long profiles may be: matched = each as long as that of a real person drawn at random; mean = all as long as the mean real one;
 * a number = all that long.
 */
export type ProfileLength = 'matched' | 'mean' | number;

export interface Budget {
  /** Most rows of each fake person, targets included; one a fake person, each at least 1 [A]. */
  readonly lengths: Int32Array;
}

/** `20` fake people, or `1%` of the real ones. @throws DeepTasteError `usage` */
export function parseFakePeople(text: string, where = '--budget'): FakePeople {
  const found = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim());
  const value = Number(found?.[1]);
  const isShare = found?.[2] === '%';
  if (!found || !(value > 0) || (!isShare && !Number.isInteger(value)))
    throw new DeepTasteError(
      'usage',
      `${where}: must be a number of fake people from 1, or their share of the real ones above 0 %, found "${text}"; say 20, or 1%`,
    );
  return isShare ? { share: value / 100 } : { count: value };
}

/** How many fake people that is: at least 1, at most as many as there are real ones. @throws DeepTasteError `config` */
export function countOf(people: FakePeople, nUsers: number): number {
  const count = 'count' in people ? people.count : Math.max(1, Math.round(people.share * nUsers));
  if (!Number.isInteger(count) || count < 1 || count > nUsers)
    throw new DeepTasteError(
      'config',
      `budget: fake people must be 1 to ${nUsers}, as many as there are real ones, found ${count}; take fewer`,
      { count, nUsers },
    );
  return count;
}

/** The budget of an attack on these data. @throws DeepTasteError `config`: more fake people than real ones, lengths beyond the items */
export function drawBudget(
  dataset: Pick<Dataset, 'users' | 'items' | 'interactions'>,
  people: FakePeople,
  length: ProfileLength,
  random: RandomStream,
): Budget {
  const { users, items } = dataset;
  const nFakes = countOf(people, users.size);
  if (typeof length === 'number' && !(Number.isInteger(length) && length >= 1 && length <= items.size))
    throw new DeepTasteError(
      'config',
      `budget: the length of a profile must be 1 to ${items.size}, the number of items, found ${length}`,
      { length },
    );
  const real = itemsOfPeople(dataset);
  if (typeof length === 'number') return { lengths: new Int32Array(nFakes).fill(length) };
  const present = Int32Array.from({ length: real.nRows }, (_, u) => real.rowStart[u + 1] - real.rowStart[u]).filter(
    (n) => n > 0,
  );
  if (length === 'mean') {
    const mean = present.reduce((sum, n) => sum + n, 0) / Math.max(1, present.length);
    return { lengths: new Int32Array(nFakes).fill(Math.max(1, Math.round(mean))) };
  }
  return { lengths: Int32Array.from({ length: nFakes }, () => present[random.below(present.length)]) };
}

/** What profiles must keep to beside their budget. */
export interface ProfileBounds {
  readonly nItems: number;
  /** Lowest and highest rating of the data; null where these have none. */
  readonly ratings: { readonly low: number; readonly high: number } | null;
}

/**
 * The one rule: not more fake people than the budget has, none with more rows than it may have, each row of another item of the data, with
 * a rating in the range of the real ones where these have some.
 * @throws DeepTasteError `config`, naming the attack
 */
export function requireWithinBudget(
  attack: string,
  profiles: readonly FakeProfile[],
  { lengths }: Budget,
  { nItems, ratings }: ProfileBounds,
): void {
  const refuse = (rule: string, found: string): never => {
    throw new DeepTasteError('config', `attack ${attack}: ${rule}, found ${found}; mend the attack`, { attack });
  };
  if (profiles.length > lengths.length)
    refuse(
      `its budget is ${counted(lengths.length, 'fake person').replace(/persons$/, 'people')}`,
      `${profiles.length}`,
    );
  for (const [k, profile] of profiles.entries()) {
    const { items } = profile;
    const who = `fake person ${k + 1}`;
    if (items.length > lengths[k]) refuse(`${who} may have ${counted(lengths[k], 'row')}`, `${items.length}`);
    if (new Set(items).size !== items.length) refuse(`${who} must have each item once`, 'one twice');
    if (!items.every((item) => item >= 0 && item < nItems)) refuse(`${who} must have items of the data`, 'others');
    if ((profile.ratings !== null) !== (ratings !== null))
      refuse('fake rows must have ratings where real ones have some', ratings === null ? 'some' : 'none');
    const { ratings: own } = profile;
    if (!ratings || !own) continue;
    if (own.length !== items.length || !own.every((r) => r >= ratings.low && r <= ratings.high))
      refuse(`${who} must rate each item from ${ratings.low} to ${ratings.high}`, 'others');
  }
}
