/** The cleaning steps in their order, with what each of them dropped. */

import { DeepTasteError } from '../core/errors.ts';
import { kCore, type Rows, renumber, rowsWhere, withoutDuplicates } from './cleaning.ts';
import { counted } from './counted.ts';
import type { ResolvedDataOptions } from './data-options.ts';
import { type Interactions, selectRows } from './dataset.ts';
import type { EncodedRows } from './encoded-rows.ts';

export type CleaningOptions = Pick<ResolvedDataOptions, 'duplicates' | 'minRating' | 'kCore'>;

/** Cleaned rows; ids are those that still occur, in the order of their first appearance. */
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
  const nUsers = encoded.userIds.length;
  const nItems = encoded.itemIds.length;
  const { minRating } = options;
  const duplicates = options.duplicates ?? (rowsAreExamples ? 'keep' : 'last');
  if (unnamed.length > 0 && (duplicates !== 'keep' || options.kCore))
    throw new DeepTasteError(
      'config',
      `${options.kCore ? 'kCore' : 'duplicates'}: needs rows that name users and items, these name no ` +
        `${unnamed.join(' and no ')}; leave it out`,
    );
  const warnings: string[] = [];
  let rows =
    duplicates === 'keep'
      ? rowsWhere(interactions.length, () => true)
      : withoutDuplicates(interactions, nUsers, nItems, duplicates, part);
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

function keepRows(encoded: EncodedRows, rows: Rows): EncodedRows {
  // ids are in the order of their first appearance already
  if (rows.length === encoded.interactions.length) return encoded;
  const kept = selectRows(encoded.interactions, rows);
  const users = renumber(kept.userIndex, encoded.userIds.length);
  const items = renumber(kept.itemIndex, encoded.itemIds.length);
  const nSessions = kept.session ? kept.session.reduce((a, b) => Math.max(a, b), -1) + 1 : 0;
  return {
    interactions: {
      ...kept,
      ...{ userIndex: users.column, itemIndex: items.column },
      session: kept.session && renumber(kept.session, nSessions).column,
    },
    part: Uint8Array.from(rows, (row) => encoded.part[row]),
    userIds: Array.from(users.oldIndex, (old) => encoded.userIds[old]),
    itemIds: Array.from(items.oldIndex, (old) => encoded.itemIds[old]),
    titles: encoded.titles && Array.from(items.oldIndex, (old) => encoded.titles![old]),
  };
}
