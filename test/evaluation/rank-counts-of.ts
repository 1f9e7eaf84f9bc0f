/** Rank counts by their definition: count, for every relevant item, who scores higher and who the same. */
import type { RankCounts } from '../../src/evaluation/rank-counts.ts';

export interface ScoredUser {
  readonly scores: readonly number[];
  readonly relevant: readonly number[];
}

export function rankCountsOf(users: readonly ScoredUser[], topItems: readonly (readonly number[])[] = []): RankCounts {
  const rowStart = [0];
  const relevantItems: number[] = [];
  const greater: number[] = [];
  const equal: number[] = [];
  for (const { scores, relevant } of users) {
    for (const item of relevant) {
      relevantItems.push(item);
      greater.push(scores.filter((s) => s > scores[item]).length);
      equal.push(scores.filter((s) => s === scores[item]).length - 1);
    }
    rowStart.push(relevantItems.length);
  }
  const listLength = topItems.length === 0 ? 0 : topItems[0].length;
  return {
    users: Int32Array.from(users, (_, n) => n),
    rowStart: Int32Array.from(rowStart),
    relevantItems: Int32Array.from(relevantItems),
    greater: Int32Array.from(greater),
    equal: Int32Array.from(equal),
    nCandidates: Int32Array.from(users, (user) => user.scores.length),
    topItems: topItems.length === 0 ? null : Int32Array.from(topItems.flat()),
    listLength,
  };
}
