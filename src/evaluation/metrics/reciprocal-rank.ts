/** Mean reciprocal rank: how far down is the first relevant item? */
import { longestList, perUser, placesWithin, prefixSums, type TieGroups } from '../tie-groups.ts';

/**
 * MRR@k per user [U]: 1 / rank of the first relevant item, 0 when that is beyond k; k = ∞: no cutoff.
 * The first relevant item is in the first group; it takes place j of n with probability C(n−j, r−1) / C(n, r).
 */
export function reciprocalRank(groups: TieGroups, k: number): Float64Array {
  const harmonic = prefixSums(longestList(groups), (p) => 1 / p);
  return perUser(groups, (_user, g, end) => {
    if (g === end) return 0;
    const above = groups.above[g];
    const within = placesWithin(groups, g, k);
    if (groups.size[g] === 1) return within === 0 ? 0 : 1 / (above + 1);
    if (groups.relevant[g] === 1) return (harmonic[above + within] - harmonic[above]) / groups.size[g];
    return firstOfSeveral(above, groups.size[g], groups.relevant[g], within);
  });
}

/** Σ_{j≤m} P(first at j) / (above + j), by P(j+1) = P(j) · (n−j−r+1) / (n−j). */
function firstOfSeveral(above: number, n: number, r: number, m: number): number {
  let probability = r / n;
  let sum = 0;
  for (let j = 1; j <= m && probability > 0; j++) {
    sum += probability / (above + j);
    probability *= (n - j - r + 1) / (n - j);
  }
  return sum;
}
