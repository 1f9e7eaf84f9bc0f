/** Differences of runs to one baseline over the same users, with intervals and p-values before any adjustment. */
import type { RandomStream } from '../../core/random.ts';
import { type PairedBootstrap, pairedBootstrap } from './bootstrap.ts';
import { pairedTTest, wilcoxonSignedRank } from './paired-tests.ts';

export const pairedTestNames = ['bootstrap', 't', 'wilcoxon'] as const;
/** The test of no difference: all are two-sided and paired by user; only the bootstrap can weigh users (gauc). */
export type PairedTestName = (typeof pairedTestNames)[number];

/** Values of users whose (weighted) mean is a metric. */
export interface TestedValues {
  readonly values: Float64Array;
  readonly weights: Float64Array | null;
  /** What signed ranks are of, where it is not the values. */
  readonly ranked: Float64Array | null;
}

export interface DifferenceOptions {
  readonly test: PairedTestName;
  /** Share of resampled means in the interval. */
  readonly level: number;
  readonly stream: RandomStream;
  /** Of the bootstrap; by default 10,000, of more than 100,000 users as many as make 10⁹ draws, but 1,000. */
  readonly resamples?: number;
}

/** One for each of the others: mean of (other − baseline). */
export function pairedDifferences(
  baseline: TestedValues,
  others: readonly TestedValues[],
  { test, level, stream, resamples = resamplesFor(baseline.values.length) }: DifferenceOptions,
): PairedBootstrap[] {
  const less = (a: Float64Array, b: Float64Array) => b.map((value, u) => a[u] - value);
  const columns = others.map(({ values }) => ({
    values: less(values, baseline.values),
    weights: baseline.weights,
  }));
  return pairedBootstrap(columns, stream, { resamples, level }).map((difference, n) => {
    if (test === 't') return { ...difference, pValue: pairedTTest(columns[n].values).pValue };
    if (test === 'bootstrap') return difference;
    const { ranked } = others[n];
    const signed = ranked && baseline.ranked ? less(ranked, baseline.ranked) : columns[n].values;
    return { ...difference, pValue: wilcoxonSignedRank(signed).pValue };
  });
}

function resamplesFor(nUsers: number): number {
  return Math.max(1000, Math.min(10_000, Math.floor(1e9 / nUsers)));
}
