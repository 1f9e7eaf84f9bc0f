/**
 * Held-out rows of users and items that no training row has. A model of users and items has learned nothing of them and serves neither,
 * hence their rule in measurements: users without training rows are left out and counted; items without training rows are misses where
 * they are looked for among all items, and rank last, all alike, among listed candidates.
 */
import type { Split } from '../data/dataset.ts';
import { rowOf, type SparseRows } from '../data/sparse-rows.ts';

export interface TrainedEntities {
  readonly hasUser: (user: number) => boolean;
  readonly hasItem: (item: number) => boolean;
}

/** Who and what occurs in the training part, or in a training before it. */
export function trainedEntities({ dataset, train, former }: Split): TrainedEntities {
  const users = new Uint8Array(dataset.users.size);
  const items = new Uint8Array(dataset.items.size);
  for (let row = 0; row < train.length; row++) {
    users[train.userIndex[row]] = 1;
    items[train.itemIndex[row]] = 1;
  }
  for (let user = 0; former && user < former.seen.nRows; user++)
    if (rowOf(former.seen, user).length > 0) users[user] = 1;
  for (const item of former?.seen.columns ?? []) items[item] = 1;
  return { hasUser: (user) => users[user] === 1, hasItem: (item) => items[item] === 1 };
}

export interface UntrainedRows {
  /** Users without training rows, and their distinct held-out pairs. */
  readonly nUsers: number;
  readonly nUserRows: number;
  /** Held-out items without training rows of the other users, and the pairs that hold one. */
  readonly nItems: number;
  readonly nItemRows: number;
}

/** @param heldOut the distinct held-out items of every user */
export function untrainedRows(heldOut: SparseRows, { hasUser, hasItem }: TrainedEntities): UntrainedRows {
  const items = new Set<number>();
  let [nUsers, nUserRows, nItemRows] = [0, 0, 0];
  for (let user = 0; user < heldOut.nRows; user++) {
    const own = rowOf(heldOut, user);
    if (own.length === 0) continue;
    if (!hasUser(user)) {
      nUsers++;
      nUserRows += own.length;
      continue;
    }
    for (const item of own) {
      if (hasItem(item)) continue;
      items.add(item);
      nItemRows++;
    }
  }
  return { nUsers, nUserRows, nItems: items.size, nItemRows };
}
