/** Cut points that share out the training values of a numeric column evenly. */

/**
 * The n − 1 values at which the k/n of the training rows begin, ascending, possibly equal; fewer rows than n repeat
 * some. Missing numbers do not count.
 * @param weight training rows of each value; null = 1
 */
export function quantileCuts(value: ArrayLike<number>, weight: ArrayLike<number> | null, n: number): number[] {
  if (weight === null) return evenCuts(value, n);
  const counted: number[] = [];
  for (let row = 0; row < value.length; row++) if (!Number.isNaN(value[row]) && weight[row] > 0) counted.push(row);
  if (counted.length === 0) return [];
  counted.sort((a, b) => value[a] - value[b]);
  const total = counted.reduce((sum, row) => sum + weight[row], 0);
  const cuts: number[] = [];
  let below = 0;
  for (const row of counted) {
    below += weight[row];
    while (cuts.length < n - 1 && Math.floor(((cuts.length + 1) * total) / n) < below) cuts.push(value[row]);
  }
  return cuts;
}

/** Every value counts once: sorted in an array of numbers, since there may be many millions. */
function evenCuts(value: ArrayLike<number>, n: number): number[] {
  const order = new Float64Array(value.length);
  let length = 0;
  for (let row = 0; row < value.length; row++) if (!Number.isNaN(value[row])) order[length++] = value[row];
  if (length === 0) return [];
  const sorted = order.subarray(0, length).sort();
  return Array.from({ length: n - 1 }, (_, k) => sorted[Math.floor(((k + 1) * length) / n)]);
}
