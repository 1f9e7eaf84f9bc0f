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
 * Of each (user, item) pair one row stays: the last by time (a later row wins a tie, and without times), or the first. Pairs of
 * unlike `part` are told apart. Linear time.
 * @returns 1 for each row [length] that goes; null = no pair repeats
 */
export function repeatedRows(
  interactions: Interactions,
  nUsers: number,
  nItems: number,
  policy: 'last' | 'first',
  part: Uint8Array | null = null,
): Uint8Array | null {
  const { length, userIndex, itemIndex, time } = interactions;
  const groupOf = (row: number): number => userIndex[row] + (part ? part[row] * nUsers : 0);
  const nGroups = nUsers * (part ? 1 + part.reduce((a, b) => Math.max(a, b), 0) : 1);
  const { rowStart, order } = groupRows(length, nGroups, groupOf);
  const seenBy = new Int32Array(nItems).fill(-1);
  const keptRow = new Int32Array(nItems);
  const dropped = new Uint8Array(length);
  let nDropped = 0;
  for (let group = 0; group < nGroups; group++) {
    for (let k = rowStart[group]; k < rowStart[group + 1]; k++) {
      const row = order[k];
      const item = itemIndex[row];
      const earlier = keptRow[item];
      if (seenBy[item] !== group) seenBy[item] = group;
      else {
        nDropped++;
        const isLater = winsOver(row, earlier, time, policy);
        dropped[isLater ? earlier : row] = 1;
        if (!isLater) continue;
      }
      keptRow[item] = row;
    }
  }
  return nDropped > 0 ? dropped : null;
}

/**
 * Of rows with the same user, item and rating the first stays. Rows of unlike `part` are told apart.
 * @returns 1 for each row [length] that goes; null = there are no such rows
 */
export function equalRows(
  { length, userIndex, itemIndex }: Interactions,
  rating: Float32Array,
  nUsers: number,
  part: Uint8Array,
): Uint8Array | null {
  const nGroups = nUsers * (1 + part.reduce((a, b) => Math.max(a, b), 0));
  const { rowStart, order } = groupRows(length, nGroups, (row) => userIndex[row] + part[row] * nUsers);
  const dropped = new Uint8Array(length);
  let nDropped = 0;
  for (let group = 0; group < nGroups; group++) {
    const ratingsOf = new Map<number, Set<number>>();
    for (const row of order.subarray(rowStart[group], rowStart[group + 1])) {
      const seen = ratingsOf.get(itemIndex[row]);
      if (!seen) ratingsOf.set(itemIndex[row], new Set([rating[row]]));
      else if (!seen.has(rating[row])) seen.add(rating[row]);
      else nDropped += dropped[row] = 1;
    }
  }
  return nDropped > 0 ? dropped : null;
}

/**
 * For each row the sum of a value over all rows of its (user, item) pair and part.
 * @param value [length]; null = 1 each, so that rows are counted
 */
export function pairSums(
  { length, userIndex, itemIndex }: Interactions,
  value: Float32Array | null,
  nUsers: number,
  nItems: number,
  part: Uint8Array,
): Float32Array {
  const nGroups = nUsers * (1 + part.reduce((a, b) => Math.max(a, b), 0));
  const { rowStart, order } = groupRows(length, nGroups, (row) => userIndex[row] + part[row] * nUsers);
  const sum = new Float64Array(nItems);
  const sums = new Float32Array(length);
  for (let group = 0; group < nGroups; group++) {
    const own = order.subarray(rowStart[group], rowStart[group + 1]);
    for (const row of own) sum[itemIndex[row]] += value === null ? 1 : value[row];
    for (const row of own) sums[row] = sum[itemIndex[row]];
    for (const row of own) sum[itemIndex[row]] = 0;
  }
  return sums;
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

/** Old indices in the order of their first appearance in `column`: the place in this list is the new index. */
export function firstAppearances(column: Int32Array, size: number): { newIndex: Int32Array; oldIndex: Int32Array } {
  const newIndex = new Int32Array(size).fill(-1);
  const oldIndex = new Int32Array(size);
  let n = 0;
  for (let row = 0; row < column.length; row++) {
    const value = column[row];
    if (newIndex[value] >= 0) continue;
    newIndex[value] = n;
    oldIndex[n++] = value;
  }
  return { newIndex, oldIndex: n === size ? oldIndex : oldIndex.slice(0, n) };
}

/** Gives the values that occur new dense indices in the order of their first appearance. @returns the old ones by the new */
export function renumberInPlace(column: Int32Array, size: number): Int32Array {
  const { newIndex, oldIndex } = firstAppearances(column, size);
  for (let row = 0; row < column.length; row++) column[row] = newIndex[column[row]];
  return oldIndex;
}
