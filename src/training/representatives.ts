/** A few items that stand for the whole catalogue in a mean over it. */
import type { RowScores } from './row-scores.ts';

export interface Representatives {
  /** Ascending. */
  readonly items: Int32Array;
  /** For how many items each of them stands; they sum to the catalogue. */
  readonly counts: Float64Array;
}

/**
 * All n items, or `size` of them: those that the mean person scores best, which weigh most in the loss, stand for themselves;
 * of the rest, in the order of these scores, each stands for as many as lie around it.
 */
export function representatives(rows: RowScores, mean: Float64Array, n: number, size: number): Representatives {
  const all = Int32Array.from({ length: n }, (_, item) => item);
  if (n <= size) return { items: all, counts: new Float64Array(n).fill(1) };
  const scores = new Float64Array(n);
  // a few at a time: rows of a whole catalogue would take hundreds of megabytes, and keep them
  for (let from = 0; from < n; from += size) {
    rows.choose(all.subarray(from, from + size));
    rows.at(mean, scores.subarray(from, from + size));
  }
  const falling = all.slice().sort((a, b) => scores[b] - scores[a] || a - b);
  const nBest = size >> 1;
  const around = (n - nBest) / (size - nBest);
  const countOf = new Map<number, number>();
  for (let k = 0; k < size; k++) {
    const place = k < nBest ? k : nBest + Math.floor((k - nBest + 0.5) * around);
    countOf.set(falling[place], k < nBest ? 1 : around);
  }
  const items = Int32Array.from(countOf.keys()).sort();
  return { items, counts: Float64Array.from(items, (item) => countOf.get(item)!) };
}
