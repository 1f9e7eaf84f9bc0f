/** Several runs of one model that differ only in their seed, as one. */
import { assert } from '../core/errors.ts';
import { RandomStream } from '../core/random.ts';
import type { EvaluationResult, MetricSummary } from '../evaluation/evaluation-result.ts';
import { isRowResult, type Result, type RowResult } from '../evaluation/result.ts';
import { bootstrapInterval } from '../evaluation/statistics/bootstrap.ts';

/** Over seeds: mean, sample standard deviation (0 for one seed), and the value of each. */
export interface SeedSpread {
  readonly mean: number;
  readonly deviation: number;
  readonly values: readonly number[];
}

export function spreadOverSeeds(results: readonly EvaluationResult[]): Record<string, SeedSpread> {
  const names = Object.keys(results[0].metrics);
  return Object.fromEntries(names.map((name) => [name, spread(results.map(({ metrics }) => metrics[name].mean))]));
}

function spread(values: readonly number[]): SeedSpread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length === 1 ? 0 : Math.sqrt(squares / (values.length - 1)), values };
}

/**
 * One result whose value of each user is the mean over the seeds, so that a paired test over users compares what the models can
 * be expected to do, not one lucky start. All results must be of the same users in the same order, as runs on one split are. Of
 * predicted rows the metrics are averaged, not the predictions: each seed keeps its own.
 */
export function averageOverSeeds(results: readonly EvaluationResult[]): EvaluationResult;
export function averageOverSeeds(results: readonly RowResult[]): RowResult;
export function averageOverSeeds(results: readonly EvaluationResult[] | readonly RowResult[]): Result {
  return areRows(results) ? averageRows(results) : averageUsers(results as readonly EvaluationResult[]);
}

function areRows(results: readonly Result[]): results is readonly RowResult[] {
  return results.every(isRowResult);
}

function averageRows(results: readonly RowResult[]): RowResult {
  const [first] = results;
  if (results.length === 1) return first;
  const metrics = Object.keys(first.metrics).map((name) => {
    const { mean } = spread(results.map((result) => result.metrics[name] ?? Number.NaN));
    return [name, Number.isNaN(mean) ? null : mean] as const;
  });
  const predictions = results.flatMap(({ rows }) => rows?.predictions ?? []);
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0) / results.length;
  const { intervals: _, calibration: __, ...rest } = first; // of one seed
  return {
    ...rest,
    calibration: null,
    metrics: Object.fromEntries(metrics),
    seconds,
    ...(first.rows && { rows: { ...first.rows, predictions } }),
  };
}

function averageUsers(results: readonly EvaluationResult[]): EvaluationResult {
  const [first] = results;
  assert(
    results.every(({ users }) => users.length === first.users.length && users.every((id, u) => id === first.users[u])),
    'runs to be averaged must be of the same users',
  );
  if (results.length === 1) return first;
  const perUser = Object.fromEntries(
    Object.keys(first.perUser).map((name) => [name, meanOfColumns(results.map((result) => result.perUser[name]))]),
  );
  const metrics = Object.fromEntries(
    Object.keys(first.metrics).map((name) => [name, summaryOf(name, results, perUser[name])]),
  );
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0) / results.length;
  return { ...first, metrics, perUser, seconds };
}

function meanOfColumns(columns: readonly Float64Array[]): Float64Array {
  return columns[0].map((_, u) => columns.reduce((sum, column) => sum + column[u], 0) / columns.length);
}

function summaryOf(
  name: string,
  results: readonly EvaluationResult[],
  values: Float64Array | undefined,
): MetricSummary {
  const [{ metrics, level, protocol, weights }] = results;
  const mean = spread(results.map((result) => result.metrics[name].mean)).mean;
  if (values === undefined || weights[name] !== undefined) return { ...metrics[name], mean, low: null, high: null };
  const { low, high } = bootstrapInterval(values, new RandomStream(protocol.seed, 'bootstrap'), { level });
  return { ...metrics[name], mean, low, high };
}
