/** An invented graph of users and items of a public set's size. */
import type { RandomStream } from '../core/random.ts';
import { type SparseRows, sparseRows } from '../data/sparse-rows.ts';

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
