/** Lists of friends, from the edges between users. */
import type { SocialGraph } from '../dataset.ts';
import { type SparseRows, sparseRows, transposeRows, unitedRows } from '../sparse-rows.ts';

/** Row u: the users to whom edges of u go, ascending. */
export function friendLists({ from, to }: Pick<SocialGraph, 'from' | 'to'>, nUsers: number): SparseRows {
  return sparseRows(nUsers, from, to, true);
}

/** Whoever is named by somebody names that person, too. */
export function mutualFriends(friends: SparseRows): SparseRows {
  return unitedRows(friends, transposeRows(friends, friends.nRows));
}
