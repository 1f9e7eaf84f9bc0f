/** What a graph of people shows: how many friends they have, who has none, and how much more alike friends are than strangers. */
import { RandomStream } from '../../core/random.ts';
import type { Interactions, SocialGraph } from '../dataset.ts';
import { entryOf, rowOf, type SparseRows, sparseRows } from '../sparse-rows.ts';
import { type Spread, spreadOf } from '../spread.ts';

/** JSON-able. */
export interface SocialDescription {
  readonly nEdges: number;
  /** The columns of the file that say from whom an edge goes and to whom; null for edges that were made. */
  readonly columns: { readonly from: string; readonly to: string; readonly weight: string | null } | null;
  /** Share of the edges that go back, too; 1 = friendship. */
  readonly mutual: number;
  /** Share of the users with an edge to somebody. */
  readonly withFriends: number;
  /** Edges from a user, of those that have any. */
  readonly friendsPerUser: Spread;
  /** Share of the users in the largest group that edges join, whichever way they go. */
  readonly largestGroup: number;
  readonly homophily: Homophily | null;
}

/**
 * Likeness of the items that two people took: the cosine of their item sets, |A ∩ B| / √(|A| |B|), averaged over edges, and over the
 * same users each paired with somebody else's friend, so that strangers are as active as friends are.
 */
export interface Homophily {
  readonly friends: number;
  readonly strangers: number;
  /** Edges that were looked at: all, or a sample of 100,000. */
  readonly nEdges: number;
}

const SAMPLE = 100_000;

export function describeSocial(
  social: SocialGraph,
  nUsers: number,
  nItems: number,
  interactions: Pick<Interactions, 'userIndex' | 'itemIndex'>,
): SocialDescription {
  const { from, to, columns = null } = social;
  const friends = sparseRows(nUsers, from, to);
  const degrees = Int32Array.from({ length: nUsers }, (_, user) => rowOf(friends, user).length).filter((n) => n > 0);
  return {
    nEdges: from.length,
    columns,
    mutual: from.reduce((n, user, edge) => n + Number(holds(friends, to[edge], user)), 0) / from.length,
    withFriends: degrees.length / nUsers,
    friendsPerUser: spreadOf(degrees),
    largestGroup: largestGroup(social, nUsers) / nUsers,
    homophily:
      nItems > 0
        ? homophilyOf(social, friends, sparseRows(nUsers, interactions.userIndex, interactions.itemIndex, true))
        : null,
  };
}

function holds(rows: SparseRows, row: number, column: number): boolean {
  return entryOf(rows, row, column) >= 0;
}

/** Users in the largest connected group. */
function largestGroup({ from, to }: SocialGraph, nUsers: number): number {
  const parent = Int32Array.from({ length: nUsers }, (_, user) => user);
  const root = (user: number): number => {
    while (parent[user] !== user) {
      parent[user] = parent[parent[user]];
      user = parent[user];
    }
    return user;
  };
  for (let edge = 0; edge < from.length; edge++) parent[root(from[edge])] = root(to[edge]);
  const size = new Int32Array(nUsers);
  for (let user = 0; user < nUsers; user++) size[root(user)]++;
  return size.reduce((a, b) => Math.max(a, b), 0);
}

/** Null where no edge leaves anybody to compare with. */
function homophilyOf({ from, to }: SocialGraph, friends: SparseRows, items: SparseRows): Homophily | null {
  const random = new RandomStream(1, 'homophily');
  const edges = random.shuffle(Array.from({ length: from.length }, (_, edge) => edge)).slice(0, SAMPLE);
  let [nEdges, alike, alikeStrangers] = [0, 0, 0];
  for (const edge of edges) {
    const user = from[edge];
    const stranger = strangerTo(user, to, friends, random);
    if (stranger === null) continue;
    nEdges++;
    alike += cosine(rowOf(items, user), rowOf(items, to[edge]));
    alikeStrangers += cosine(rowOf(items, user), rowOf(items, stranger));
  }
  return nEdges === 0 ? null : { friends: alike / nEdges, strangers: alikeStrangers / nEdges, nEdges };
}

/** Somebody's friend who is none of the user's; null when a few draws find nobody. */
function strangerTo(user: number, to: Int32Array, friends: SparseRows, random: RandomStream): number | null {
  for (let n = 0; n < 20; n++) {
    const other = to[random.below(to.length)];
    if (other !== user && !holds(friends, user, other)) return other;
  }
  return null;
}

/** Of two ascending sets. */
function cosine(a: Int32Array, b: Int32Array): number {
  if (a.length === 0 || b.length === 0) return 0;
  let [i, j, common] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) common++;
    if (a[i] <= b[j]) i++;
    else j++;
  }
  return common / Math.sqrt(a.length * b.length);
}
