/**
 * How often two items were taken by the same user, row after row: the upper triangle of XᵀX for the binary matrix X, never
 * kept as a whole. Cost: half the sum over users of the squared number of items.
 */
import { type SparseRows, transposeRows } from './sparse-rows.ts';

/**
 * Calls `visit` for every item in ascending order.
 * @param rows the distinct items of every user, ascending
 * @param userWeight weight of a user in the sums, [rows.nRows]; null = 1 each
 * @param visit gets an item and an array [nItems] with Σ_u weight_u over the users who took both it and item j, for j ≥ item
 *   (0 for smaller j); the array is used again for the next item
 */
export function visitCoOccurrences(
  rows: SparseRows,
  nItems: number,
  userWeight: Float64Array | null,
  visit: (item: number, sums: Float64Array) => void,
): void {
  const users = transposeRows(rows, nItems);
  // items come in ascending order, so that a user's items from the current one on begin one further at each visit
  const next = rows.rowStart.slice(0, rows.nRows);
  const sums = new Float64Array(nItems);
  for (let item = 0; item < nItems; item++) {
    sums.fill(0, Math.max(0, item - 1));
    for (let k = users.rowStart[item]; k < users.rowStart[item + 1]; k++) {
      const user = users.columns[k];
      addRow(sums, rows.columns, next[user]++, rows.rowStart[user + 1], userWeight === null ? 1 : userWeight[user]);
    }
    visit(item, sums);
  }
}

function addRow(sums: Float64Array, columns: Int32Array, from: number, to: number, weight: number): void {
  for (let k = from; k < to; k++) sums[columns[k]] += weight;
}
