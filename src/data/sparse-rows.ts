/**
 * Compressed sparse rows without values: the columns of row r are `columns[rowStart[r] … rowStart[r+1])`.
 * Used for "the items of each user" and for lists of candidates.
 */
export interface SparseRows {
  readonly nRows: number;
  readonly rowStart: Int32Array; // [nRows + 1]
  readonly columns: Int32Array; // [number of entries]
}

/**
 * Groups (row, column) pairs by row. Within a row, columns ascend; a pair that occurs twice stays twice unless `unique`.
 */
export function sparseRows(nRows: number, row: Int32Array, column: Int32Array, unique = false): SparseRows {
  return joinedRows(nRows, [{ row, column }], unique);
}

/** Pairs in several lists, grouped as if these were one. */
export function joinedRows(
  nRows: number,
  lists: readonly { readonly row: Int32Array; readonly column: Int32Array }[],
  unique = false,
): SparseRows {
  const rowStart = new Int32Array(nRows + 1);
  for (const { row } of lists) for (let k = 0; k < row.length; k++) rowStart[row[k] + 1]++;
  for (let r = 0; r < nRows; r++) rowStart[r + 1] += rowStart[r];
  const next = rowStart.slice(0, nRows);
  const columns = new Int32Array(rowStart[nRows]);
  for (const { row, column } of lists) for (let k = 0; k < row.length; k++) columns[next[row[k]]++] = column[k];
  for (let r = 0; r < nRows; r++)
    if (rowStart[r + 1] - rowStart[r] > 1) columns.subarray(rowStart[r], rowStart[r + 1]).sort();
  const rows = { nRows, rowStart, columns };
  return unique ? withoutRepeats(rows) : rows;
}

/** In the memory of `rows`. */
function withoutRepeats({ nRows, rowStart, columns }: SparseRows): SparseRows {
  let n = 0;
  let from = 0;
  for (let r = 0; r < nRows; r++) {
    const to = rowStart[r + 1];
    for (let k = from; k < to; k++) if (k === from || columns[k] !== columns[k - 1]) columns[n++] = columns[k];
    from = to;
    rowStart[r + 1] = n;
  }
  return { nRows, rowStart, columns: n === columns.length ? columns : columns.slice(0, n) };
}

/** The columns of one row, as a view. */
export function rowOf(rows: Pick<SparseRows, 'rowStart' | 'columns'>, row: number): Int32Array {
  return rows.columns.subarray(rows.rowStart[row], rows.rowStart[row + 1]);
}

/** The place of a column in an ascending row, an index of `columns`; −1 where the row does not have it. */
export function entryOf(rows: SparseRows, row: number, column: number): number {
  const end = rows.rowStart[row + 1];
  let [low, high] = [rows.rowStart[row], end];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows.columns[middle] < column) low = middle + 1;
    else high = middle;
  }
  return low < end && rows.columns[low] === column ? low : -1;
}

/** Rows and columns exchanged: row c of the result lists the rows of `rows` that hold column c, ascending. */
export function transposeRows(rows: SparseRows, nColumns: number): SparseRows {
  const rowStart = new Int32Array(nColumns + 1);
  for (const c of rows.columns) rowStart[c + 1]++;
  for (let c = 0; c < nColumns; c++) rowStart[c + 1] += rowStart[c];
  const next = rowStart.slice(0, nColumns);
  const columns = new Int32Array(rows.columns.length);
  for (let r = 0; r < rows.nRows; r++)
    for (let k = rows.rowStart[r]; k < rows.rowStart[r + 1]; k++) columns[next[rows.columns[k]]++] = r;
  return { nRows: nColumns, rowStart, columns };
}

/** Two ascending lists of distinct numbers as one. */
export function joinedAscending(a: Int32Array, b: Int32Array = new Int32Array(0)): Int32Array {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a;
  const joined = new Int32Array(a.length + b.length);
  let n = 0;
  for (let i = 0, j = 0; i < a.length || j < b.length; n++) {
    const next = j >= b.length || (i < a.length && a[i] <= b[j]) ? a[i] : b[j];
    if (i < a.length && a[i] === next) i++;
    if (j < b.length && b[j] === next) j++;
    joined[n] = next;
  }
  return joined.slice(0, n);
}

/** The columns of both in every row; columns of both must ascend and differ. */
export function unitedRows(a: SparseRows, b: SparseRows): SparseRows {
  const lists = [a, b].map((rows) => ({ row: rowNumbers(rows), column: rows.columns }));
  return joinedRows(a.nRows, lists, true);
}

/** The rows of `rows` without the columns that `others` have there; columns of both must ascend. */
export function withoutColumns(rows: SparseRows, others: SparseRows): SparseRows {
  const rowStart = new Int32Array(rows.nRows + 1);
  const columns = new Int32Array(rows.columns.length);
  let n = 0;
  for (let r = 0; r < rows.nRows; r++) {
    let k = others.rowStart[r];
    for (const column of rowOf(rows, r)) {
      while (k < others.rowStart[r + 1] && others.columns[k] < column) k++;
      if (k === others.rowStart[r + 1] || others.columns[k] !== column) columns[n++] = column;
    }
    rowStart[r + 1] = n;
  }
  return { nRows: rows.nRows, rowStart, columns: columns.slice(0, n) };
}

/** The row of every entry. */
export function rowNumbers({ nRows, rowStart, columns }: SparseRows): Int32Array {
  const rows = new Int32Array(columns.length);
  for (let r = 0; r < nRows; r++) rows.fill(r, rowStart[r], rowStart[r + 1]);
  return rows;
}

/** The columns below `nColumns` that no row has, ascending. */
export function missingColumns({ columns }: SparseRows, nColumns: number): Int32Array {
  const occurs = new Uint8Array(nColumns);
  for (const column of columns) occurs[column] = 1;
  return Int32Array.from(occurs.keys()).filter((column) => occurs[column] === 0);
}

/** With one row more, which is empty. */
export function withEmptyRow({ nRows, rowStart, columns }: SparseRows): SparseRows {
  const longer = new Int32Array(nRows + 2).fill(columns.length);
  longer.set(rowStart);
  return { nRows: nRows + 1, rowStart: longer, columns };
}
