import type { Sequences } from '../../../src/data/sequences/sequences.ts';

/** Sequences of item indices, e.g. [[0, 1], [2]]. */
export function madeSequences(rows: readonly (readonly number[])[], nItems: number, times?: number[][]): Sequences {
  const start = [0];
  for (const row of rows) start.push(start[start.length - 1] + row.length);
  return {
    nItems,
    start: Int32Array.from(start),
    items: Int32Array.from(rows.flat()),
    time: times ? Float64Array.from(times.flat()) : null,
    owner: null,
  };
}

/** The items of every sequence. */
export function rowsOf({ start, items }: Sequences): number[][] {
  return Array.from({ length: start.length - 1 }, (_, s) => [...items.subarray(start[s], start[s + 1])]);
}

/** The same as texts of external ids, `?` for unknown items. */
export function textsOf(sequences: Sequences, ids: readonly string[]): string[] {
  return rowsOf(sequences).map((row) => row.map((item) => (item < 0 ? '?' : ids[item])).join(' '));
}
