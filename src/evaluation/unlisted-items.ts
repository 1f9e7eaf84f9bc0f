/**
 * Relevant items that no list can hold, because lists leave out what the person took before: they are misses, so that a metric
 * says what the served lists contain. The one rule for users, for requests of models over fields, and (by event) for sequences.
 */
import type { SparseRows } from '../data/sparse-rows.ts';

/** Relevant items by row, P in all; R of them can stand in a list. */
export interface ListableItems {
  /** 1 where the relevant item is among the excluded ones, 2 where it is in nobody's lists; null = none is. [P] */
  readonly isMiss: Uint8Array | null;
  /** The others, by row. */
  readonly rowStart: Int32Array;
  readonly columns: Int32Array; // [R]
}

/**
 * @param excludedOf the items that the lists of a row leave out, ascending; null = none
 * @param isListed whether an item is in anybody's lists; absent = all are. Misses for this reason are 2.
 */
export function listableItems(
  relevant: Pick<SparseRows, 'rowStart' | 'columns'>,
  excludedOf: ((row: number) => Int32Array) | null,
  isListed?: (item: number) => boolean,
): ListableItems {
  const { rowStart, columns } = relevant;
  if (excludedOf === null && !isListed) return { isMiss: null, rowStart, columns };
  const isMiss = new Uint8Array(columns.length);
  for (let row = 0; row + 1 < rowStart.length; row++) {
    const excluded = excludedOf?.(row) ?? new Int32Array(0);
    for (let p = rowStart[row]; p < rowStart[row + 1]; p++)
      isMiss[p] = isListed && !isListed(columns[p]) ? 2 : holds(excluded, columns[p]) ? 1 : 0;
  }
  if (isMiss.every((miss) => miss === 0)) return { isMiss: null, rowStart, columns };
  const kept = Int32Array.from(columns.keys()).filter((p) => isMiss[p] === 0);
  const keptStart = new Int32Array(rowStart.length);
  for (let row = 0; row + 1 < rowStart.length; row++) {
    let n = keptStart[row];
    for (let p = rowStart[row]; p < rowStart[row + 1]; p++) n += isMiss[p] === 0 ? 1 : 0;
    keptStart[row + 1] = n;
  }
  return { isMiss, rowStart: keptStart, columns: kept.map((p) => columns[p]) };
}

/** Counts of the R listable items, put where they stand among all P; a miss has 0. */
export function amongAll(counts: Int32Array, { isMiss }: ListableItems): Int32Array {
  if (isMiss === null) return counts;
  const all = new Int32Array(isMiss.length);
  let n = 0;
  isMiss.forEach((miss, p) => {
    if (miss === 0) all[p] = counts[n++];
  });
  return all;
}

/** Whether an ascending list holds a value. */
function holds(ascending: Int32Array, value: number): boolean {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] < value) low = middle + 1;
    else high = middle;
  }
  return ascending[low] === value;
}
