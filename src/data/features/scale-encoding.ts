/**
 * Numbers that multiply one embedding row: as they are, standardised, in logarithms, or as their share of the training
 * values (Wide&Deep). A missing number has a row of its own, if training had missing ones; else it has no value.
 *
 *   value      x
 *   standard   (x − mean) / deviation
 *   log        (s − mean) / deviation, s = sign(x) · ln(1 + |x|)
 *   quantile   (i − 1) / (n_q − 1) for a value in the i-th of n_q quantiles (Cheng et al., DLRS 2016, section 4.2)
 */
import { z } from 'zod';
import type { NumericColumn } from '../value-columns.ts';
import { quantileCuts } from './quantiles.ts';
import type { SlotTarget } from './slots.ts';

const finite = z.number();

export const fittedScale = z.discriminatedUnion('encode', [
  z.strictObject({ encode: z.literal('value'), missing: z.boolean() }),
  z.strictObject({ encode: z.literal('standard'), mean: finite, deviation: finite.positive(), missing: z.boolean() }),
  z.strictObject({ encode: z.literal('log'), mean: finite, deviation: finite.positive(), missing: z.boolean() }),
  z.strictObject({ encode: z.literal('quantile'), cuts: z.array(finite).min(1), missing: z.boolean() }),
]);
type FittedScale = z.output<typeof fittedScale>;

export interface ScaleOptions {
  readonly encode: FittedScale['encode'];
  readonly nQuantiles?: number;
}

/** @param weight training rows of each row of the column; null = 1 */
export function fitScale(
  column: NumericColumn,
  weight: ArrayLike<number> | null,
  { encode, nQuantiles = 100 }: ScaleOptions,
): FittedScale {
  const missing = hasMissing(column, weight);
  if (encode === 'value') return { encode, missing };
  if (encode === 'quantile') {
    const cuts = quantileCuts(column.value, weight, nQuantiles);
    return { encode, cuts: cuts.length > 0 ? cuts : [0], missing };
  }
  const [mean, deviation] = moments(encode === 'log' ? column.value.map(signedLog) : column.value, weight);
  return { encode, mean, deviation, missing };
}

/** True when a training row lacks the number. */
export function hasMissing({ value }: NumericColumn, weight: ArrayLike<number> | null): boolean {
  return value.some((x: number, row: number) => Number.isNaN(x) && (weight === null || weight[row] > 0));
}

/** Mean and standard deviation of the numbers, in two passes; a deviation of 0 becomes 1. */
function moments(value: ArrayLike<number>, weight: ArrayLike<number> | null): [number, number] {
  let n = 0;
  let sum = 0;
  let squares = 0;
  for (let row = 0; row < value.length; row++) {
    if (Number.isNaN(value[row])) continue;
    const w = weight === null ? 1 : weight[row];
    n += w;
    sum += w * value[row];
  }
  if (n === 0) return [0, 1];
  const mean = sum / n;
  for (let row = 0; row < value.length; row++)
    if (!Number.isNaN(value[row])) squares += (weight === null ? 1 : weight[row]) * (value[row] - mean) ** 2;
  const deviation = Math.sqrt(squares / n);
  return [mean, deviation > 0 && Number.isFinite(deviation) ? deviation : 1];
}

function signedLog(x: number): number {
  return Math.sign(x) * Math.log1p(Math.abs(x));
}

export function scaleRows({ missing }: FittedScale): number {
  return missing ? 2 : 1;
}

export function writeScale(fitted: FittedScale, { value }: NumericColumn, target: SlotTarget): void {
  const { index, value: out, stride, offset, firstRow } = target;
  const scale = scaleOf(fitted);
  for (let row = 0; row < value.length; row++) {
    const at = row * stride + offset;
    if (!Number.isNaN(value[row])) {
      index[at] = firstRow;
      out![at] = scale(value[row]);
    } else if (fitted.missing) index[at] = firstRow + 1;
  }
}

function scaleOf(fitted: FittedScale): (x: number) => number {
  switch (fitted.encode) {
    case 'value':
      return (x) => x;
    case 'standard':
      return (x) => (x - fitted.mean) / fitted.deviation;
    case 'log':
      return (x) => (signedLog(x) - fitted.mean) / fitted.deviation;
    case 'quantile':
      return (x) => countUpTo(fitted.cuts, x) / fitted.cuts.length;
  }
}

/** How many of the ascending cuts are ≤ x. */
export function countUpTo(cuts: readonly number[], x: number): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cuts[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function scaleRowName(fitted: FittedScale, row: number): string {
  return row === 1 ? '(missing)' : `(${scaleNames[fitted.encode]})`;
}

export const scaleNames = {
  value: 'its value',
  standard: 'standardised',
  log: 'logarithm, standardised',
  quantile: 'share of training values below',
} as const;
