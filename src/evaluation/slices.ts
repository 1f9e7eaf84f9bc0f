/** The users, or rows, of a result by what may decide for whom a model is good: training rows, friends. */
import { type TraitName, type Traits, traitNames } from './traits.ts';

export interface Slice {
  readonly trait: TraitName;
  /** e.g. `users with 1–3 friends`. */
  readonly name: string;
  /** The counts in it, both included; null = no end. */
  readonly from: number;
  readonly to: number | null;
  /** Places of the result, ascending. */
  readonly places: Int32Array;
}

/** First counts of the slices of friends: few, some, many. */
const friendStarts = [1, 4, 11];
/** In how many alike parts those who have training rows are cut. */
const PARTS = 4;

const words: Readonly<Record<TraitName, readonly [whose: string, what: string]>> = {
  userRows: ['users', 'training rows'],
  friends: ['users', 'friends'],
  itemRows: ['items', 'training rows'],
};

/** Those without any apart; the others by fixed counts (friends) or in quarters. A trait that does not tell them apart gives none. */
export function slicesOf(traits: Traits): Slice[] {
  return traitNames.flatMap((trait) => {
    const counts = traits[trait];
    if (counts === undefined) return [];
    const starts = trait === 'friends' ? friendStarts : quarters(counts);
    const slices = [0, ...starts].map((from, n) => sliceOf(trait, counts, from, [0, ...starts, Infinity][n + 1] - 1));
    const filled = slices.filter(({ places }) => places.length > 0);
    return filled.length > 1 ? filled : [];
  });
}

/** The least count of each quarter of those above 0, none twice. */
function quarters(counts: Int32Array): number[] {
  const ascending = counts.filter((count) => count > 0).sort();
  if (ascending.length === 0) return [];
  const starts = Array.from({ length: PARTS }, (_, n) => ascending[Math.floor((n * ascending.length) / PARTS)]);
  return [...new Set(starts)];
}

function sliceOf(trait: TraitName, counts: Int32Array, from: number, to: number): Slice {
  const places = Int32Array.from(counts.keys()).filter((place) => counts[place] >= from && counts[place] <= to);
  const [whose, what] = words[trait];
  const range = to === Infinity ? `${from}+` : from === to ? `${from}` : `${from}–${to}`;
  const noun = range === '1' ? what.replace(/s$/, '') : what;
  const name = from === 0 ? `${whose} without ${what}` : `${whose} with ${range} ${noun}`;
  return { trait, name, from, to: to === Infinity ? null : to, places };
}
