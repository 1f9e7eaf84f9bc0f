/** Times as the hour of the day (24 rows) or the day of the week (7 rows, Monday first), UTC; then a row for missing. */
import { z } from 'zod';
import type { NumericColumn } from '../value-columns.ts';
import { hasMissing } from './scale-encoding.ts';
import type { SlotTarget } from './slots.ts';

export const fittedCalendar = z.strictObject({ encode: z.enum(['hour', 'weekday']), missing: z.boolean() });
type FittedCalendar = z.output<typeof fittedCalendar>;

const days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** @param weight training rows of each row of the column; null = 1 */
export function fitCalendar(
  column: NumericColumn,
  weight: ArrayLike<number> | null,
  encode: FittedCalendar['encode'],
): FittedCalendar {
  return { encode, missing: hasMissing(column, weight) };
}

function nParts({ encode }: FittedCalendar): number {
  return encode === 'hour' ? 24 : 7;
}

export function calendarRows(fitted: FittedCalendar): number {
  return nParts(fitted) + (fitted.missing ? 1 : 0);
}

export function writeCalendar(fitted: FittedCalendar, { value }: NumericColumn, target: SlotTarget): void {
  const { index, stride, offset, firstRow } = target;
  for (let row = 0; row < value.length; row++) {
    const at = row * stride + offset;
    if (!Number.isNaN(value[row])) index[at] = firstRow + partOf(fitted, value[row]);
    else if (fitted.missing) index[at] = firstRow + nParts(fitted);
  }
}

/** 1 January 1970 was a Thursday. */
function partOf({ encode }: FittedCalendar, seconds: number): number {
  const hours = Math.floor(seconds / 3600);
  const part = encode === 'hour' ? hours % 24 : (Math.floor(hours / 24) + 3) % 7;
  return encode === 'hour' ? (part + 24) % 24 : (part + 7) % 7;
}

export function calendarName(fitted: FittedCalendar, row: number): string {
  if (row === nParts(fitted)) return '(missing)';
  return fitted.encode === 'hour' ? `${row}:00–${row}:59` : days[row];
}
