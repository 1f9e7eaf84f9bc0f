/** Sequences as sets: which items occur together, whatever their order and number. */
import { type SparseRows, sparseRows } from '../sparse-rows.ts';
import type { Sequences } from './sequences.ts';

/** Row s holds the distinct known items of sequence s, ascending. */
export function distinctItems({ start, items }: Sequences): SparseRows {
  const nSequences = start.length - 1;
  const row = new Int32Array(items.length);
  const column = new Int32Array(items.length);
  let n = 0;
  for (let s = 0; s < nSequences; s++)
    for (let event = start[s]; event < start[s + 1]; event++) {
      if (items[event] < 0) continue;
      row[n] = s;
      column[n++] = items[event];
    }
  return sparseRows(nSequences, row.subarray(0, n), column.subarray(0, n), true);
}
