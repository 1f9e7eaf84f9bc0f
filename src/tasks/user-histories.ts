/** The histories of named users, kept in a recommender so that it can go on with them. */
import { renameItems, selectEvents } from '../data/sequences/select-sequences.ts';
import type { SequenceSplit } from '../data/sequences/sequence-data.ts';
import { type SparseRows, sparseRows } from '../data/sparse-rows.ts';
import { Vocabulary } from '../data/vocabulary.ts';

export interface UserHistories {
  readonly users: Vocabulary;
  /** Row u = the items of user u, the oldest first; an item may occur again. */
  readonly rows: SparseRows;
}

/**
 * The histories where a sequence is a user's whole history, with the held-out events of items that training knows; null for sessions,
 * which are nobody's.
 */
export function userHistories({ by, users, items: known, whole }: SequenceSplit): UserHistories | null {
  if (by !== 'user' || users === null) return null;
  const all = whole();
  const newIndex = Int32Array.from({ length: all.items.size }, (_, item) => known.indexOf(all.items.idOf(item)) ?? -1);
  const renamed = renameItems(all.sequences, newIndex, known.size);
  const { owner, start, items } = selectEvents(renamed, (event) => renamed.items[event] >= 0);
  if (owner === null) return null;
  const rowStart = new Int32Array(users.size + 1);
  for (let s = 0; s < owner.length; s++) rowStart[owner[s] + 1] = start[s + 1] - start[s];
  for (let u = 0; u < users.size; u++) rowStart[u + 1] += rowStart[u];
  const columns = new Int32Array(items.length);
  for (let s = 0; s < owner.length; s++) columns.set(items.subarray(start[s], start[s + 1]), rowStart[owner[s]]);
  return { users, rows: { nRows: users.size, rowStart, columns } };
}

/** As an artifact holds them: nobody where there are none. */
export function asSeen(histories: UserHistories | null): { users: Vocabulary; seen: SparseRows } {
  if (histories) return { users: histories.users, seen: histories.rows };
  return { users: new Vocabulary([]), seen: sparseRows(0, new Int32Array(0), new Int32Array(0)) };
}
