/** How values of a data set are spread, as numbers of rows, users or items in classes. */

/** From `from` (included) up to `to`; where both are the same, the value itself. The last class of a range holds its end, too. */
export interface HistogramClass {
  readonly from: number;
  readonly to: number;
  readonly n: number;
}

/** More different values than these are put into ranges. */
const MOST_VALUES = 20;
const RANGES = 40;

/** Of counts from 1: each class twice as wide as the one before (1, 2–3, 4–7 …). @param counts zeros are left out */
export function countHistogram(counts: Int32Array): HistogramClass[] {
  const numbers: number[] = [];
  for (const count of counts) {
    if (count === 0) continue;
    const place = Math.floor(Math.log2(count));
    numbers[place] = (numbers[place] ?? 0) + 1;
  }
  return Array.from(numbers, (n, place) => ({ from: 2 ** place, to: 2 ** (place + 1) - 1, n: n ?? 0 }));
}

/** Of few different values each one, of many of them ranges of equal width. */
export function valueHistogram(values: Float32Array | Float64Array): HistogramClass[] {
  const numbers = new Map<number, number>();
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    if (numbers.size <= MOST_VALUES) numbers.set(value, (numbers.get(value) ?? 0) + 1);
  }
  if (numbers.size <= MOST_VALUES)
    return [...numbers].sort(([a], [b]) => a - b).map(([value, n]) => ({ from: value, to: value, n }));
  const width = (max - min) / RANGES;
  const ranges = new Array<number>(RANGES).fill(0);
  for (const value of values)
    if (!Number.isNaN(value)) ranges[Math.min(RANGES - 1, Math.floor((value - min) / width))]++;
  return ranges.map((n, place) => ({
    from: min + place * width,
    to: place === RANGES - 1 ? max : min + (place + 1) * width,
    n,
  }));
}
