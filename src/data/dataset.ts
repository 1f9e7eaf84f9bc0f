/** A data set in memory: typed arrays over dense indices, vocabularies to external ids, and side information. */
import type { Schema } from './schema.ts';
import type { SparseRows } from './sparse-rows.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Rows of "user took item", as parallel columns. Absent columns are null. */
export interface Interactions {
  readonly length: number;
  readonly userIndex: Int32Array; // [length]
  readonly itemIndex: Int32Array; // [length]
  readonly rating: Float32Array | null; // [length] rating or label
  readonly time: Float64Array | null; // [length] seconds since 1970-01-01 UTC (or any monotone number the file holds)
  readonly session: Int32Array | null; // [length] dense session index
}

/** One column of side information about users or items; `values[i]` describes dense index i, null = missing. */
export type Field =
  | { readonly name: string; readonly kind: 'categorical' | 'text'; readonly values: readonly (string | null)[] }
  | { readonly name: string; readonly kind: 'numeric'; readonly values: readonly (number | null)[] }
  | { readonly name: string; readonly kind: 'multi'; readonly values: readonly (readonly string[] | null)[] };

/** Side information of users or of items. `title` names the field to show people instead of the id. */
export interface FieldTable {
  readonly nRows: number;
  readonly fields: readonly Field[];
  readonly title: string | null;
}

/** Directed edges between users (friendship is two edges). */
export interface SocialGraph {
  readonly from: Int32Array;
  readonly to: Int32Array;
}

export interface Dataset {
  readonly name: string;
  readonly users: Vocabulary;
  readonly items: Vocabulary;
  readonly interactions: Interactions;
  readonly userFields: FieldTable;
  readonly itemFields: FieldTable;
  readonly social: SocialGraph | null;
  readonly schema: Schema;
  /** SHA-256 (hex) of the cleaned interactions in order: external ids, ratings, times, sessions. */
  readonly hash: string;
  /** One line each, for people: what was dropped, repaired or looks suspicious. */
  readonly warnings: readonly string[];
}

/** Train, validation and test parts of one data set; they share its vocabularies. */
export interface Split {
  readonly dataset: Dataset;
  readonly train: Interactions;
  readonly validation: Interactions | null;
  readonly test: Interactions | null;
  /** Listed candidates of each user (row = user index), WITHOUT the held-out items themselves; null = rank all items. */
  readonly validationCandidates: SparseRows | null;
  readonly testCandidates: SparseRows | null;
  /** Everything needed to make the same split again; part of the protocol record. */
  readonly description: SplitDescription;
}

export type SplitDescription = { readonly method: string } & Readonly<
  Record<string, string | number | boolean | null | readonly (string | number)[]>
>;

/** The rows of `interactions` at the given positions, in that order. */
export function selectRows(interactions: Interactions, positions: Int32Array): Interactions {
  const { userIndex, itemIndex, rating, time, session } = interactions;
  return {
    length: positions.length,
    userIndex: positions.map((p) => userIndex[p]),
    itemIndex: positions.map((p) => itemIndex[p]),
    rating: rating && Float32Array.from(positions, (p) => rating[p]),
    time: time && Float64Array.from(positions, (p) => time[p]),
    session: session && positions.map((p) => session[p]),
  };
}

/** What to show a person for an item or user: its title where there is one, else its id. */
export function displayName(vocabulary: Vocabulary, fields: FieldTable, index: number): string {
  const field = fields.title === null ? undefined : fields.fields.find((f) => f.name === fields.title);
  const value = field?.values[index];
  return typeof value === 'string' && value !== '' ? value : vocabulary.idOf(index);
}
