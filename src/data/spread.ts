/** Least, middle and largest of some counts. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @param counts at least one */
export function spreadOf(counts: Int32Array): Spread {
  const sorted = counts.slice().sort();
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  return { min: sorted[0], median, max: sorted[sorted.length - 1] };
}
