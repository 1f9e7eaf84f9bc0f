/** The recommended items of each user: what the metrics beyond accuracy look at. */
import { DeepTasteError } from '../../core/errors.ts';
import type { RankCounts } from '../rank-counts.ts';

export interface RecommendationLists {
  readonly nUsers: number;
  readonly listLength: number;
  /** Best first; −1 ends a list that is shorter. */
  readonly items: Int32Array; // [nUsers × listLength]
}

/**
 * The lists inside rank counts; they are as long as the catalogue where that has fewer than k items.
 * @param nItems items of the catalogue; @param metric for the message
 * @throws DeepTasteError `config` when ranking kept shorter ones
 */
export function listsOf(counts: RankCounts, k: number, nItems: number, metric: string): RecommendationLists {
  const kept = counts.topItems === null ? 0 : counts.listLength;
  if (counts.topItems === null || kept < Math.min(k, nItems))
    throw new DeepTasteError(
      'config',
      `${metric}: the ${Math.min(k, nItems)} best items of each user are needed, the rank counts hold ${kept}; keep that many when ranking`,
      { needed: k, kept },
    );
  return { nUsers: counts.users.length, listLength: kept, items: counts.topItems };
}
