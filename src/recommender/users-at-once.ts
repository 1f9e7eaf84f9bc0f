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
 * Some rows of a table, empty for all others: the columns of one table, or of two, without those that occur in both twice.
 * @param rows distinct rows
 * @param a columns ascend
 * @param b has as many rows
 */
export function someRows(rows: Int32Array, a: SparseRows, b: SparseRows | undefined): SparseRows {
  const { nRows } = a;
  const rowStart = new Int32Array(nRows + 1);
  for (const row of rows) rowStart[row + 1] = lengthOf(a, row) + (b ? lengthOf(b, row) : 0);
  for (let row = 0; row < nRows; row++) rowStart[row + 1] += rowStart[row];
  const columns = new Int32Array(rowStart[nRows]);
  for (const row of rows) {
    const [endA, endB] = [a.rowStart[row + 1], b ? b.rowStart[row + 1] : 0];
    let i = a.rowStart[row];
    let j = b ? b.rowStart[row] : 0;
    let n = rowStart[row];
    while (i < endA || j < endB) {
      const ofA = i < endA ? a.columns[i] : MOST_INT32;
      const ofB = b && j < endB ? b.columns[j] : MOST_INT32;
      if (ofA <= ofB) i++;
      if (ofB <= ofA) j++;
      columns[n++] = ofA < ofB ? ofA : ofB;
    }
    // a place that a column of both leaves free holds that column again
    for (; n < rowStart[row + 1]; n++) columns[n] = columns[n - 1];
  }
  return { nRows, rowStart, columns };
}

const MOST_INT32 = 2 ** 31 - 1;

function lengthOf({ rowStart }: SparseRows, row: number): number {
  return rowStart[row + 1] - rowStart[row];
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
