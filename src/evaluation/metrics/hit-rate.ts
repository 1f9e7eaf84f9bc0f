/** Hit rate: is there any relevant item among the first k? */
import { perUser, placesWithin, type TieGroups } from '../tie-groups.ts';

/**
 * HR@k per user [U]: the probability that at least one relevant item is among the first k.
 * Only the first group can be cut by k: 1 − C(n−r, m) / C(n, m), where m of its n places lie within k.
 * With one relevant item this is clamp((k − greater) / (equal + 1), 0, 1).
 */
export function hitRate(groups: TieGroups, k: number): Float64Array {
  return perUser(groups, (_user, g, end) =>
    g === end ? 0 : hitProbability(groups.size[g], groups.relevant[g], placesWithin(groups, g, k)),
  );
}

/** P(at least one of r relevant items falls on m given places out of n). */
function hitProbability(n: number, r: number, m: number): number {
  if (m > n - r) return 1;
  // C(n−r, m)/C(n, m) = C(n−m, r)/C(n, r): take the product with fewer factors.
  const factors = Math.min(m, r);
  const other = Math.max(m, r);
  let miss = 1;
  for (let t = 0; t < factors; t++) miss *= (n - other - t) / (n - t);
  return 1 - miss;
}
