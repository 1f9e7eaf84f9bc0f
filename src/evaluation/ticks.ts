/** Places of an axis at which numbers stand: 1, 2 or 5 times a power of ten apart. */
export interface Ticks {
  readonly step: number;
  /** Decimals with which all of them can be told apart. */
  readonly decimals: number;
  /** The step that begins just below the least value, and that ends just above the greatest, in steps from 0. */
  readonly from: number;
  readonly to: number;
  readonly values: readonly number[];
}

/** @param slack by how much of a step values stay away from the ends @param most steps that the span may have */
export function ticksOf(low: number, high: number, { slack = 0, most = 6 } = {}): Ticks {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / 5));
  const step = [1, 2, 5, 10].map((n) => n * power).find((size) => span / size <= most) as number;
  const from = Math.floor(low / step - slack);
  const to = Math.max(from + 1, Math.ceil(high / step + slack - 1e-9));
  const values = Array.from({ length: to - from + 1 }, (_, n) => (from + n) * step);
  return { step, decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), from, to, values };
}

/** A number on an axis, with the sign that is as wide as a digit. */
export function tickText(value: number, decimals: number): string {
  return `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(decimals)}`;
}
