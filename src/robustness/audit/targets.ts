/**
 * Items that suspicious people have in common: of the people who took an item, more belong to the most suspicious twentieth of all than
 * chance explains; and the groups that such people form.
 *
 *   p_i = P(X ≥ k_i), X ~ Binomial(n_i, share of that twentieth among all rows)           k_i of the n_i who took i
 *
 * An item is named where p_i times the number of items is below 0.001 (Bonferroni).
 */
import { rowOf, transposeRows } from '../../data/sparse-rows.ts';
import { binomialUpperTail } from '../../evaluation/statistics/distributions.ts';
import type { Profiles } from '../detection/profiles.ts';

export interface CommonItem {
  readonly item: number;
  /** People who took it, and those of them among the most suspicious. */
  readonly people: number;
  readonly suspicious: number;
  /** How many of the latter chance would give. */
  readonly expected: number;
  readonly pValue: number;
  /** When the suspicious ones took it: the middle half of the times; null without times. */
  readonly when: { readonly from: number; readonly to: number } | null;
}

export interface Group {
  /** Items that the group has in common, dense indices. */
  readonly items: readonly number[];
  /** Its people, the most suspicious first: suspicious ones that took half of the items or more. */
  readonly people: readonly number[];
}

const SUSPICIOUS_SHARE = 0.05;
const SIGNIFICANT = 0.001;
/** Two people may have an item in common by chance whatever the formula says. */
const FEWEST = 4;

/** The most suspicious twentieth of all people with rows, the most suspicious first. */
export function mostSuspicious({ nUsers, rows }: Profiles, score: Float64Array): number[] {
  const present = Array.from({ length: nUsers }, (_, u) => u).filter((u) => rowOf(rows, u).length > 0);
  const ranked = present.sort((a, b) => score[b] - score[a] || a - b);
  return ranked.slice(0, Math.ceil(SUSPICIOUS_SHARE * present.length));
}

/** Items that suspicious people have in common, the least likely first. */
export function commonItems(profiles: Profiles, suspicious: readonly number[]): CommonItem[] {
  const { nUsers, nItems, rows } = profiles;
  const isSuspicious = new Uint8Array(nUsers);
  for (const user of suspicious) isSuspicious[user] = 1;
  const ofThem = suspicious.reduce((sum, user) => sum + rowOf(rows, user).length, 0);
  const share = ofThem / rows.columns.length;
  const takers = transposeRows(rows, nItems);
  const found: CommonItem[] = [];
  for (let item = 0; item < nItems; item++) {
    const people = rowOf(takers, item);
    const own = people.filter((user) => isSuspicious[user] === 1);
    if (own.length < FEWEST) continue;
    const pValue = binomialUpperTail(own.length, people.length, share);
    if (pValue * nItems >= SIGNIFICANT) continue;
    const expected = share * people.length;
    const when = timesOf(profiles, item, isSuspicious);
    found.push({ item, people: people.length, suspicious: own.length, expected, pValue, when });
  }
  return found.sort((a, b) => a.pValue - b.pValue || a.item - b.item);
}

function timesOf({ interactions }: Profiles, item: number, isSuspicious: Uint8Array): CommonItem['when'] {
  const { time, userIndex, itemIndex, length } = interactions;
  if (!time) return null;
  const times: number[] = [];
  for (let row = 0; row < length; row++)
    if (itemIndex[row] === item && isSuspicious[userIndex[row]] === 1) times.push(time[row]);
  const ascending = Float64Array.from(times).sort();
  return {
    from: ascending[Math.floor(ascending.length / 4)],
    to: ascending[Math.floor((3 * (ascending.length - 1)) / 4)],
  };
}

/** Named items that the same suspicious people took, at least half of the fewer of both, are of one group. */
export function groupsOf({ rows }: Profiles, items: readonly CommonItem[], suspicious: readonly number[]): Group[] {
  const named = new Set(items.map(({ item }) => item));
  const people = new Map([...named].map((item) => [item, new Set<number>()]));
  for (const user of suspicious) for (const item of rowOf(rows, user)) people.get(item)?.add(user);
  const rest = items.map(({ item }) => item);
  const groups: Group[] = [];
  while (rest.length > 0) {
    const own = [rest.shift() as number];
    for (const item of own)
      for (const other of rest.slice())
        if (isAlike(people.get(item)!, people.get(other)!)) own.push(...rest.splice(rest.indexOf(other), 1));
    const members = suspicious.filter(
      (user) => own.filter((item) => people.get(item)!.has(user)).length * 2 >= own.length,
    );
    if (own.length > 1 && members.length >= FEWEST) groups.push({ items: own, people: members });
  }
  return groups;
}

function isAlike(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  let common = 0;
  for (const user of a) if (b.has(user)) common++;
  return common >= FEWEST && 2 * common >= Math.min(a.size, b.size);
}
