/** Bootstrap intervals of a mean over users and the paired bootstrap test of a difference. */
import { DeepTasteError } from '../../core/errors.ts';
import type { RandomStream } from '../../core/random.ts';
import { resampledMeans, type UserColumn, weightedMean } from './resampling.ts';

export interface BootstrapOptions {
  readonly resamples?: number;
  /** Share of the resampled means between the ends of the interval, in (0, 1); 0.95 by default. */
  readonly level?: number;
}

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Percentile intervals of the means of several columns over the same users, resampled together (1,000 times by default).
 * A column without any value has NaN throughout.
 */
export function bootstrapIntervals(
  columns: readonly UserColumn[],
  stream: RandomStream,
  { resamples = 1000, level = 0.95 }: BootstrapOptions = {},
): Interval[] {
  checkLevel(level);
  const means = resampledMeans(columns, stream, resamples);
  return columns.map((column, c) => ({ mean: weightedMean(column), ...percentileInterval(means[c], level) }));
}

/** The percentile interval of the mean of one value a user. */
export function bootstrapInterval(
  values: Float64Array,
  stream: RandomStream,
  options: BootstrapOptions = {},
): Interval {
  return bootstrapIntervals([{ values, weights: null }], stream, options)[0];
}

export interface PairedBootstrap extends Interval {
  readonly pValue: number;
  /** Pairs in which both runs have a value. */
  readonly nPairs: number;
}

/**
 * Paired bootstrap test, two-sided, of mean difference 0, for several columns of differences over the same users. Differences
 * are resampled 10,000 times by default and shifted to mean 0 (Efron & Tibshirani 1993, §16.4):
 *   p = (1 + #{ |d̄* − d̄| ≥ |d̄| }) / (resamples + 1),
 * but never below 2^(1−m), m = number of differences that are not 0: with so few pairs the signs alone could have come about
 * by chance that often, which a bootstrap of a handful of values does not see.
 */
export function pairedBootstrap(
  differences: readonly UserColumn[],
  stream: RandomStream,
  { resamples = 10_000, level = 0.95 }: BootstrapOptions = {},
): PairedBootstrap[] {
  checkLevel(level);
  const means = resampledMeans(differences, stream, resamples);
  return differences.map((column, c) => {
    const mean = weightedMean(column);
    const tolerance = 1e-12 * Math.abs(mean); // resampled sums are added in another order
    const extreme = means[c].reduce((n, m) => n + (Math.abs(m - mean) >= Math.abs(mean) - tolerance ? 1 : 0), 0);
    const nPairs = column.values.reduce((n, d) => n + (Number.isNaN(d) ? 0 : 1), 0);
    const nNonZero = column.values.reduce((n, d) => n + (Number.isNaN(d) || d === 0 ? 0 : 1), 0);
    const pValue = Math.min(1, Math.max((1 + extreme) / (means[c].length + 1), 2 ** (1 - nNonZero)));
    return { mean, ...percentileInterval(means[c], level), pValue, nPairs };
  });
}

function checkLevel(level: number): void {
  if (!(level > 0 && level < 1))
    throw new DeepTasteError('config', `bootstrap: level must be between 0 and 1, got ${level}; 0.95 is usual`);
}

function percentileInterval(means: Float64Array, level: number): { low: number; high: number } {
  const ascending = means.slice().sort();
  return { low: quantile(ascending, (1 - level) / 2), high: quantile(ascending, (1 + level) / 2) };
}

/** Quantile with linear interpolation between the order statistics (type 7 of Hyndman & Fan 1996); NaN of nothing. */
function quantile(ascending: Float64Array, q: number): number {
  if (ascending.length === 0) return Number.NaN;
  const place = (ascending.length - 1) * q;
  const below = Math.floor(place);
  const above = Math.min(below + 1, ascending.length - 1);
  return ascending[below] + (place - below) * (ascending[above] - ascending[below]);
}
