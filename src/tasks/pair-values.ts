/** The rating or count of every (user, item) pair that a model is fitted to. */

import { groupRows } from '../data/cleaning.ts';
import type { Interactions } from '../data/dataset.ts';
import type { SparseRows } from '../data/sparse-rows.ts';

/**
 * In the order of `pairs.columns`: the ratings of the rows of a pair, added up; rows without ratings count 1 each.
 * @returns null when the rows have no ratings and no pair repeats, so that there is nothing to tell apart
 */
export function pairValues(pairs: SparseRows, rows: Interactions): Float32Array | null {
  const { rating, userIndex, itemIndex, length } = rows;
  if (rating === null && pairs.columns.length === length) return null;
  const byUser = groupRows(length, pairs.nRows, (row) => userIndex[row]);
  const sum = new Map<number, number>();
  const values = new Float32Array(pairs.columns.length);
  for (let user = 0; user < pairs.nRows; user++) {
    sum.clear();
    for (let k = byUser.rowStart[user]; k < byUser.rowStart[user + 1]; k++) {
      const row = byUser.order[k];
      sum.set(itemIndex[row], (sum.get(itemIndex[row]) ?? 0) + (rating === null ? 1 : rating[row]));
    }
    for (let k = pairs.rowStart[user]; k < pairs.rowStart[user + 1]; k++) values[k] = sum.get(pairs.columns[k]) ?? 0;
  }
  return values;
}
