/** An invented graph of users and items of a public set's size, normalised as LightGCN does. */
import type { RandomStream } from '../core/random.ts';
import { type SparseRows, sparseRows } from '../data/sparse-rows.ts';
import type { SparseMatrix } from '../engine/ops/index.ts';

export interface GraphSize {
  readonly nUsers: number;
  readonly nItems: number;
  /** Distinct pairs. */
  readonly nInteractions: number;
  readonly layers: number;
  readonly width: number;
}

/** Gowalla as of LightGCN's experiments (train and test together). */
export const gowalla: GraphSize = { nUsers: 29_858, nItems: 40_981, nInteractions: 1_027_370, layers: 3, width: 64 };

/** Falling popularity: the most popular item has about forty times the average, as in Gowalla. */
const SKEW = 1.5;

/** Distinct pairs; how popular a user or item is says nothing about its number. */
export function inventedGraph({ nUsers, nItems, nInteractions }: GraphSize, random: RandomStream): SparseRows {
  const [userOrder, itemOrder] = [nUsers, nItems].map((n) => shuffled(n, random));
  const draw = (order: Int32Array) => order[Math.floor(order.length * random.uniform() ** SKEW)];
  const pairs = new Set<number>();
  while (pairs.size < nInteractions) pairs.add(draw(userOrder) * nItems + draw(itemOrder));
  const keys = Float64Array.from(pairs);
  const users = Int32Array.from(keys, (key) => Math.floor(key / nItems));
  return sparseRows(
    nUsers,
    users,
    Int32Array.from(keys, (key) => key % nItems),
  );
}

function shuffled(n: number, random: RandomStream): Int32Array {
  const order = Int32Array.from({ length: n }, (_, k) => k);
  for (let k = n - 1; k > 0; k--) {
    const other = random.below(k + 1);
    [order[k], order[other]] = [order[other], order[k]];
  }
  return order;
}

/** D^−½ A D^−½ of the graph whose nodes are the users and then the items; symmetric. */
export function normalisedAdjacency(taken: SparseRows, nItems: number): SparseMatrix {
  const nUsers = taken.nRows;
  const n = nUsers + nItems;
  const users = new Int32Array(taken.columns.length);
  for (let u = 0; u < nUsers; u++) users.fill(u, taken.rowStart[u], taken.rowStart[u + 1]);
  const items = taken.columns.map((item) => item + nUsers);
  const both = (a: Int32Array, b: Int32Array) => {
    const joined = new Int32Array(a.length + b.length);
    joined.set(a);
    joined.set(b, a.length);
    return joined;
  };
  const { rowStart, columns } = sparseRows(n, both(users, items), both(items, users));
  const values = new Float32Array(columns.length);
  const degree = (node: number) => rowStart[node + 1] - rowStart[node];
  for (let r = 0; r < n; r++)
    for (let k = rowStart[r]; k < rowStart[r + 1]; k++) values[k] = 1 / Math.sqrt(degree(r) * degree(columns[k]));
  return { nRows: n, nColumns: n, rowStart, columns, values };
}
