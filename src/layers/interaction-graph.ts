/** The graph of who took what, as a matrix. */
import { type SparseRows, transposeRows } from '../data/sparse-rows.ts';
import type { SparseMatrix } from '../engine/ops/index.ts';

/**
 * D^−½ A D^−½ of the graph whose nodes are the users and then the items, with an edge for every taken pair and none from a node to
 * itself: 1 / √(d_u d_i), with d the number of edges. Symmetric; the row of a node without edges is empty.
 * @param taken distinct items of every user, ascending
 */
export function normalisedAdjacency(taken: SparseRows, nItems: number): SparseMatrix {
  const nUsers = taken.nRows;
  const takers = transposeRows(taken, nItems);
  const nPairs = taken.columns.length;
  const n = nUsers + nItems;
  const rowStart = new Int32Array(n + 1);
  rowStart.set(taken.rowStart);
  for (let i = 0; i <= nItems; i++) rowStart[nUsers + i] = nPairs + takers.rowStart[i];
  const columns = new Int32Array(2 * nPairs);
  for (let k = 0; k < nPairs; k++) columns[k] = nUsers + taken.columns[k];
  columns.set(takers.columns, nPairs);
  const values = new Float32Array(2 * nPairs);
  const degree = (node: number) => rowStart[node + 1] - rowStart[node];
  for (let r = 0; r < n; r++)
    for (let k = rowStart[r]; k < rowStart[r + 1]; k++) values[k] = 1 / Math.sqrt(degree(r) * degree(columns[k]));
  return { nRows: n, nColumns: n, rowStart, columns, values };
}

/** D_U^−½ R D_I^−½ [users × items]: 1 / √(d_u d_i) for every taken pair. @param taken distinct items of every user, ascending */
export function normalisedRows({ nRows, rowStart, columns }: SparseRows, nItems: number): SparseMatrix {
  const degree = new Int32Array(nItems);
  for (const item of columns) degree[item]++;
  const values = new Float32Array(columns.length);
  for (let u = 0; u < nRows; u++)
    for (let k = rowStart[u]; k < rowStart[u + 1]; k++)
      values[k] = 1 / Math.sqrt((rowStart[u + 1] - rowStart[u]) * degree[columns[k]]);
  return { nRows, nColumns: nItems, rowStart, columns, values };
}
