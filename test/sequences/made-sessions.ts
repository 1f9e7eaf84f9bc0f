/** Small sequences for tests. */
import type { Sequences } from '../../src/data/sequences/sequences.ts';

export function sequencesOf(
  sessions: readonly (readonly number[])[],
  nItems: number,
  first?: readonly number[],
): Sequences {
  const start = [0];
  for (const session of sessions) start.push(start[start.length - 1] + session.length);
  const time = first && Float64Array.from(sessions.flatMap((session, s) => session.map((_, n) => first[s] + n)));
  return {
    nItems,
    start: Int32Array.from(start),
    items: Int32Array.from(sessions.flat()),
    time: time ?? null,
    owner: null,
  };
}

/** Lengths 2 to 5, items and whole sessions that recur within a batch. */
export const sessions: readonly (readonly number[])[] = [
  [0, 1, 2],
  [3, 3, 4, 5, 0],
  [1, 0],
  [6, 1, 2, 2],
  [0, 1, 2],
  [7, 4],
  [5, 6, 7, 0],
];
