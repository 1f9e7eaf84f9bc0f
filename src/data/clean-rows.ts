/** The cleaning steps in their order, with what each of them dropped. */

import { DeepTasteError } from '../core/errors.ts';
import { equalRows, kCore, pairSums, type Rows, renumberInPlace, repeatedRows, rowsWhere } from './cleaning.ts';
import { counted } from './counted.ts';
import type { ResolvedDataOptions } from './data-options.ts';
import type { Interactions } from './dataset.ts';
import type { EncodedRows } from './encoded-rows.ts';
import { selectColumn } from './value-columns.ts';

type Duplicates = NonNullable<ResolvedDataOptions['duplicates']>;
type CleaningOptions = Pick<ResolvedDataOptions, 'duplicates' | 'minRating' | 'kCore'>;

/** What is known of the rows beside their columns. */
interface RowKind {
  /** The ratings are labels of 0 and 1; null column = they are not. */
  readonly label?: string | null;
  /** What the rows do not name, and so cannot be cleaned by. */
  readonly unnamed?: readonly string[];
  /** Rows are taken as positive feedback: those labelled 0 are dropped. */
  readonly takenOnly?: boolean;
}

/** Cleaned rows, in the memory of the encoded ones, which must not be used any more; ids are those that still occur, in the order of their first appearance. */
export interface CleanedRows extends EncodedRows {
  /** No (user, item) pair has two rows in one part. */
  readonly distinctPairs: boolean;
  /** Of rows with labels only those labelled 1 were kept. */
  readonly takenOnly: boolean;
  readonly warnings: readonly string[];
}

/**
 * Repeated pairs, then the rating threshold (so that a user's last rating of an item decides), then the k-core. Rows with labels are
 * examples, of which repeated pairs stay; where those labelled 1 stand for what people took, of their repeated pairs one row stays
 * too: without a threshold any row labelled 1 makes its pair one. `duplicates` says otherwise.
 * @throws DeepTasteError `config`: a threshold without ratings, pairs of unnamed users; `data`: nothing is left
 */
export function cleanRows(
  encoded: EncodedRows,
  options: CleaningOptions,
  { label = null, unnamed = [], takenOnly = false }: RowKind = {},
): CleanedRows {
  const positivesOnly = label !== null && unnamed.length === 0 && (takenOnly || isPositive(options.minRating));
  const rowsAreExamples = !positivesOnly && (label !== null || unnamed.length > 0);
  const duplicates = options.duplicates ?? (rowsAreExamples ? 'keep' : 'last');
  checkNames(options, duplicates, unnamed);
  const warnings: string[] = [];
  const merges = duplicates === 'sum' || duplicates === 'count';
  const isThreshold = !positivesOnly || (options.minRating !== undefined && !merges);
  const cleaned = isThreshold
    ? cleanPairs(encoded, { ...options, duplicates }, label, warnings)
    : cleanPairs(positives(encoded, label, warnings), { duplicates, kCore: options.kCore }, null, warnings);
  return { ...cleaned, takenOnly: positivesOnly };
}

/** A threshold that labels of 0 miss. */
function isPositive(minRating: number | undefined): boolean {
  return minRating !== undefined && minRating > 0 && minRating <= 1;
}

function checkNames({ kCore: core }: CleaningOptions, duplicates: string, unnamed: readonly string[]): void {
  if (unnamed.length === 0 || (duplicates === 'keep' && !core)) return;
  throw new DeepTasteError(
    'config',
    `${core ? 'kCore' : 'duplicates'}: needs rows that name users and items, these name no ` +
      `${unnamed.join(' and no ')}; leave it out`,
  );
}

/** The rows labelled 1. */
function positives(encoded: EncodedRows, label: string, warnings: string[]): EncodedRows {
  const { rating, length } = encoded.interactions;
  const rows = rowsWhere(length, (row) => rating![row] === 1);
  requireRows(rows, `no row is labelled 1 in "${label}"`);
  if (rows.length < length)
    warnings.push(
      `${counted(length - rows.length, 'row')} labelled 0 dropped: the ${rows.length} labelled 1 say what people took ("${label}"); ` +
        'models of fields learn from both',
    );
  return keepRows(encoded, rows);
}

function cleanPairs(
  encoded: EncodedRows,
  { duplicates, minRating, kCore: core }: CleaningOptions & { readonly duplicates: Duplicates },
  label: string | null,
  warnings: string[],
): Omit<CleanedRows, 'takenOnly'> {
  const { part } = encoded;
  const [nUsers, nItems] = [encoded.users.size, encoded.items.size];
  const merges = duplicates === 'sum' || duplicates === 'count';
  const interactions = merges ? mergedRows(encoded, duplicates, label) : encoded.interactions;
  const distinctPairs = duplicates !== 'keep' && duplicates !== 'distinct';
  const policy = duplicates === 'first' ? 'first' : 'last';
  const repeated = distinctPairs
    ? repeatedRows(interactions, nUsers, nItems, policy, part)
    : duplicates === 'distinct'
      ? equalRows(interactions, ratingsOf(interactions, duplicates), nUsers, part)
      : null;
  if (repeated === null && minRating === undefined && !core)
    return { ...encoded, interactions, distinctPairs, warnings };
  let rows = rowsWhere(interactions.length, (row) => repeated === null || repeated[row] === 0);
  const nRepeated = interactions.length - rows.length;
  if (nRepeated > 0) warnings.push(repeatNote(nRepeated, duplicates, interactions));
  if (minRating !== undefined) {
    rows = aboveThreshold(interactions, rows, minRating, warnings);
    requireRows(rows, `no row is rated ${minRating} or more; lower minRating`);
  }
  if (core) {
    const kept = kCore(interactions, rows, nUsers, nItems, core);
    if (kept.length < rows.length)
      warnings.push(
        `${counted(rows.length - kept.length, 'row')} dropped by the ${core.user}-user, ${core.item}-item core`,
      );
    rows = kept;
    requireRows(rows, `the ${core.user}-user, ${core.item}-item core is empty; lower kCore`);
  }
  return { ...keepRows({ ...encoded, interactions }, rows), distinctPairs, warnings };
}

function repeatNote(nRepeated: number, duplicates: Duplicates, { context }: Interactions): string {
  if (duplicates === 'distinct')
    return `${counted(nRepeated, 'row')} dropped: the same user, item and rating as a row before`;
  const rows = `${counted(nRepeated, 'row')} dropped: the (user, item) pair repeats; `;
  if (duplicates === 'sum') return `${rows}the last of each is kept, with the sum of the ratings`;
  if (duplicates === 'count') return `${rows}the last of each is kept, with the number of rows as its rating`;
  return `${rows}the ${duplicates} of each is kept${context ? ', whatever its context (--duplicates keep keeps all)' : ''}`;
}

/** The rows with the sum of the ratings of their pair, or the number of its rows, as their rating. */
function mergedRows(
  { interactions, users, items, part }: EncodedRows,
  duplicates: 'sum' | 'count',
  label: string | null,
): Interactions {
  if (label !== null)
    throw new DeepTasteError(
      'config',
      `duplicates: "${duplicates}" makes ratings, and rows with labels ("${label}") have none; say --min-rating 1 (minRating) to merge those labelled 1, or leave it out`,
    );
  const value = duplicates === 'sum' ? ratingsOf(interactions, duplicates) : null;
  return { ...interactions, rating: pairSums(interactions, value, users.size, items.size, part) };
}

function ratingsOf({ rating }: Interactions, duplicates: 'sum' | 'distinct'): Float32Array {
  if (rating !== null) return rating;
  const instead = duplicates === 'sum' ? 'count' : 'last';
  throw new DeepTasteError(
    'config',
    `duplicates: "${duplicates}" needs a rating column, the data has none; say "${instead}"`,
  );
}

function aboveThreshold(interactions: Interactions, rows: Rows, minRating: number, warnings: string[]): Rows {
  const { rating } = interactions;
  if (rating === null)
    throw new DeepTasteError('config', 'minRating: needs a rating column, the data has none; say --rating COLUMN');
  const kept = rows.filter((row) => rating[row] >= minRating);
  if (kept.length < rows.length)
    warnings.push(`${counted(rows.length - kept.length, 'row')} rated below ${minRating} dropped`);
  return kept;
}

function requireRows(rows: Rows, message: string): void {
  if (rows.length === 0) throw new DeepTasteError('data', `cleaning: at least one row must be left, ${message}`);
}

/** The kept rows move forward in the columns as they are: a copy of many rows would take as much memory again. */
function keepRows(encoded: EncodedRows, rows: Rows): EncodedRows {
  if (rows.length === encoded.interactions.length) return encoded;
  const { userIndex, itemIndex, rating, time, session, context } = encoded.interactions;
  const kept: Interactions = {
    length: rows.length,
    userIndex: compacted(userIndex, rows),
    itemIndex: compacted(itemIndex, rows),
    rating: rating && compacted(rating, rows),
    time: time && compacted(time, rows),
    session: session && compacted(session, rows),
    ...(context && { context: context.map((column) => selectColumn(column, rows)) }),
  };
  const nSessions = kept.session ? kept.session.reduce((a, b) => Math.max(a, b), -1) + 1 : 0;
  const users = renumberInPlace(kept.userIndex, encoded.users.size);
  const items = renumberInPlace(kept.itemIndex, encoded.items.size);
  if (kept.session) renumberInPlace(kept.session, nSessions);
  return {
    interactions: kept,
    part: compacted(encoded.part, rows),
    users: encoded.users.select(users),
    items: encoded.items.select(items),
    titles: encoded.titles && Array.from(items, (old) => encoded.titles![old]),
  };
}

/** The kept rows at the front of the same array; a copy only where most of it would lie idle. */
function compacted<T extends Uint8Array | Int32Array | Float32Array | Float64Array>(column: T, rows: Rows): T {
  for (let k = 0; k < rows.length; k++) column[k] = column[rows[k]];
  return (rows.length * 2 < column.length ? column.slice(0, rows.length) : column.subarray(0, rows.length)) as T;
}
