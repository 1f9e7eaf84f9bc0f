/**
 * Relevant items of a user, gathered by score. Items of one score form a tie group; every order within a group is equally
 * likely under the rule 'expected', so that a metric is the exact mean over all orders rather than the luck of a sort.
 *
 * Of r relevant items in a group of n, 'optimistic' puts the r first and 'conservative' last. Both are groups of
 * n = r items (all relevant, hence the order within is of no consequence), so that each metric needs one formula only.
 */
import { assert } from '../core/errors.ts';
import type { RankCounts } from './rank-counts.ts';

export const tieRules = ['expected', 'optimistic', 'conservative'] as const;
export type TieRule = (typeof tieRules)[number];

/** G groups of U users; the groups of user n are rowStart[n] … rowStart[n+1), best first. */
export interface TieGroups {
  readonly nUsers: number;
  readonly rowStart: Int32Array; // [U + 1]
  /** Candidates ranked above the group. */
  readonly above: Int32Array; // [G]
  /** n, candidates in the group. */
  readonly size: Int32Array; // [G]
  /** r ≥ 1, relevant items in the group. */
  readonly relevant: Int32Array; // [G]
  /** Misses included, which stand in no group. */
  readonly nRelevant: Int32Array; // [U]
  readonly nCandidates: Int32Array; // [U]
}

/** Gathers the relevant items of each user into tie groups, arranged by `rule`. */
export function tieGroups(counts: RankCounts, rule: TieRule = 'expected'): TieGroups {
  const nUsers = counts.users.length;
  const nPairs = counts.relevantItems.length;
  const rowStart = new Int32Array(nUsers + 1);
  const above = new Int32Array(nPairs);
  const size = new Int32Array(nPairs);
  const relevant = new Int32Array(nPairs);
  const nRelevant = new Int32Array(nUsers);
  let nGroups = 0;
  for (let user = 0; user < nUsers; user++) {
    const first = counts.rowStart[user];
    const order = byGreater(counts, first, counts.rowStart[user + 1]);
    nRelevant[user] = counts.rowStart[user + 1] - first;
    for (let i = 0; i < order.length; ) {
      const greater = counts.greater[order[i]];
      const n = counts.equal[order[i]] + 1;
      const start = i;
      while (i < order.length && counts.greater[order[i]] === greater) i++;
      const r = i - start;
      assert(r <= n && greater + n <= counts.nCandidates[user], `rank counts of user ${counts.users[user]} disagree`);
      above[nGroups] = rule === 'conservative' ? greater + n - r : greater;
      size[nGroups] = rule === 'expected' ? n : r;
      relevant[nGroups++] = r;
    }
    rowStart[user + 1] = nGroups;
  }
  return {
    nUsers,
    rowStart,
    above: above.slice(0, nGroups),
    size: size.slice(0, nGroups),
    relevant: relevant.slice(0, nGroups),
    nRelevant,
    nCandidates: counts.nCandidates,
  };
}

/** Positions first … end−1 that are no misses, best rank first. */
function byGreater(counts: RankCounts, first: number, end: number): Int32Array {
  const { isMiss } = counts;
  const all = Int32Array.from({ length: end - first }, (_, i) => first + i);
  const order = isMiss ? all.filter((p) => isMiss[p] === 0) : all;
  return order.length < 2 ? order : order.sort((a, b) => counts.greater[a] - counts.greater[b]);
}

/** One value a user; NaN (undefined) for a user without relevant items. Where all are misses there is no group: first = end. */
export function perUser(groups: TieGroups, value: (user: number, first: number, end: number) => number): Float64Array {
  const values = new Float64Array(groups.nUsers);
  for (let user = 0; user < groups.nUsers; user++)
    values[user] =
      groups.nRelevant[user] === 0 ? Number.NaN : value(user, groups.rowStart[user], groups.rowStart[user + 1]);
  return values;
}

/** How many places of group g lie within the first k. */
export function placesWithin(groups: TieGroups, g: number, k: number): number {
  return Math.max(0, Math.min(groups.size[g], k - groups.above[g]));
}

/** The longest candidate list, hence the largest rank that can occur. */
export function longestList(groups: TieGroups): number {
  let longest = 0;
  for (const n of groups.nCandidates) longest = Math.max(longest, n);
  return longest;
}

/** Prefix sums: table[p] = Σ_{q=1..p} term(q), for p = 0 … length. */
export function prefixSums(length: number, term: (position: number) => number): Float64Array {
  const table = new Float64Array(length + 1);
  for (let p = 1; p <= length; p++) table[p] = table[p - 1] + term(p);
  return table;
}
