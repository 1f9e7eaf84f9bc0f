/** Many users of the data side by side: how many are ranked at once, and lists of items by their rows. */
import type { SparseRows } from '../data/sparse-rows.ts';

/** Scores that a block of users makes: some seconds of the slowest models, so that progress is told and other work has its turn. */
const SCORES_OF_BLOCK = 1 << 22;
const [FEWEST, MOST] = [48, 4096];

/** The users in blocks, of fewer users where there are more items. */
export function* blocksOf(users: Int32Array, nItems: number): Generator<Int32Array> {
  const size = Math.max(FEWEST, Math.min(MOST, Math.floor(SCORES_OF_BLOCK / Math.max(1, nItems))));
  for (let from = 0; from < users.length; from += size) yield users.subarray(from, from + size);
}

/**
 * Lists by row of a table, empty for all rows but some.
 * @param rows distinct rows of the table
 * @param listOf the list of the row at a position of `rows`
 */
export function listsAtRows(nRows: number, rows: Int32Array, listOf: (position: number) => Int32Array): SparseRows {
  const rowStart = new Int32Array(nRows + 1);
  rows.forEach((row, n) => {
    rowStart[row + 1] = listOf(n).length;
  });
  for (let row = 0; row < nRows; row++) rowStart[row + 1] += rowStart[row];
  const columns = new Int32Array(rowStart[nRows]);
  rows.forEach((row, n) => {
    columns.set(listOf(n), rowStart[row]);
  });
  return { nRows, rowStart, columns };
}
