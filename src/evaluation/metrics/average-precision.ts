/** Mean average precision: the precision at each relevant item, averaged. */
import { longestList, perUser, placesWithin, prefixSums, type TieGroups } from '../tie-groups.ts';

/**
 * AP@k per user [U] = 1/min(k, |relevant|) · Σ_{p≤k} rel(p) · hits@p / p; k = ∞: no cutoff. Its mean over users is MAP@k.
 *
 * In a group of n with r relevant items, b relevant items above it: place j is relevant with probability r/n, and given
 * that, each of the j−1 places before it in the group holds one of the other r−1 with probability (r−1)/(n−1) =: c. So
 *   E[rel · hits] at place j = r/n · (b + 1 + (j−1)·c),
 * and with (j−1) = (above + j) − (above + 1) the sum over places is r/n · [(b + 1 − (above + 1)·c) · Σ 1/(above+j) + m·c].
 */
export function averagePrecision(groups: TieGroups, k: number): Float64Array {
  const harmonic = prefixSums(longestList(groups), (p) => 1 / p);
  return perUser(groups, (user, first, end) => {
    let sum = 0;
    let relevantAbove = 0; // b
    for (let g = first; g < end; g++) {
      const above = groups.above[g];
      const n = groups.size[g];
      const r = groups.relevant[g];
      const within = placesWithin(groups, g, k);
      if (within === 0) break;
      const c = n === 1 ? 0 : (r - 1) / (n - 1);
      const inverseRanks = n === 1 ? 1 / (above + 1) : harmonic[above + within] - harmonic[above];
      sum += (r / n) * ((relevantAbove + 1 - (above + 1) * c) * inverseRanks + within * c);
      relevantAbove += r;
    }
    return sum / Math.min(k, groups.nRelevant[user]);
  });
}
