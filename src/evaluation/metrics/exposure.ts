/** How the recommendations are spread over the catalogue: item coverage and the Gini coefficient of exposure. */
import type { RecommendationLists } from './recommendation-lists.ts';

/** How often each item stands among the first k of a list [nItems]. */
export function exposure(lists: RecommendationLists, k: number, nItems: number): Int32Array {
  const counts = new Int32Array(nItems);
  for (let user = 0; user < lists.nUsers; user++) {
    const first = user * lists.listLength;
    for (let p = first; p < first + Math.min(k, lists.listLength) && lists.items[p] >= 0; p++) counts[lists.items[p]]++;
  }
  return counts;
}

/** Coverage: the share of the catalogue that is recommended to anybody, in [0, 1]. */
export function coverage(exposures: Int32Array): number {
  let covered = 0;
  for (const n of exposures) if (n > 0) covered++;
  return covered / exposures.length;
}

/**
 * Gini coefficient: Σ_i (2i − n − 1)·x_i / (n·Σ x), x ascending, i = 1 … n. 0: every item is shown equally often;
 * 1 − 1/n: one item gets all. Lower is more even. NaN when nothing was recommended.
 */
export function gini(exposures: Int32Array): number {
  const ascending = exposures.slice().sort();
  const n = ascending.length;
  let weighted = 0;
  let total = 0;
  for (let i = 0; i < n; i++) {
    weighted += (2 * (i + 1) - n - 1) * ascending[i];
    total += ascending[i];
  }
  return weighted / (n * total);
}
