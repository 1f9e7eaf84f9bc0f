/**
 * Categories, one or several a cell: each known value has a row of its own. Values that are rarer than the minimum count
 * share one row, which then also stands for values never seen; without rare values in training there is no such row, for
 * it would never be trained, and an unseen value has no value at all. The same holds for missing cells.
 */
import { z } from 'zod';
import type { CategoricalColumn, MultiColumn } from '../value-columns.ts';
import type { SlotTarget } from './slots.ts';

/** How the values of one cell share its slots. */
const cellShape = {
  slots: z.int().min(1),
  pooling: z.enum(['sum', 'mean']),
  /** The column gives each value a weight of its own. */
  weighted: z.boolean(),
};

export const fittedCategory = z.strictObject({
  encode: z.enum(['category', 'log2']),
  values: z.array(z.string()).refine((values) => new Set(values).size === values.length, 'must differ'),
  unknown: z.boolean(),
  missing: z.boolean(),
  ...cellShape,
});
type FittedCategory = z.output<typeof fittedCategory>;

export const fittedHash = z.strictObject({
  encode: z.literal('hash'),
  nBuckets: z.int().min(1),
  missing: z.boolean(),
  ...cellShape,
});
type FittedHash = z.output<typeof fittedHash>;

interface CategoryOptions {
  readonly encode: FittedCategory['encode'];
  readonly minCount: number;
  readonly pooling: 'sum' | 'mean';
  readonly maxValues: number;
}

/** What training rows hold of each value. */
export interface ValueCounts {
  readonly count: Float64Array; // [values] training rows
  readonly nMissing: number;
  /** Most values of one cell. */
  readonly longest: number;
}

/** @param weight training rows of each row of the column; null = 1 */
export function countValues(column: CategoricalColumn | MultiColumn, weight: ArrayLike<number> | null): ValueCounts {
  const count = new Float64Array(column.values.length);
  const rows = column.kind === 'multi' ? column.rowStart.length - 1 : column.index.length;
  let nMissing = 0;
  let longest = 1;
  for (let row = 0; row < rows; row++) {
    const n = weight === null ? 1 : weight[row];
    if (n === 0) continue;
    const start = column.kind === 'multi' ? column.rowStart[row] : row;
    const end = column.kind === 'multi' ? column.rowStart[row + 1] : row + 1;
    if (start === end || column.index[start] < 0) nMissing += n;
    else for (let k = start; k < end; k++) count[column.index[k]] += n;
    longest = Math.max(longest, end - start);
  }
  return { count, nMissing, longest };
}

/** Values keep the order of the column's list. */
export function fitCategory(
  column: CategoricalColumn | MultiColumn,
  { count, nMissing, longest }: ValueCounts,
  { encode, minCount, pooling, maxValues }: CategoryOptions,
): FittedCategory {
  return {
    encode,
    values: column.values.filter((_, value) => count[value] >= minCount),
    unknown: count.some((n) => n > 0 && n < minCount),
    missing: nMissing > 0,
    ...shapeOf(column, longest, pooling, maxValues),
  };
}

export function fitHash(
  column: CategoricalColumn | MultiColumn,
  { nMissing, longest }: ValueCounts,
  { nBuckets, pooling, maxValues }: { nBuckets: number; pooling: 'sum' | 'mean'; maxValues: number },
): FittedHash {
  return { encode: 'hash', nBuckets, missing: nMissing > 0, ...shapeOf(column, longest, pooling, maxValues) };
}

function shapeOf(
  column: CategoricalColumn | MultiColumn,
  longest: number,
  pooling: 'sum' | 'mean',
  maxValues: number,
): Pick<FittedCategory, 'slots' | 'pooling' | 'weighted'> {
  const weighted = column.kind === 'multi' && column.weight !== null;
  return { slots: Math.min(longest, maxValues), pooling, weighted };
}

export function categoryRows({ values, unknown, missing }: FittedCategory): number {
  return values.length + (unknown ? 1 : 0) + (missing ? 1 : 0);
}

export function hashRows({ nBuckets, missing }: FittedHash): number {
  return nBuckets + (missing ? 1 : 0);
}

/** True when a slot may carry a value other than 1. */
export function cellsAreWeighted({ slots, pooling, weighted }: FittedCategory | FittedHash): boolean {
  return weighted || (slots > 1 && pooling === 'mean');
}

/** Made once for each fitted field, so that a single row does not pay for the whole vocabulary. */
const madeMaps = new WeakMap<FittedCategory, ReadonlyMap<string, number>>();

function rowOfEachValue(fitted: FittedCategory): ReadonlyMap<string, number> {
  const made = madeMaps.get(fitted) ?? new Map(fitted.values.map((value, row) => [value, row]));
  madeMaps.set(fitted, made);
  return made;
}

/** The field's row of each of the column's values, −1 = none. */
export function rowsOfValues(fitted: FittedCategory, column: CategoricalColumn | MultiColumn): Int32Array {
  const known = rowOfEachValue(fitted);
  const other = fitted.unknown ? fitted.values.length : -1;
  return Int32Array.from(column.values, (value) => known.get(value) ?? other);
}

/**
 * Writes the rows of a column's cells. Of a cell with more values than slots the first ones count; values without a row
 * are passed over, and the mean is over those that are written.
 * @param rowOf [values of the column] the field's row of each, −1 = none
 * @param missingRow the field's row of a missing cell, −1 = none
 */
export function writeCells(
  column: CategoricalColumn | MultiColumn,
  rowOf: Int32Array,
  missingRow: number,
  shape: Pick<FittedCategory, 'slots' | 'pooling'>,
  target: SlotTarget,
): void {
  if (column.kind === 'multi') {
    writeLists(column, rowOf, missingRow, shape, target);
    return;
  }
  const { index, stride, offset, firstRow } = target;
  const cells = column.index;
  for (let row = 0; row < cells.length; row++) {
    const own = cells[row] < 0 ? missingRow : rowOf[cells[row]];
    if (own >= 0) index[row * stride + offset] = firstRow + own;
  }
}

function writeLists(
  column: MultiColumn,
  rowOf: Int32Array,
  missingRow: number,
  { slots, pooling }: Pick<FittedCategory, 'slots' | 'pooling'>,
  { index, value, stride, offset, firstRow }: SlotTarget,
): void {
  const { rowStart, index: cells, weight } = column;
  for (let row = 0; row < rowStart.length - 1; row++) {
    const first = row * stride + offset;
    if (rowStart[row] === rowStart[row + 1] && missingRow >= 0) index[first] = firstRow + missingRow;
    let at = first;
    for (let k = rowStart[row]; k < rowStart[row + 1] && at < first + slots; k++) {
      const own = rowOf[cells[k]];
      if (own < 0) continue;
      index[at] = firstRow + own;
      if (weight && value) value[at] = weight[k];
      at++;
    }
    if (pooling === 'mean' && value) for (let k = first; k < at; k++) value[k] /= at - first;
  }
}

export function categoryName({ encode, values, unknown }: FittedCategory, row: number): string {
  if (row < values.length) return encode === 'log2' ? `log² bucket ${values[row]}` : values[row];
  return unknown && row === values.length ? '(rare or new)' : '(missing)';
}

export function hashBucketName({ nBuckets }: FittedHash, row: number): string {
  return row < nBuckets ? `(bucket ${row} of ${nBuckets})` : '(missing)';
}

/**
 * The bucket of a number by the custom for Criteo's counts: ⌊ln(x)²⌋ above 2, else the whole part of the number itself.
 * The two kinds of buckets have texts of their own, so that 3 ≥ x > 2 and x = 1 do not share one.
 */
export function log2Bucket(x: number): string {
  return x > 2 ? String(Math.floor(Math.log(x) ** 2)) : `n${Math.trunc(x)}`;
}
