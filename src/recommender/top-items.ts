/** The best of many scores. */
import type { RankOutcome } from '../engine/runtime/ranking.ts';

export interface TopItems {
  readonly items: Int32Array; // best first
  readonly scores: Float32Array;
}

/**
 * The k highest scores, of equal ones those with the smaller index; NaN is never among them, so that there may be fewer.
 * @param excluded 1 for items that may not be returned [scores.length]
 */
export function topItems(scores: Float32Array, k: number, excluded: Uint8Array | null = null): TopItems {
  const size = Math.min(k, scores.length);
  const items = new Int32Array(size);
  const best = new Float32Array(size);
  let n = 0;
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item];
    if (n === size && !(score > best[n - 1])) continue;
    if (Number.isNaN(score) || excluded?.[item] === 1) continue;
    let place = n < size ? n++ : n - 1;
    for (; place > 0 && best[place - 1] < score; place--) {
      best[place] = best[place - 1];
      items[place] = items[place - 1];
    }
    best[place] = score;
    items[place] = item;
  }
  return { items: items.slice(0, n), scores: best.slice(0, n) };
}

/** The list of the request at a position of a ranking with lists of `length`, a view without the places that no item got. */
export function listAt(
  { topItems, topScores }: Pick<RankOutcome, 'topItems' | 'topScores'>,
  position: number,
  length: number,
): TopItems {
  const from = position * length;
  let end = from + length;
  while (end > from && topItems[end - 1] === -1) end--;
  return { items: topItems.subarray(from, end), scores: topScores.subarray(from, end) };
}

/** The items that somebody took in training, ascending. */
export function takenItems(popularity: ArrayLike<number>): Int32Array {
  return Int32Array.from({ length: popularity.length }, (_, item) => item).filter((item) => popularity[item] > 0);
}
