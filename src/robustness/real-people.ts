/** What an attacker who sees the data knows of real people: who took what, how popular and how well rated items are. */

import { rowsWhere } from '../data/cleaning.ts';
import type { Dataset } from '../data/dataset.ts';
import { type SparseRows, sparseRows } from '../data/sparse-rows.ts';

type Rows = Pick<Dataset, 'users' | 'items' | 'interactions' | 'label'>;

/** The distinct items that each person took; of labelled rows those labelled 1. */
export function itemsOfPeople({ users, interactions, label }: Omit<Rows, 'items'>): SparseRows {
  const { length, userIndex, itemIndex, rating } = interactions;
  if (!label || rating === null) return sparseRows(users.size, userIndex, itemIndex, true);
  const rows = rowsWhere(length, (row) => rating[row] === 1);
  return sparseRows(
    users.size,
    rows.map((row) => userIndex[row]),
    rows.map((row) => itemIndex[row]),
    true,
  );
}

/** How many people took each item [items]. */
export function popularityOf(taken: SparseRows, nItems: number): Int32Array {
  const popularity = new Int32Array(nItems);
  for (const item of taken.columns) popularity[item]++;
  return popularity;
}

/** The items by popularity, the most popular first; of equals the one that the data name first. */
export function byPopularity(popularity: Int32Array): Int32Array {
  return Int32Array.from(popularity.keys()).sort((a, b) => popularity[b] - popularity[a] || a - b);
}

/** The ratings of data. */
export interface RatingStatistics {
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  readonly deviation: number;
  /** The ratings that occur, ascending, where there are at most {@link MOST_LEVELS}; null = any between low and high. */
  readonly levels: Float32Array | null;
  /** Mean and deviation of each item's ratings, those of all where it has none or one [items]. */
  readonly itemMean: Float64Array;
  readonly itemDeviation: Float64Array;
}

const MOST_LEVELS = 100;

/** Null where the data have no ratings. */
export function ratingStatistics({ items, interactions }: Omit<Rows, 'users'>): RatingStatistics | null {
  const { rating, itemIndex, length } = interactions;
  if (rating === null || length === 0) return null;
  const count = new Int32Array(items.size);
  const itemMean = new Float64Array(items.size);
  const itemDeviation = new Float64Array(items.size);
  let [sum, low, high] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 0; row < length; row++) {
    sum += rating[row];
    low = Math.min(low, rating[row]);
    high = Math.max(high, rating[row]);
    count[itemIndex[row]]++;
    itemMean[itemIndex[row]] += rating[row];
  }
  const mean = sum / length;
  for (let item = 0; item < items.size; item++) itemMean[item] = count[item] > 0 ? itemMean[item] / count[item] : mean;
  let squares = 0;
  for (let row = 0; row < length; row++) {
    squares += (rating[row] - mean) ** 2;
    itemDeviation[itemIndex[row]] += (rating[row] - itemMean[itemIndex[row]]) ** 2;
  }
  const deviation = Math.sqrt(squares / Math.max(1, length - 1));
  for (let item = 0; item < items.size; item++)
    itemDeviation[item] = count[item] > 1 ? Math.sqrt(itemDeviation[item] / (count[item] - 1)) : deviation;
  const levels = new Set(rating);
  return {
    low,
    high,
    mean,
    deviation,
    levels: levels.size > MOST_LEVELS ? null : Float32Array.from(levels).sort(),
    itemMean,
    itemDeviation,
  };
}

/** The rating that occurs nearest to a value; the value between low and high where any may. */
export function nearestRating({ low, high, levels }: RatingStatistics, value: number): number {
  if (levels === null) return Math.fround(Math.min(high, Math.max(low, value)));
  let best = levels[0];
  for (const level of levels) if (Math.abs(level - value) < Math.abs(best - value)) best = level;
  return best;
}
