/**
 * How closely pairs of people belong together, by three kinds of triangles (Yu et al., WWW 2021, section 3.1): who knows whom is taken
 * without direction, so that the seven social motifs of the paper add up to the triangles of friends.
 *
 *   social    (S S) ⊙ S       friends i, j: friends that both have
 *   joint     (R Rᵀ) ⊙ S      friends i, j: items that both took
 *   purchase  R Rᵀ − joint     others: items that both took
 */
import { BestLists } from '../best-lists.ts';
import { entryOf, rowOf, type SparseRows, transposeRows } from '../sparse-rows.ts';

/** Numbers of people × people, symmetric but for lists that were cut; without zeros. */
export interface Counts {
  readonly rows: SparseRows;
  /** In the order of the columns. */
  readonly values: Float32Array;
}

/**
 * Of every two friends the number of entries that stand in the lists of both. The shorter list of the two is looked up in the longer
 * one, so that somebody with a million friends costs a million look-ups.
 * @param friends row u: those whom u knows, ascending; whoever is known knows back
 * @param lists of every user, ascending, of numbers below `size`
 */
export function commonOfFriends(friends: SparseRows, lists: SparseRows, size: number): Counts {
  const { nRows, rowStart, columns } = friends;
  const counts = new Float32Array(columns.length);
  const marked = new Uint8Array(size);
  const length = (user: number): number => lists.rowStart[user + 1] - lists.rowStart[user];
  for (let user = 0; user < nRows; user++) {
    const own = rowOf(lists, user);
    for (const entry of own) marked[entry] = 1;
    for (let k = rowStart[user]; k < rowStart[user + 1]; k++) {
      const friend = columns[k];
      const isLonger = own.length > length(friend) || (own.length === length(friend) && user < friend);
      if (friend === user || !isLonger) continue;
      let common = 0;
      for (const entry of rowOf(lists, friend)) common += marked[entry];
      counts[k] = common;
      counts[entryOf(friends, friend, user)] = common;
    }
    for (const entry of own) marked[entry] = 0;
  }
  return withoutZeros(friends, counts);
}

function withoutZeros({ nRows, rowStart, columns }: SparseRows, counts: Float32Array): Counts {
  const start = new Int32Array(nRows + 1);
  const kept: number[] = [];
  for (let row = 0; row < nRows; row++) {
    for (let k = rowStart[row]; k < rowStart[row + 1]; k++) if (counts[k] > 0) kept.push(k);
    start[row + 1] = kept.length;
  }
  return {
    rows: { nRows, rowStart: start, columns: Int32Array.from(kept, (k) => columns[k]) },
    values: Float32Array.from(kept, (k) => counts[k]),
  };
}

/**
 * Of every two users who are no friends the number of items that both took, where that is `least` or more; of each user those with
 * the most, `most` at most (of equal ones the first).
 * @param taken distinct items of every user, ascending
 */
export function commonOfStrangers(
  taken: SparseRows,
  nItems: number,
  friends: SparseRows,
  { least, most }: { readonly least: number; readonly most: number },
): Counts {
  const nUsers = taken.nRows;
  const takers = transposeRows(taken, nItems);
  const best = new BestLists(nUsers, Math.min(most, nUsers));
  const together = new Int32Array(nUsers);
  for (let user = 0; user < nUsers; user++) {
    const met: number[] = [];
    for (const item of rowOf(taken, user))
      for (const other of rowOf(takers, item)) if (together[other]++ === 0) met.push(other);
    for (const friend of rowOf(friends, user)) together[friend] = 0;
    for (const other of met) {
      if (other !== user && together[other] >= least) best.offer(user, other, together[other]);
      together[other] = 0;
    }
  }
  return best.listed();
}
