/** Cleaning of interactions: repeated pairs, rating thresholds, k-core. Each step says which rows stay, in file order. */
import type { Interactions } from './dataset.ts';

/** Row numbers, ascending. */
export type Rows = Int32Array;

/** All rows, or those for which `keep` holds. */
export function rowsWhere(n: number, keep: (row: number) => boolean): Rows {
  const rows = new Int32Array(n);
  let kept = 0;
  for (let row = 0; row < n; row++) if (keep(row)) rows[kept++] = row;
  return rows.slice(0, kept);
}

/**
 * Keeps one row of each (user, item) pair: the last by time (a later row wins a tie, and without times), or the first.
 * Pairs of unlike `part` are told apart. Linear time.
 */
export function withoutDuplicates(
  interactions: Interactions,
  nUsers: number,
  nItems: number,
  policy: 'last' | 'first',
  part: Uint8Array | null = null,
): Rows {
  const { length, userIndex, itemIndex, time } = interactions;
  const groupOf = (row: number): number => userIndex[row] + (part ? part[row] * nUsers : 0);
  const nGroups = nUsers * (part ? 1 + part.reduce((a, b) => Math.max(a, b), 0) : 1);
  const { rowStart, order } = groupRows(length, nGroups, groupOf);
  const seenBy = new Int32Array(nItems).fill(-1);
  const keptRow = new Int32Array(nItems);
  const dropped = new Uint8Array(length);
  for (let group = 0; group < nGroups; group++) {
    for (let k = rowStart[group]; k < rowStart[group + 1]; k++) {
      const row = order[k];
      const item = itemIndex[row];
      const earlier = keptRow[item];
      if (seenBy[item] !== group) seenBy[item] = group;
      else if (winsOver(row, earlier, time, policy)) dropped[earlier] = 1;
      else {
        dropped[row] = 1;
        continue;
      }
      keptRow[item] = row;
    }
  }
  return rowsWhere(length, (row) => dropped[row] === 0);
}

function winsOver(later: number, earlier: number, time: Float64Array | null, policy: 'last' | 'first'): boolean {
  if (policy === 'last') return time === null || time[later] >= time[earlier];
  return time !== null && time[later] < time[earlier];
}

/** Rows grouped by a key, in file order within a group (counting sort). */
export function groupRows(
  length: number,
  nGroups: number,
  groupOf: (row: number) => number,
): { rowStart: Int32Array; order: Int32Array } {
  const rowStart = new Int32Array(nGroups + 1);
  for (let row = 0; row < length; row++) rowStart[groupOf(row) + 1]++;
  for (let group = 0; group < nGroups; group++) rowStart[group + 1] += rowStart[group];
  const next = rowStart.slice(0, nGroups);
  const order = new Int32Array(length);
  for (let row = 0; row < length; row++) order[next[groupOf(row)]++] = row;
  return { rowStart, order };
}

/**
 * The k-core: drops users with fewer than `k.user` and items with fewer than `k.item` rows until none is left. The
 * fixed point is unique, so the order of dropping does not matter.
 */
export function kCore(
  interactions: Interactions,
  rows: Rows,
  nUsers: number,
  nItems: number,
  k: { readonly user: number; readonly item: number },
): Rows {
  const { userIndex, itemIndex } = interactions;
  for (let kept = rows; ; ) {
    const userCount = new Int32Array(nUsers);
    const itemCount = new Int32Array(nItems);
    for (const row of kept) {
      userCount[userIndex[row]]++;
      itemCount[itemIndex[row]]++;
    }
    const next = kept.filter((row) => userCount[userIndex[row]] >= k.user && itemCount[itemIndex[row]] >= k.item);
    if (next.length === kept.length) return next;
    kept = next;
  }
}

/** New dense indices in the order of first appearance in `column`, for the values that occur. */
export function renumber(column: Int32Array, size: number): { column: Int32Array; oldIndex: Int32Array } {
  const newIndex = new Int32Array(size).fill(-1);
  const oldIndex = new Int32Array(size);
  let n = 0;
  const renumbered = column.map((value) => {
    if (newIndex[value] < 0) {
      newIndex[value] = n;
      oldIndex[n++] = value;
    }
    return newIndex[value];
  });
  return { column: renumbered, oldIndex: oldIndex.slice(0, n) };
}
