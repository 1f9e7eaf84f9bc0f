/**
 * How much too good the validation metric of the best of many trials is, because it was chosen by it. Tsamardinos, Greasidou, Borboudakis:
 * Bootstrapping the out-of-sample predictions for efficient and accurate cross-validation. Machine Learning 107 (2018), §3: users (or
 * sequences, or rows) are drawn with replacement, the trial that is best on those is measured on those that were not drawn.
 */
import type { RandomStream } from '../core/random.ts';

export interface Optimism {
  /** The metric of the chosen trial on the validation part. */
  readonly chosen: number;
  /** What the choice gives on users by whom nothing was chosen. */
  readonly expected: number;
  /** The difference: how much of the metric is luck of the choice. */
  readonly optimism: number;
  readonly nTrials: number;
  readonly nUnits: number;
}

/** Values of the units, and their weights in the mean. */
export interface UnitColumn {
  readonly values: Float64Array;
  readonly weights: Float64Array | null;
}

const RESAMPLES = 200;
/** Numbers that are summed, at most. */
const WORK = 1e9;

/**
 * @param columns one for each trial, of the same units in the same order; higher is better
 * @returns null where no unit has a value
 */
export function selectionOptimism(columns: readonly UnitColumn[], random: RandomStream): Optimism | null {
  const nUnits = columns[0]?.values.length ?? 0;
  if (nUnits < 2) return null;
  const resamples = Math.max(20, Math.min(RESAMPLES, Math.floor(WORK / (nUnits * columns.length))));
  const everybody = new Uint16Array(nUnits).fill(1);
  const full = columns.map((column) => meanOf(column, everybody));
  const chosen = best(full);
  if (chosen < 0) return null;
  const counts = new Uint16Array(nUnits);
  let [sum, n] = [0, 0];
  for (let draw = 0; draw < resamples; draw++) {
    counts.fill(0);
    for (let u = 0; u < nUnits; u++) counts[random.below(nUnits)]++;
    const winner = best(columns.map((column) => meanOf(column, counts)));
    if (winner < 0) continue;
    const outside = meanOf(
      columns[winner],
      counts.map((count) => (count === 0 ? 1 : 0)),
    );
    if (Number.isNaN(outside)) continue;
    sum += outside;
    n++;
  }
  if (n === 0) return null;
  const expected = sum / n;
  return { chosen: full[chosen], expected, optimism: full[chosen] - expected, nTrials: columns.length, nUnits };
}

function meanOf({ values, weights }: UnitColumn, counts: Uint16Array): number {
  let [sum, total] = [0, 0];
  for (let u = 0; u < counts.length; u++) {
    if (counts[u] === 0 || Number.isNaN(values[u])) continue;
    const weight = counts[u] * (weights ? weights[u] : 1);
    sum += weight * values[u];
    total += weight;
  }
  return total > 0 ? sum / total : Number.NaN;
}

/** The first of the largest; −1 where all are NaN. */
function best(values: readonly number[]): number {
  let found = -1;
  values.forEach((value, k) => {
    if (!Number.isNaN(value) && (found < 0 || value > values[found])) found = k;
  });
  return found;
}
