/** People who took all items: nothing is left that could be drawn against what they took. */
import { counted } from '../data/counted.ts';
import type { SparseRows } from '../data/sparse-rows.ts';

/** One line when there are such people and taken items are not to be drawn as negatives; else none. */
export function tookEverythingNote(
  { nRows, rowStart, columns }: SparseRows,
  nItems: number,
  rejectTaken: boolean,
): string[] {
  if (!rejectTaken) return [];
  let n = 0;
  for (let user = 0; user < nRows; user++) {
    const own = columns.subarray(rowStart[user], rowStart[user + 1]);
    if (own.length >= nItems && new Set(own).size === nItems) n++;
  }
  if (n === 0) return [];
  return [
    `${counted(n, 'user')} took all ${nItems.toLocaleString('en-US')} items of the training: taken items are drawn as negatives for ${n === 1 ? 'this one' : 'these'}, who can be recommended nothing`,
  ];
}
