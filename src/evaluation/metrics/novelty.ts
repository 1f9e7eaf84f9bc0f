/** Novelty: how little known the recommended items are (mean self-information; Zhou et al., PNAS 2010). */
import type { RecommendationLists } from './recommendation-lists.ts';

/**
 * Novelty@k per user [U], in bits: the mean over the list's items of −log₂(n_i / Σ n), n_i being the item's training
 * interactions. An item without any is taken as having one, so that the value stays finite. NaN for an empty list.
 * @param itemCounts training interactions of each item [nItems]
 */
export function novelty(lists: RecommendationLists, k: number, itemCounts: Int32Array): Float64Array {
  const total = itemCounts.reduce((sum, n) => sum + n, 0);
  const bits = Float64Array.from(itemCounts, (n) => Math.log2(Math.max(1, total)) - Math.log2(Math.max(1, n)));
  const values = new Float64Array(lists.nUsers);
  for (let user = 0; user < lists.nUsers; user++) {
    const first = user * lists.listLength;
    let sum = 0;
    let n = 0;
    while (n < Math.min(k, lists.listLength) && lists.items[first + n] >= 0) sum += bits[lists.items[first + n++]];
    values[user] = sum / n;
  }
  return values;
}
