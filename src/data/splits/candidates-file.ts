/**
 * Files that list the items to rank for each user, a user a line: `user<TAB>item<TAB>item…`, or NCF's
 * `(user,item)<TAB>item…`, where the pair names the held-out item.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { Dataset, Interactions } from '../dataset.ts';
import type { Database } from '../readers/database.ts';
import { findFiles } from '../readers/files.ts';
import { openSource, requireText } from '../readers/source-file.ts';
import { importLists } from '../readers/token-rows.ts';
import { type SparseRows, sparseRows } from '../sparse-rows.ts';

/** The listed pairs as they stand in the file. */
export interface CandidatePairs {
  readonly path: string;
  readonly userIds: readonly string[]; // [number of pairs]
  readonly itemIds: readonly string[]; // [number of pairs]
  /** The held-out pairs that NCF's format names. */
  readonly positives: readonly { readonly userId: string; readonly itemId: string }[];
}

/** @throws DeepTasteError `data`: the file is missing or lists nothing */
export async function readCandidatePairs(database: Database, pattern: string): Promise<CandidatePairs> {
  const [path] = await findFiles(database, [pattern]);
  const source = await openSource(database, path);
  requireText(source);
  const delimiter = source.head.includes('\t') ? '\t' : undefined;
  const table = await importLists(database, source, { delimiter, skipBadRows: false });
  if (table.nRows === 0)
    throw new DeepTasteError('data', `${path}: must list items after the user, found none`, { path });
  const itemIds = (await database.texts(`SELECT c1 FROM ${table.sql} ORDER BY rowid`)) as string[];
  const keys = await database.texts(`SELECT c0 FROM ${table.sql} ORDER BY rowid`);
  const userIds: string[] = [];
  const positives: { userId: string; itemId: string }[] = [];
  let key: Key = { userId: '', itemId: null };
  keys.forEach((text, k) => {
    // A line gives many pairs with the same key.
    if (k === 0 || text !== keys[k - 1]) {
      key = parseKey(text as string);
      if (key.itemId !== null) positives.push({ userId: key.userId, itemId: key.itemId });
    }
    userIds.push(key.userId);
  });
  return { path, userIds, itemIds, positives };
}

interface Key {
  readonly userId: string;
  readonly itemId: string | null;
}

/** `(user,item)` or a bare user; an item id holds no comma. */
function parseKey(text: string): Key {
  const pair = /^\((.*),([^,]*)\)$/.exec(text);
  return pair ? { userId: pair[1].trim(), itemId: pair[2].trim() } : { userId: text, itemId: null };
}

interface ListedCandidates {
  readonly rows: SparseRows;
  /** Held-out items that stood among their own user's candidates. */
  readonly nPositivesRemoved: number;
  /** Items listed more than once for a user. */
  readonly nRepeatsRemoved: number;
  /** Listed users who have no held-out row. */
  readonly nUsersIgnored: number;
}

/**
 * The pairs as rows of dense item indices, without the held-out items themselves and without repeats.
 * @throws DeepTasteError `data`: a held-out user has no candidates; a named pair is not held out
 */
export function listCandidates(dataset: Dataset, pairs: CandidatePairs, heldOut: Interactions): ListedCandidates {
  const { users, items } = dataset;
  const positives = sparseRows(users.size, heldOut.userIndex, heldOut.itemIndex, true);
  const isPositive = pairTest(positives, items.size);
  checkPositives(dataset, pairs, isPositive);
  const row: number[] = [];
  const column: number[] = [];
  const ignored = new Set<string>();
  let nPositivesRemoved = 0;
  for (let k = 0; k < pairs.userIds.length; k++) {
    const user = users.indexOf(pairs.userIds[k]);
    const item = items.indexOf(pairs.itemIds[k])!;
    if (user === undefined || positives.rowStart[user] === positives.rowStart[user + 1]) ignored.add(pairs.userIds[k]);
    else if (isPositive(user, item)) nPositivesRemoved++;
    else {
      row.push(user);
      column.push(item);
    }
  }
  const rows = sparseRows(users.size, Int32Array.from(row), Int32Array.from(column), true);
  requireLists(dataset, pairs.path, rows, positives);
  return { rows, nPositivesRemoved, nRepeatsRemoved: row.length - rows.columns.length, nUsersIgnored: ignored.size };
}

function pairTest(rows: SparseRows, nColumns: number): (row: number, column: number) => boolean {
  const keys = new Set<number>();
  for (let r = 0; r < rows.nRows; r++)
    for (let k = rows.rowStart[r]; k < rows.rowStart[r + 1]; k++) keys.add(r * nColumns + rows.columns[k]);
  return (row, column) => keys.has(row * nColumns + column);
}

function checkPositives(
  { users, items }: Dataset,
  pairs: CandidatePairs,
  isPositive: (user: number, item: number) => boolean,
): void {
  for (const { userId, itemId } of pairs.positives) {
    const user = users.indexOf(userId);
    const item = items.indexOf(itemId);
    if (user !== undefined && item !== undefined && isPositive(user, item)) continue;
    throw new DeepTasteError(
      'data',
      `${pairs.path}: the pair (${userId},${itemId}) must be one of the held-out rows; do the two files belong together?`,
      { path: pairs.path, user: userId, item: itemId },
    );
  }
}

function requireLists({ users }: Dataset, path: string, rows: SparseRows, positives: SparseRows): void {
  for (let user = 0; user < users.size; user++) {
    const isHeldOut = positives.rowStart[user] < positives.rowStart[user + 1];
    if (!isHeldOut || rows.rowStart[user] < rows.rowStart[user + 1]) continue;
    const message = `${path}: every held-out user must have candidates, "${users.idOf(user)}" has none`;
    throw new DeepTasteError('data', message, { path, user: users.idOf(user) });
  }
}
