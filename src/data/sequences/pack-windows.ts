/** Several short sequences side by side in windows of rows, so that few rows are empty. */

export interface PackedWindows {
  /** First row of each sequence; it lies in one window as a whole. */
  readonly first: Int32Array;
  readonly nWindows: number;
}

/**
 * Best fit, the longest first: every sequence goes into the fullest window that still takes it.
 * @param lengths rows of each sequence, 1 to `window`
 */
export function packWindows(lengths: Int32Array, window: number): PackedWindows {
  const order = Int32Array.from(lengths.keys()).sort((a, b) => lengths[b] - lengths[a] || a - b);
  const first = new Int32Array(lengths.length);
  const filled: number[] = [];
  for (const s of order) {
    let best = -1;
    for (let w = 0; w < filled.length; w++)
      if (filled[w] + lengths[s] <= window && (best < 0 || filled[w] > filled[best])) best = w;
    if (best < 0) best = filled.push(0) - 1;
    first[s] = best * window + filled[best];
    filled[best] += lengths[s];
  }
  return { first, nWindows: filled.length };
}
