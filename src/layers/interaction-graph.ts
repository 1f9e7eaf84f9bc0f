/** The graph of who took what, as a matrix. */
import { rowOf, type SparseRows, transposeRows } from '../data/sparse-rows.ts';
import type { SparseMatrix } from '../engine/ops/index.ts';

/** Edges between users beside those of what they took. */
export interface SocialEdges {
  /** Row u: the users that u knows, ascending; whoever is known knows back. */
  readonly friends: SparseRows;
  /** Weight of an edge, that of a taken pair being 1; above 0. */
  readonly weight: number;
}

/**
 * D^−½ A D^−½ of the graph whose nodes are the users and then the items, with an edge of weight 1 for every taken pair and none from a
 * node to itself: a / √(d d′), with a the weight of the edge and d the sum of the weights at a node. Symmetric; the row of a node
 * without edges is empty.
 * @param taken distinct items of every user, ascending
 * @param social edges between users, with a weight of their own
 */
export function normalisedAdjacency(taken: SparseRows, nItems: number, social?: SocialEdges): SparseMatrix {
  const nUsers = taken.nRows;
  const n = nUsers + nItems;
  const takers = transposeRows(taken, nItems);
  const friends = social ? social.friends : { nRows: nUsers, rowStart: new Int32Array(nUsers + 1), columns: noUsers };
  const rowStart = new Int32Array(n + 1);
  const columns = new Int32Array(2 * taken.columns.length + friends.columns.length);
  const degree = new Float64Array(n);
  for (let u = 0, k = 0; u < nUsers; u++) {
    const known = rowOf(friends, u);
    const items = rowOf(taken, u);
    columns.set(known, k);
    for (let m = 0; m < items.length; m++) columns[k + known.length + m] = nUsers + items[m];
    k += known.length + items.length;
    rowStart[u + 1] = k;
    degree[u] = items.length + known.length * (social?.weight ?? 0);
  }
  columns.set(takers.columns, rowStart[nUsers]);
  for (let i = 0; i < nItems; i++) {
    degree[nUsers + i] = takers.rowStart[i + 1] - takers.rowStart[i];
    rowStart[nUsers + i + 1] = rowStart[nUsers] + takers.rowStart[i + 1];
  }
  const values = new Float32Array(columns.length);
  for (let r = 0; r < n; r++)
    for (let k = rowStart[r]; k < rowStart[r + 1]; k++) {
      const isSocial = r < nUsers && columns[k] < nUsers;
      values[k] = (isSocial ? social!.weight : 1) / Math.sqrt(degree[r] * degree[columns[k]]);
    }
  return { nRows: n, nColumns: n, rowStart, columns, values };
}

const noUsers = new Int32Array(0);

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
