/** The cleaning steps in their order, with what each of them dropped. */

import { DeepTasteError } from '../core/errors.ts';
import { kCore, type Rows, renumberInPlace, repeatedRows, rowsWhere } from './cleaning.ts';
import { counted } from './counted.ts';
import type { ResolvedDataOptions } from './data-options.ts';
import type { Interactions } from './dataset.ts';
import type { EncodedRows } from './encoded-rows.ts';
import { selectColumn } from './value-columns.ts';

export type CleaningOptions = Pick<ResolvedDataOptions, 'duplicates' | 'minRating' | 'kCore'>;

/** Cleaned rows, in the memory of the encoded ones, which must not be used any more; ids are those that still occur, in the order of their first appearance. */
export interface CleanedRows extends EncodedRows {
  readonly warnings: readonly string[];
}

/**
 * Repeated pairs, then the rating threshold (so that a user's last rating of an item decides), then the k-core.
 * @param rowsAreExamples rows with labels, of which repeated pairs stay unless told otherwise
 * @param unnamed what the rows do not name, and so cannot be cleaned by
 * @throws DeepTasteError `config`: a threshold without ratings, pairs of unnamed users; `data`: nothing is left
 */
export function cleanRows(
  encoded: EncodedRows,
  options: CleaningOptions,
  rowsAreExamples = false,
  unnamed: readonly string[] = [],
): CleanedRows {
  const { interactions, part } = encoded;
  const nUsers = encoded.users.size;
  const nItems = encoded.items.size;
  const { minRating } = options;
  const duplicates = options.duplicates ?? (rowsAreExamples ? 'keep' : 'last');
  if (unnamed.length > 0 && (duplicates !== 'keep' || options.kCore))
    throw new DeepTasteError(
      'config',
      `${options.kCore ? 'kCore' : 'duplicates'}: needs rows that name users and items, these name no ` +
        `${unnamed.join(' and no ')}; leave it out`,
    );
  const warnings: string[] = [];
  const repeated = duplicates === 'keep' ? null : repeatedRows(interactions, nUsers, nItems, duplicates, part);
  if (repeated === null && minRating === undefined && !options.kCore) return { ...encoded, warnings };
  let rows = rowsWhere(interactions.length, (row) => repeated === null || repeated[row] === 0);
  const nRepeated = interactions.length - rows.length;
  if (nRepeated > 0)
    warnings.push(
      `${counted(nRepeated, 'row')} dropped: the (user, item) pair repeats; the ${duplicates} of each is kept` +
        (interactions.context ? ', whatever its context (duplicates: keep keeps all)' : ''),
    );
  if (minRating !== undefined) {
    rows = aboveThreshold(interactions, rows, minRating, warnings);
    requireRows(rows, `no row is rated ${minRating} or more; lower minRating`);
  }
  if (options.kCore) {
    const kept = kCore(interactions, rows, nUsers, nItems, options.kCore);
    const { user, item } = options.kCore;
    if (kept.length < rows.length)
      warnings.push(`${counted(rows.length - kept.length, 'row')} dropped by the ${user}-user, ${item}-item core`);
    rows = kept;
    requireRows(rows, `the ${user}-user, ${item}-item core is empty; lower kCore`);
  }
  return { ...keepRows(encoded, rows), warnings };
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
    ...{ userIndex: compacted(userIndex, rows), itemIndex: compacted(itemIndex, rows) },
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
