/** Recall and precision: how many of the relevant items are among the first k? */
import { perUser, placesWithin, type TieGroups } from '../tie-groups.ts';

/** Recall@k per user [U] = hits@k / |relevant|. */
export function recall(groups: TieGroups, k: number): Float64Array {
  return perUser(groups, (user, first, end) => hits(groups, first, end, k) / groups.nRelevant[user]);
}

/** Precision@k per user [U] = hits@k / k, also where fewer than k candidates exist (as RecBole, IRGAN and others have it). */
export function precision(groups: TieGroups, k: number): Float64Array {
  return perUser(groups, (_user, first, end) => hits(groups, first, end, k) / k);
}

/** E[hits@k] = Σ_groups r · m / n, where m of the group's n places lie within k. */
function hits(groups: TieGroups, first: number, end: number, k: number): number {
  let sum = 0;
  for (let g = first; g < end; g++) sum += (groups.relevant[g] * placesWithin(groups, g, k)) / groups.size[g];
  return sum;
}
