/**
 * Numbers in buckets, each with a row of its own: bucket 0 is below the first boundary, bucket i in [bᵢ, bᵢ₊₁). A missing
 * number has a row of its own, if training had missing ones; else it has no value.
 */
import { z } from 'zod';
import type { NumericColumn } from '../value-columns.ts';
import { quantileCuts } from './quantiles.ts';
import { countUpTo, hasMissing } from './scale-encoding.ts';
import type { SlotTarget } from './slots.ts';

export const fittedBuckets = z.strictObject({
  encode: z.literal('buckets'),
  boundaries: z.array(z.number()).refine(ascends, 'must ascend'),
  missing: z.boolean(),
});
type FittedBuckets = z.output<typeof fittedBuckets>;

function ascends(values: readonly number[]): boolean {
  return values.every((value, k) => k === 0 || values[k - 1] < value);
}

/**
 * Boundaries as given, or such that buckets are about equally full; values that fill more than one bucket alone leave
 * fewer of them.
 * @param weight training rows of each row of the column; null = 1
 */
export function fitBuckets(
  column: NumericColumn,
  weight: ArrayLike<number> | null,
  { nBuckets, boundaries }: { readonly nBuckets: number; readonly boundaries?: readonly number[] },
): FittedBuckets {
  const missing = hasMissing(column, weight);
  if (boundaries) return { encode: 'buckets', boundaries: [...boundaries], missing };
  const cuts = [...new Set(quantileCuts(column.value, weight, nBuckets))];
  let least = Number.POSITIVE_INFINITY;
  column.value.forEach((x: number, row: number) => {
    if (x < least && (weight === null || weight[row] > 0)) least = x;
  });
  // A bucket below the least value would be empty.
  return { encode: 'buckets', boundaries: cuts.filter((cut) => cut > least), missing };
}

export function bucketRows({ boundaries, missing }: FittedBuckets): number {
  return boundaries.length + 1 + (missing ? 1 : 0);
}

export function writeBuckets({ boundaries, missing }: FittedBuckets, column: NumericColumn, target: SlotTarget): void {
  const { index, stride, offset, firstRow } = target;
  const { value } = column;
  for (let row = 0; row < value.length; row++) {
    const at = row * stride + offset;
    if (!Number.isNaN(value[row])) index[at] = firstRow + countUpTo(boundaries, value[row]);
    else if (missing) index[at] = firstRow + boundaries.length + 1;
  }
}

/** ` = (missing)`, ` < 25`, ` in [25, 32)`, ` ≥ 60`: what follows the field's name. @param areTimes show seconds as times */
export function bucketName({ boundaries }: FittedBuckets, row: number, areTimes = false): string {
  if (row > boundaries.length) return ' = (missing)';
  if (boundaries.length === 0) return ' = (any number)';
  const shown = areTimes ? calendarTime : (x: number): string => String(Number(x.toPrecision(6)));
  if (row === 0) return ` < ${shown(boundaries[0])}`;
  if (row === boundaries.length) return ` ≥ ${shown(boundaries[row - 1])}`;
  return ` in [${shown(boundaries[row - 1])}, ${shown(boundaries[row])})`;
}

function calendarTime(seconds: number): string {
  if (Math.abs(seconds) > 8.64e12) return String(seconds);
  return new Date(seconds * 1000)
    .toISOString()
    .replace(/(T00:00)?:00\.000Z$/, '')
    .replace('T', ' ');
}
