/** Where targets stand in the lists of real people, by a victim that is trained. */
import { assert } from '../core/errors.ts';
import type { Interactions, Split } from '../data/dataset.ts';
import { entryOf } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { RankCounts } from '../evaluation/rank-counts.ts';
import { HeldOutRanking } from '../evaluation/ranking.ts';
import { trainedEntities } from '../evaluation/untrained-rows.ts';
import type { Recommender } from '../recommender/recommender.ts';
import { rankTestBy } from '../tasks/ranking-by-history.ts';
import { itemsOfPeople } from './real-people.ts';

/** Cutoffs at which hits are counted. */
export const hitCutoffs = [10, 50] as const;

/** Means over the targets of means over the real people who have not taken the target. */
export interface TargetStanding {
  /** Share of those people whose first k items hold the target, k of {@link hitCutoffs}. */
  readonly hits: readonly number[];
  /** Mean rank among the items that the person has not taken, 1 = first; one that the victim does not know stands last. */
  readonly rank: number;
  /** Mean predicted rating; null of victims that predict none. */
  readonly predicted: number | null;
}

/** Pairs of real people and targets that they have not taken. */
export interface Exposable {
  readonly userIndex: Int32Array;
  readonly itemIndex: Int32Array;
}

/** Who could be shown which target: everybody with training rows and without the target in any part of the clean data. */
export function exposablePairs(clean: Split, targets: Int32Array): Exposable {
  const taken = itemsOfPeople(clean.dataset);
  const hasRows = new Uint8Array(clean.dataset.users.size);
  for (const user of clean.train.userIndex) hasRows[user] = 1;
  const [users, items]: [number[], number[]] = [[], []];
  for (let user = 0; user < taken.nRows; user++) {
    if (hasRows[user] === 0) continue;
    for (const target of targets)
      if (entryOf(taken, user, target) < 0) {
        users.push(user);
        items.push(target);
      }
  }
  return { userIndex: Int32Array.from(users), itemIndex: Int32Array.from(items) };
}

/**
 * @param split that the victim was trained on, clean or poisoned
 * @param targets in the order of whose means are meant
 */
export function targetStanding(
  engine: Engine,
  split: Split,
  recommender: Recommender,
  targets: Int32Array,
  pairs: Exposable,
): TargetStanding {
  const counts = rankPairs(engine, split, recommender, pairs);
  const people = new Map(Array.from(targets, (target): [number, Tally] => [target, new Tally()]));
  if (counts)
    counts.users.forEach((_, n) => {
      for (let p = counts.rowStart[n]; p < counts.rowStart[n + 1]; p++)
        people.get(counts.relevantItems[p])!.add(counts, n, p);
    });
  const known = [...people.values()].filter(({ n }) => n > 0);
  const meanOf = (value: (tally: Tally) => number) =>
    known.length === 0 ? Number.NaN : known.reduce((sum, tally) => sum + value(tally), 0) / known.length;
  return {
    hits: hitCutoffs.map((_, c) => meanOf(({ hits, n }) => hits[c] / n)),
    rank: meanOf(({ ranks, n }) => ranks / n),
    predicted: meanPredicted(split, recommender, targets, pairs),
  };
}

class Tally {
  n = 0;
  readonly hits = hitCutoffs.map(() => 0);
  ranks = 0;

  /** The pair p of the n-th user. Among items that score the same, every order is equally likely. */
  add({ greater, equal, isMiss, nCandidates }: RankCounts, user: number, p: number): void {
    this.n++;
    if (isMiss && isMiss[p] !== 0) {
      this.ranks += nCandidates[user] + 1;
      return;
    }
    this.ranks += 1 + greater[p] + equal[p] / 2;
    hitCutoffs.forEach((k, c) => {
      this.hits[c] += Math.min(1, Math.max(0, (k - greater[p]) / (equal[p] + 1)));
    });
  }
}

/** Null of a victim whose scores are of listed pairs alone. */
function rankPairs(engine: Engine, split: Split, recommender: Recommender, pairs: Exposable): RankCounts | null {
  const { form } = recommender.model;
  const ranking = new HeldOutRanking({
    engine,
    split: { ...split, test: rowsOf(split, pairs), testCandidates: null },
    part: 'test',
    filter: 'train+validation',
    allItems: true,
    trainedOnly: true,
  });
  if (form === 'sequences') return rankTestBy(split, recommender.scorer('sequences'))(ranking);
  const scorer = recommender.scorer('pairs');
  return scorer.form.form === 'listed' ? null : ranking.rank(scorer.form);
}

/** Pairs as rows of the data, all of them taken. */
function rowsOf({ dataset }: Split, { userIndex, itemIndex }: Exposable): Interactions {
  const { length } = userIndex;
  const rating = dataset.label ? new Float32Array(length).fill(1) : null;
  return { length, userIndex, itemIndex, rating, time: null, session: null };
}

/** Mean over the targets of the mean predicted rating, in the range of the training ratings. */
function meanPredicted(split: Split, recommender: Recommender, targets: Int32Array, pairs: Exposable): number | null {
  const { rating } = recommender.parts.info;
  if (recommender.model.form !== 'pairs' || !rating) return null;
  const { values } = recommender.scorer('pairs');
  assert(values, 'a model of ratings predicts listed pairs');
  const { hasItem } = trainedEntities(split);
  const predicted = values(
    pairs.userIndex,
    pairs.itemIndex.map((item) => (hasItem(item) ? item : -1)),
  );
  const { low, high } = rating.range ?? { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const sums = new Map(Array.from(targets, (target) => [target, { sum: 0, n: 0 }]));
  predicted.forEach((value, p) => {
    const own = sums.get(pairs.itemIndex[p])!;
    own.sum += Math.min(high, Math.max(low, value + rating.offset));
    own.n++;
  });
  const means = [...sums.values()].filter(({ n }) => n > 0).map(({ sum, n }) => sum / n);
  return means.reduce((sum, mean) => sum + mean, 0) / means.length;
}
