/** A data set in memory: typed arrays over dense indices, vocabularies to external ids, and side information. */
import { DeepTasteError } from '../core/errors.ts';
import type { Schema } from './schema.ts';
import type { SparseRows } from './sparse-rows.ts';
import { joinArrays, joinColumns, selectColumn, type ValueColumn } from './value-columns.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Rows of "user took item", as parallel columns. Absent columns are null. */
export interface Interactions {
  readonly length: number;
  readonly userIndex: Int32Array; // [length]
  readonly itemIndex: Int32Array; // [length]
  readonly rating: Float32Array | null; // [length] rating or label
  readonly time: Float64Array | null; // [length] seconds since 1970-01-01 UTC (or any monotone number the file holds)
  readonly session: Int32Array | null; // [length] dense session index
  /** Further columns of the rows, e.g. weather or device [length each]; absent = none. */
  readonly context?: readonly ValueColumn[];
}

/** How the cells of a label column became 0 and 1. */
interface LabelInfo {
  readonly column: string;
  /** The cell that is 1, e.g. `>50K`. */
  readonly positive: string;
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

/** Directed edges between users (friendship is two edges): none twice, none from a user to itself. */
export interface SocialGraph {
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Above 0; null where edges have none. */
  readonly weight: Float32Array | null;
  /** The columns that they come from; absent for edges that were made. */
  readonly columns?: { readonly from: string; readonly to: string; readonly weight: string | null };
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
  /** When rows carry labels, `rating` is 0 or 1 and each row is an example of its own; absent = they carry none. */
  readonly label?: LabelInfo;
  /** Present when only its being rarer speaks for the positive cell of the label: other rows of the same kind may show another. */
  readonly openLabel?: LabelInfo;
  /** True where no (user, item) pair has two rows; absent = pairs may repeat. */
  readonly distinctPairs?: boolean;
  /** What the rows do not name: all of them then share one unnamed user (item); absent = they name both. */
  readonly unnamed?: readonly ('user' | 'item')[];
  /** SHA-256 (hex) of the cleaned interactions in order: external ids, ratings, times, sessions, context. */
  readonly hash: string;
  /** One line each, for people: what was dropped, repaired or looks suspicious. */
  readonly warnings: readonly string[];
}

/** What a training that goes on with new rows has had before them; users and items of it have the first indices. */
export interface FormerRows {
  readonly nUsers: number;
  readonly nItems: number;
  /** Rows of its data. */
  readonly nInteractions: number;
  /** Row u = the distinct items that user u took in that training, ascending [all users, all items]. */
  readonly seen: SparseRows;
  /** What each user took in rows that it did not have; null = nothing. */
  readonly heldOut: SparseRows | null;
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
  /** Where the rows are added to those of a training before; absent = there was none. */
  readonly former?: FormerRows;
}

export type SplitDescription = { readonly method: string } & Readonly<
  Record<string, string | number | boolean | null | readonly (string | number)[]>
>;

/** The rows of `interactions` at the given positions, in that order. */
export function selectRows(interactions: Interactions, positions: Int32Array): Interactions {
  const { userIndex, itemIndex, rating, time, session, context } = interactions;
  return {
    length: positions.length,
    userIndex: positions.map((p) => userIndex[p]),
    itemIndex: positions.map((p) => itemIndex[p]),
    rating: rating && Float32Array.from(positions, (p) => rating[p]),
    time: time && Float64Array.from(positions, (p) => time[p]),
    session: session && positions.map((p) => session[p]),
    ...(context && { context: context.map((column) => selectColumn(column, positions)) }),
  };
}

/** The rows of two parts of one data set, one after the other. */
export function joinInteractions(a: Interactions, b: Interactions): Interactions {
  return {
    length: a.length + b.length,
    userIndex: joinArrays(a.userIndex, b.userIndex),
    itemIndex: joinArrays(a.itemIndex, b.itemIndex),
    rating: a.rating && b.rating && joinArrays(a.rating, b.rating),
    time: a.time && b.time && joinArrays(a.time, b.time),
    session: a.session && b.session && joinArrays(a.session, b.session),
    ...(a.context && b.context && { context: a.context.map((column, c) => joinColumns(column, b.context![c])) }),
  };
}

/**
 * Models that rank items for users need rows that name both.
 * @param where who asks, e.g. `train`
 * @throws DeepTasteError `config`: the rows name no users, or no items
 */
export function requireUsersAndItems(where: string, { name, unnamed }: Pick<Dataset, 'name' | 'unnamed'>): void {
  if (!unnamed || unnamed.length === 0) return;
  throw new DeepTasteError(
    'config',
    `${where}: ranking items for users needs rows that name both, those of ${name} name no ${unnamed.join(' and no ')}; ` +
      `say ${unnamed.map((role) => `--${role} COLUMN`).join(' ')}, or choose a model of labelled rows`,
    { missing: unnamed },
  );
}

/** What to show a person for an item or user: its title where there is one, else its id. */
export function displayName(vocabulary: Vocabulary, fields: FieldTable, index: number): string {
  const field = fields.title === null ? undefined : fields.fields.find((f) => f.name === fields.title);
  const value = field?.values[index];
  return typeof value === 'string' && value !== '' ? value : vocabulary.idOf(index);
}
