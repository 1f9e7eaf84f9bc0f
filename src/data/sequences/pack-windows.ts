/** Several short sequences side by side in windows of rows, so that few rows are empty. */

interface PackedWindows {
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
  /** Windows by the number of rows that are left in them. */
  const withRoom: number[][] = Array.from({ length: window + 1 }, () => []);
  let nWindows = 0;
  for (const s of order) {
    let room = lengths[s];
    while (room < window && withRoom[room].length === 0) room++;
    const best = withRoom[room].pop() ?? nWindows++;
    first[s] = best * window + window - room;
    withRoom[room - lengths[s]].push(best);
  }
  return { first, nWindows };
}
