/** Which positions of a batch touch which row of a group of tables, who owns the row, and the sum of its gradients. */
import * as op from './opcodes';
import { copyVector } from './elementwise';
import { word } from './record';
import { mark } from './row-marks';

/**
 * Sixteen neighbouring rows have one owner, the next sixteen another: no two workers write to one line of the cache, neither in
 * the tables nor in what is kept for every row. A worker serves every `threads`-th owner.
 */
// @ts-ignore: decorator
@inline
export function ownerOf(row: u32): i32 {
  return <i32>((row >>> 4) & (op.OWNERS - 1));
}

/** The owners a worker serves, one bit each. */
export function ownersOf(worker: i32, threads: i32): i32 {
  let owners = 0;
  for (let owner = worker; owner < op.OWNERS; owner += threads) owners |= 1 << owner;
  return owners;
}

// @ts-ignore: decorator
@inline
export function isServed(owners: i32, row: u32): bool {
  return ((owners >>> ownerOf(row)) & 1) != 0;
}

/** Entries of a lookup list in a batch of `rows` rows. */
// @ts-ignore: decorator
@inline
function lengthOf(list: usize, rows: i32): i32 {
  const fixed = <i32>word(list, op.LIST_FIXED);
  return fixed ? fixed : rows * <i32>word(list, op.LIST_PER_ROW);
}

/**
 * Links the positions of every row this worker serves, in ascending order: head[row] → next[position] → … → −1, and marks the
 * rows in the bits of `marks` unless that is 0.
 */
export function linkRows(group: usize, rows: i32, owners: i32, marks: usize): void {
  const nRows = <u32>word(group, op.GROUP_N_ROWS);
  const head = word(group, op.GROUP_HEAD), next = word(group, op.GROUP_NEXT);
  for (let list = <i32>word(group, op.GROUP_N_LISTS) - 1; list >= 0; list--) {
    const record = word(group, op.GROUP_LISTS) + (<usize>(list * op.LIST_WORDS) << 2);
    const index = word(record, op.LIST_INDEX), from = <i32>word(record, op.LIST_FIRST);
    for (let r = lengthOf(record, rows) - 1; r >= 0; r--) {
      const row = load<u32>(index + (<usize>r << 2));
      if (row >= nRows || !isServed(owners, row)) continue;
      const position = from + r;
      const later = load<i32>(head + (<usize>row << 2));
      store<i32>(next + (<usize>position << 2), later);
      store<i32>(head + (<usize>row << 2), position);
      if (marks && later < 0) mark(marks, nRows, row);
    }
  }
}

/** The gradient row of one position of a table: position = first of the list + row × slots of the list + slot. */
// @ts-ignore: decorator
@inline
export function gradientOf(table: usize, position: i32): usize {
  let record = word(table, op.TABLE_GRADIENTS);
  while (position >= <i32>word(record, op.GRADIENT_WORDS + op.GRADIENT_FIRST)) record += op.GRADIENT_WORDS << 2;
  const base = word(record, op.GRADIENT_ADDRESS), stride = word(record, op.GRADIENT_STRIDE);
  const slots = <i32>word(record, op.GRADIENT_PER_ROW);
  const at = position - <i32>word(record, op.GRADIENT_FIRST);
  if (slots == 1) return base + ((<usize>at * stride) << 2);
  const row = at / slots;
  return base + ((<usize>row * stride + <usize>(at - row * slots) * word(table, op.TABLE_WIDTH)) << 2);
}

/** out = a + b, `width` elements. */
// @ts-ignore: decorator
@inline
function addVectors(a: usize, b: usize, out: usize, width: i32): void {
  let n = 0;
  for (; n + 4 <= width; n += 4)
    v128.store(out + (n << 2), f32x4.add(v128.load(a + (n << 2)), v128.load(b + (n << 2))));
  for (; n < width; n++) store<f32>(out + (n << 2), load<f32>(a + (n << 2)) + load<f32>(b + (n << 2)));
}

/** Sums a row's gradients into `sum`, or returns the only one in place. */
export function sumRow(table: usize, next: usize, first: i32, sum: usize): usize {
  const width = <i32>word(table, op.TABLE_WIDTH);
  let position = load<i32>(next + (<usize>first << 2));
  const only = gradientOf(table, first);
  if (position < 0 && (width & 3) == 0) return only;
  for (let i = width; i & 3; i++) store<f32>(sum + (<usize>i << 2), 0);
  if (position < 0) {
    copyVector(sum, only, width);
    return sum;
  }
  // the first two are added into the working memory, the others to what stands there
  let soFar = only;
  for (; position >= 0; position = load<i32>(next + (<usize>position << 2))) {
    addVectors(soFar, gradientOf(table, position), sum, width);
    soFar = sum;
  }
  return sum;
}

export function countUses(next: usize, position: i32): i32 {
  let uses = 0;
  for (; position >= 0; position = load<i32>(next + (<usize>position << 2))) uses++;
  return uses;
}
