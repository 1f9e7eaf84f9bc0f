/**
 * Lists whose items are unlike each other by maximal marginal relevance (Carbonell, Goldstein: The use of MMR, diversity-based reranking
 * for reordering documents and producing summaries. SIGIR 1998): the next item is the one with the highest
 * (1 − d) · relevance − d · (highest likeness to those before), d the wanted diversity; relevance is the value scaled to [0, 1].
 */
import type { PooledItem } from './ranked-pool.ts';

/**
 * The pool in the order of marginal relevance, k of it.
 * @param diversity from 0 (the pool as it is) to 1
 * @param likeness of two items, at most 1
 */
export function diverse(
  pool: readonly PooledItem[],
  k: number,
  diversity: number,
  likeness: (a: number, b: number) => number,
): readonly PooledItem[] {
  const values = pool.map(({ value }) => value);
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  const nearest = new Float64Array(pool.length);
  const left = new Set(pool.keys());
  const chosen: PooledItem[] = [];
  while (chosen.length < k && left.size > 0) {
    let best = -1;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (const n of left) {
      const value = ((1 - diversity) * (values[n] - low)) / range - diversity * nearest[n];
      if (value > bestValue) [best, bestValue] = [n, value];
    }
    left.delete(best);
    chosen.push(pool[best]);
    for (const n of left) nearest[n] = Math.max(nearest[n], likeness(pool[n].item, pool[best].item));
  }
  // what is chosen in this order is ranked in this order by whatever comes after
  return chosen.map((each, n) => ({ ...each, value: -n }));
}
