/** What a recommender answers, and what makes a list of recommendations of ranked items. */

import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import { displayName } from '../data/dataset.ts';
import type { RunningSequences } from '../scoring/sequence-scorer.ts';
import type { Explanation } from './explain-row.ts';
import { fillByPopularity, popularityNote } from './fill-by-popularity.ts';
import type { RowPrediction, RowRecord } from './named-rows.ts';
import type { TopItems } from './top-items.ts';

export interface Recommendation {
  readonly item: string;
  /** Title where the data has one, else the id. */
  readonly title: string;
  readonly score: number;
  /** Items of the person's history that speak most for this one, best first. */
  readonly because: readonly NamedItem[];
  /** True where the model knows nothing of the item for this person and popularity gave it the place; else absent. */
  readonly byPopularity?: true;
}

export interface NamedItem {
  readonly item: string;
  readonly title: string;
}

export interface Answer {
  readonly recommendations: readonly Recommendation[];
  /** How the person was represented: 'trained', or one sentence. */
  readonly how: string;
  /** Ids of a given history that the recommender does not know. */
  readonly unknownItems: readonly string[];
  /** One line each, for people: who is unknown to training, which places went by popularity. */
  readonly notes: readonly string[];
}

/** The best items of a person, best first, and what the model knows of them. */
export interface Ranked extends TopItems {
  /** 1 for the items of which the model knows something for this person [nItems]; null = of all. */
  readonly knows: Uint8Array | null;
  readonly how: string;
}

/** Somebody who is asked for: what is known of the person, and how items are ranked for it. */
export interface Asked {
  /** Items that the person took, ascending and distinct. */
  readonly taken: Int32Array;
  /** Items that may be the reason of a recommendation. */
  readonly history: Int32Array;
  readonly unknownItems: readonly string[];
  readonly notes: readonly string[];
  /** @param excluded items, ascending and distinct, that may not be returned */
  rank(k: number, excluded: Int32Array): Ranked;
  /** Gives back what was made for this person alone. */
  free?(): void;
}

/** How the recommenders of one form of models answer. */
export interface Answering {
  /** What such recommenders can be asked by. */
  readonly by: readonly AskedBy[];
  /** Where the items stand that a person is said to have taken, for people. */
  readonly takenIn: string;
  /** Whether lists hold what the person took when nobody says so. */
  readonly includeSeen: boolean;
  /** Training users, or events, of each item [nItems]. */
  readonly popularity: ArrayLike<number>;
  /** Whether an item may be in a list at all. */
  isServed(item: number): boolean;
  /** Somebody to recommend to. @throws 'not-found' for unknown ids, 'usage' for what such models do not look at */
  ask(person: AskedPerson): Asked;
  /** @throws 'usage' or 'config' for recommenders that know no users by name, or no items */
  requireUsers(): void;
  /**
   * The best items of many users of the data, in blocks and in the order given: for each what `ask({ user })` and `rank` give.
   * Ending early gives back what the work holds. Needs `requireUsers`.
   */
  rankUsers(users: Int32Array, wanted: WantedOfUsers): Generator<readonly RankedUser[]>;
  /** Best `n` items of a history for an item: fewer when the rest does not speak for it. */
  reasons(item: number, history: Int32Array, n: number): number[];
  /** How alike every item is to one [nItems], and what that means; null where the model does not know it. */
  likeness(item: number): { readonly scores: Float32Array; readonly how: string } | null;
  /** What a score needs of the items, or of the users, alone; null where it is made otherwise. */
  vectors(owner: 'item' | 'user'): Vectors | null;
  /** Rows by the names of their columns; null where such recommenders predict none. */
  readonly predict: ((rows: readonly RowRecord[]) => RowPrediction[]) | null;
  /** Why a row is predicted as it is; null where it cannot be said. @param nPairs strongest pairs to list */
  readonly explain: ((row: RowRecord, nPairs: number) => Explanation) | null;
  /** Somebody in the middle of a sequence; null where the model does not read sequences. */
  readonly sessions: SessionAnswering | null;
  free(): void;
}

/** How sessions are answered that are told their events one by one. */
export interface SessionAnswering {
  /** An empty sequence, to be freed by whoever asked for it. @param user of the data, whose it is; absent = nobody's */
  open(user?: string): RunningSequences;
  /** The history of a user of the data, the oldest item first. @throws 'not-found', 'usage' as `ask` */
  historyOf(user: string, whenEmpty: AskedPerson['whenEmpty']): readonly string[];
  /** @throws 'not-found' when none of the items is known, unless `whenEmpty` is 'popularity'; 'usage' for an empty sequence */
  askRunning(sequence: SequenceSoFar, whenEmpty: AskedPerson['whenEmpty']): Asked;
}

/** What is known of a running sequence. */
export interface SequenceSoFar {
  readonly running: RunningSequences;
  /** Known items, distinct, in the order of their first event. */
  readonly items: ReadonlySet<number>;
  readonly nKnown: number;
  readonly unknownItems: readonly string[];
}

/** Vectors by dense index. */
export interface Vectors {
  /** Indices of those that training had, ascending. */
  readonly rows: Int32Array;
  readonly width: number;
  /** [all × width]. */
  readonly values: Float32Array;
}

export type AskedBy = 'user' | 'history' | 'row';

export interface AskedPerson {
  readonly user?: string;
  readonly history?: readonly string[];
  readonly row?: Readonly<Record<string, unknown>>;
  /** What to do when no item of the history, or nothing of the user, is known. */
  readonly whenEmpty: 'error' | 'popularity';
}

/** What is wanted of the lists of many users. */
export interface WantedOfUsers {
  readonly k: number;
  /** Whether lists hold what the user took; absent = as single lists do. */
  readonly includeSeen?: boolean;
  /** Items, ascending and distinct, that nobody's list may hold. */
  readonly excluded: Int32Array;
}

/** A user of the data with the best items, or with the reason why there can be none. */
export type RankedUser =
  | {
      readonly user: number;
      readonly ranked: Ranked;
      /** Items, ascending and distinct, that may not be in the list besides those that nobody's list may hold. */
      readonly excluded: Int32Array;
    }
  | { readonly user: number; readonly unserved: string };

const REASONS = 2;

/** The best items of a person, best first, for those who rank them further: by dense index, without titles. */
export interface Candidates extends TopItems {
  /** 1 for places that went by popularity, since the model knows nothing of the item for this person [items.length]. */
  readonly byPopularity: Uint8Array;
  /** How the person was represented: 'trained', or one sentence. */
  readonly how: string;
  readonly unknownItems: readonly string[];
  readonly notes: readonly string[];
  /** Items of the person's history that speak most for an item, best first. */
  because(item: number): number[];
}

/** @param excluded what may not be in the list, ascending */
export function candidatesOf(
  title: string,
  answering: Answering,
  asked: Asked,
  { k, excluded }: { readonly k: number; readonly excluded: Int32Array },
): Candidates {
  const { how, knows, ...top } = asked.rank(k, excluded);
  // only where popularity fills places: nearly all of a million items may be excluded
  let isExcluded: Set<number> | null = null;
  const isAllowed = (item: number): boolean => {
    isExcluded ??= new Set(excluded);
    return answering.isServed(item) && !isExcluded.has(item);
  };
  const found = fillByPopularity(top, knows, answering.popularity, isAllowed);
  const note = popularityNote(title, found.byPopularity);
  return {
    ...found,
    how,
    unknownItems: asked.unknownItems,
    notes: note === null ? asked.notes : [...asked.notes, note],
    because: (item) => answering.reasons(item, asked.history, REASONS),
  };
}

/** The candidates by external ids, with titles and reasons. */
export function answerOf(parts: RecommenderParts, candidates: Candidates): Answer {
  const { items, scores, byPopularity, how, unknownItems, notes } = candidates;
  return {
    recommendations: Array.from(items, (item, n) => ({
      ...namedItem(parts, item),
      score: scores[n],
      because: candidates.because(item).map((reason) => namedItem(parts, reason)),
      ...(byPopularity[n] === 1 && { byPopularity: true as const }),
    })),
    how,
    unknownItems,
    notes,
  };
}

export function namedItem(
  { items, itemFields }: Pick<RecommenderParts, 'items' | 'itemFields'>,
  index: number,
): NamedItem {
  return { item: items.idOf(index), title: displayName(items, itemFields, index) };
}
