/** The recommended items of each user: what the metrics beyond accuracy look at. */
import { DeepTasteError } from '../../core/errors.ts';
import type { RankCounts } from '../rank-counts.ts';

export interface RecommendationLists {
  readonly nUsers: number;
  readonly listLength: number;
  /** Best first; −1 ends a list that is shorter. */
  readonly items: Int32Array; // [nUsers × listLength]
}

/** The lists inside rank counts; refuses when ranking kept none or shorter ones than `k`. @param metric for the message */
export function listsOf(counts: RankCounts, k: number, metric: string): RecommendationLists {
  const kept = counts.topItems === null ? 0 : counts.listLength;
  if (counts.topItems === null || kept < k)
    throw new DeepTasteError(
      'config',
      `${metric}: the ${k} best items of each user are needed, ranking kept ${kept}; rank with listLength ${k} or more`,
      { needed: k, kept },
    );
  return { nUsers: counts.users.length, listLength: kept, items: counts.topItems };
}
