/** What a person should know of ratings that nothing is made of. */
import type { DataOptions } from './data-options.ts';
import type { Dataset } from './dataset.ts';

type Told = Pick<DataOptions, 'minRating' | 'duplicates'>;

/**
 * One line; null where there are no ratings that differ, or where somebody has said which count.
 * @param who takes every row alike, e.g. `BPR-MF takes every row as liked`
 */
export function unusedRatings(
  { interactions, label }: Pick<Dataset, 'interactions' | 'label'>,
  { minRating, duplicates }: Told,
  who: string,
): string | null {
  const { rating } = interactions;
  if (rating === null || label || minRating !== undefined) return null;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of rating) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(low < high)) return null;
  const from = threshold(low, high, duplicates === 'sum' || duplicates === 'count');
  return `ratings ${low} to ${high} are not used: ${who}; --min-rating ${from} keeps those of ${from} and more`;
}

/** Of opinions, on scales up to 10, the upper ones are liking; of counts two show it. */
function threshold(low: number, high: number, areCounts: boolean): number {
  const from = high <= 10 && !areCounts ? Math.max(Math.ceil(low + 1), Math.ceil(high * 0.8)) : 2;
  return Math.min(from, high);
}
