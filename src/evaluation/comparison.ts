/** Several runs beside each other on one metric: difference to a baseline, and whether it is more than luck. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import type { RandomStream } from '../core/random.ts';
import type { EvaluationResult } from './evaluation-result.ts';
import { hasUserValues, isLowerBetter, type Metric, parseMetric } from './metric-name.ts';
import { pairUsers } from './paired-users.ts';
import { assertComparable, describeDifference } from './protocol.ts';
import { type PairedBootstrap, pairedBootstrap } from './statistics/bootstrap.ts';
import { holm } from './statistics/holm.ts';
import { pairedTTest, wilcoxonSignedRank } from './statistics/paired-tests.ts';
import type { UserColumn } from './statistics/resampling.ts';

export const pairedTestNames = ['bootstrap', 't', 'wilcoxon'] as const;
/** The test of no difference: all are two-sided and paired by user; only the bootstrap can weigh users (gauc). */
export type PairedTestName = (typeof pairedTestNames)[number];

export interface Run {
  /** Distinct among the runs compared, e.g. the model's name. */
  readonly name: string;
  readonly result: EvaluationResult;
}

export interface CompareOptions {
  /** Draws of the bootstrap. */
  readonly stream: RandomStream;
  /** The run that all others are compared with; the best on the metric when absent. */
  readonly baseline?: string;
  readonly test?: PairedTestName;
  /** Level of significance of all comparisons together; 0.05 by default. */
  readonly alpha?: number;
  readonly resamples?: number;
}

/** What sets a run apart from the baseline; user by user. */
export interface Difference {
  /** Mean of (run − baseline), its bootstrap interval at 1 − alpha, and the users in it. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly nPairs: number;
  readonly pValue: number;
  /** Holm's adjustment for all runs compared with the baseline. */
  readonly adjustedP: number;
  /** adjustedP < alpha */
  readonly significant: boolean;
}

export interface ComparisonRow {
  readonly name: string;
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly seconds: number;
  readonly isBaseline: boolean;
  /** Null for the baseline, and for metrics without values of users (coverage, gini). */
  readonly difference: Difference | null;
}

export interface Comparison {
  readonly metric: string;
  readonly baseline: string;
  readonly test: PairedTestName;
  readonly alpha: number;
  /** Best first. */
  readonly rows: readonly ComparisonRow[];
  /** One line each: differences of the protocols that do not stand in the way (seed, versions). */
  readonly notes: readonly string[];
}

/**
 * Compares runs on one metric. Throws `protocol` when they were not evaluated alike, `not-found` for a metric or baseline that
 * is not there. Note that the best of many runs, as a baseline, is itself chosen by these numbers.
 */
export function compareResults(runs: readonly Run[], metricName: string, options: CompareOptions): Comparison {
  const { test = 'bootstrap', alpha = 0.05 } = options;
  const metric = parseMetric(metricName);
  checkRuns(runs, metric);
  checkTest(runs, metric, test, alpha);
  const sorted = [...runs].sort(bestFirst(metric));
  const baseline = options.baseline === undefined ? sorted[0] : findRun(runs, options.baseline);
  const notes = runs.flatMap((run) =>
    assertComparable(baseline.result.protocol, run.result.protocol, metric).map(
      (difference) => `${baseline.name}, ${run.name}: ${describeDifference(difference)}`,
    ),
  );
  const others = sorted.filter((run) => run !== baseline);
  const differences = differencesTo(baseline, others, metric, { ...options, test, alpha });
  const rows = sorted.map((run): ComparisonRow => {
    const { mean, low, high } = run.result.metrics[metric.name];
    const difference = differences.get(run) ?? null;
    return { name: run.name, mean, low, high, seconds: run.result.seconds, isBaseline: run === baseline, difference };
  });
  return { metric: metric.name, baseline: baseline.name, test, alpha, rows, notes };
}

function checkRuns(runs: readonly Run[], metric: Metric): void {
  if (runs.length === 0)
    throw new DeepTasteError('config', 'compare: at least one run is needed, found none; name the runs');
  const repeated = runs.find((run, i) => runs.findIndex((other) => other.name === run.name) !== i);
  if (repeated !== undefined)
    throw new DeepTasteError(
      'config',
      `compare: runs must have distinct names, found "${repeated.name}" twice; rename one`,
    );
  for (const { name, result } of runs)
    if (!Object.hasOwn(result.metrics, metric.name))
      throw new DeepTasteError(
        'not-found',
        `compare: run "${name}" must have ${metric.name}, found ${Object.keys(result.metrics).join(', ')}; evaluate it again with this metric`,
        { run: name, metric: metric.name },
      );
}

function checkTest(runs: readonly Run[], metric: Metric, test: PairedTestName, alpha: number): void {
  if (!(alpha > 0 && alpha < 1))
    throw new DeepTasteError('config', `compare: alpha must be between 0 and 1, got ${alpha}; 0.05 is usual`);
  if (test !== 'bootstrap' && runs.some((run) => run.result.weights[metric.name] !== undefined))
    throw new DeepTasteError(
      'config',
      `compare: ${metric.name} weighs users, which the ${test} test cannot; choose the bootstrap test`,
    );
}

function findRun(runs: readonly Run[], name: string): Run {
  const found = runs.find((run) => run.name === name);
  if (found !== undefined) return found;
  const names = runs.map((run) => run.name);
  throw new DeepTasteError('not-found', `compare: no run is called "${name}"${suggestion(name, names)}`, { name });
}

/** Undefined means last, equal means by name. */
function bestFirst(metric: Metric): (a: Run, b: Run) => number {
  const loss = (run: Run) => {
    const { mean } = run.result.metrics[metric.name];
    return Number.isNaN(mean) ? Number.POSITIVE_INFINITY : isLowerBetter(metric) ? mean : -mean;
  };
  return (a, b) => (loss(a) === loss(b) ? (a.name < b.name ? -1 : 1) : loss(a) < loss(b) ? -1 : 1);
}

function differencesTo(
  baseline: Run,
  others: readonly Run[],
  metric: Metric,
  { test, alpha, stream, resamples }: CompareOptions & { test: PairedTestName; alpha: number },
): Map<Run, Difference> {
  if (others.length === 0 || !hasUserValues(metric)) return new Map();
  const columns = others.map((run): UserColumn => userDifferences(run, baseline, metric.name));
  const bootstraps = pairedBootstrap(columns, stream, { resamples, level: 1 - alpha });
  const pValues = columns.map((column, i) => pValueOf(test, column.values, bootstraps[i]));
  const adjusted = holm(pValues);
  return new Map(
    others.map((run, i): [Run, Difference] => {
      const { mean, low, high, nPairs } = bootstraps[i];
      const [pValue, adjustedP] = [pValues[i], adjusted[i]];
      return [run, { mean, low, high, nPairs, pValue, adjustedP, significant: adjustedP < alpha }];
    }),
  );
}

function pValueOf(test: PairedTestName, differences: Float64Array, bootstrap: PairedBootstrap): number {
  if (test === 't') return pairedTTest(differences).pValue;
  if (test === 'wilcoxon') return wilcoxonSignedRank(differences).pValue;
  return bootstrap.pValue;
}

/** run − baseline for each user of the baseline, in its order. */
function userDifferences(run: Run, baseline: Run, metric: string): UserColumn {
  const place = pairUsers(run, baseline);
  const ours = userValuesOf(run, metric);
  const theirs = userValuesOf(baseline, metric);
  return { values: theirs.map((value, u) => ours[place[u]] - value), weights: baseline.result.weights[metric] ?? null };
}

function userValuesOf({ name, result }: Run, metric: string): Float64Array {
  const values = result.perUser[metric];
  if (values !== undefined) return values;
  throw new DeepTasteError(
    'artifact',
    `compare: run "${name}" must have kept the values of users of ${metric}, found none; evaluate it again`,
  );
}
