/** Ratings as numbers of levels, of which a model can know a vector each. */
import { entryOf, type SparseRows } from '../sparse-rows.ts';

/** Up to so many distinct ratings each is a level of its own. */
const MOST_LEVELS = 64;
/** Levels of ratings that are more than these: equally far apart, from the lowest rating to the highest. */
const EQUAL_LEVELS = 20;

/** The ratings that levels stand for, ascending. @param values one at least */
export function ratingLevels(values: Float32Array): Float32Array {
  const distinct = Float32Array.from(new Set(values)).sort();
  if (distinct.length <= MOST_LEVELS) return distinct;
  const [low, high] = [distinct[0], distinct[distinct.length - 1]];
  return Float32Array.from({ length: EQUAL_LEVELS }, (_, n) => low + ((high - low) * n) / (EQUAL_LEVELS - 1));
}

/**
 * The number of the level nearest to the rating of each entry of `rated`; of a pair with several ratings, to the last.
 * @param ratings of every pair of `rated`, one at least
 */
export function levelsOf(
  rated: SparseRows,
  ratings: { readonly user: Int32Array; readonly item: Int32Array; readonly value: Float32Array },
  levels: Float32Array,
): Int32Array {
  const level = new Int32Array(rated.columns.length);
  ratings.value.forEach((value, row) => {
    level[entryOf(rated, ratings.user[row], ratings.item[row])] = nearestLevel(levels, value);
  });
  return level;
}

/** Of two equally near the lower one. */
function nearestLevel(levels: Float32Array, value: number): number {
  let [low, high] = [0, levels.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (levels[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value - levels[low - 1] <= levels[low] - value ? low - 1 : low;
}
