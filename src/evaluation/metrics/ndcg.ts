/** Normalised discounted cumulative gain with binary relevance (Järvelin & Kekäläinen, TOIS 2002). */
import { longestList, perUser, placesWithin, prefixSums, type TieGroups } from '../tie-groups.ts';

/**
 * NDCG@k per user [U] = DCG@k / IDCG@k, DCG@k = Σ_{p≤k} rel(p) / log₂(p + 1), and IDCG@k the DCG of min(k, |relevant|)
 * relevant items in front. Each place of a tie group holds a relevant item with probability r/n. k = ∞: the whole list.
 */
export function ndcg(groups: TieGroups, k: number): Float64Array {
  const gainUpTo = prefixSums(longestList(groups), discount);
  return perUser(groups, (user, first, end) => {
    let dcg = 0;
    for (let g = first; g < end; g++) {
      const above = groups.above[g];
      const within = placesWithin(groups, g, k);
      if (within === 0) break;
      const gain = groups.size[g] === 1 ? discount(above + 1) : gainUpTo[above + within] - gainUpTo[above];
      dcg += (groups.relevant[g] * gain) / groups.size[g];
    }
    return dcg / gainUpTo[Math.min(k, groups.nRelevant[user])];
  });
}

/** 1 / log₂(p + 1); the base cancels in the ratio. */
function discount(position: number): number {
  return 1 / Math.log2(position + 1);
}
