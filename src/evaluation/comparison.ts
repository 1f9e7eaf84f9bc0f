/** Several runs beside each other on one metric: difference to a baseline, and whether it is more than luck; for whom, too. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import type { RandomStream } from '../core/random.ts';
import { hasUserValues, isLowerBetter, type Metric, parseMetric } from './metric-name.ts';
import { assertComparable, describeDifference } from './protocol.ts';
import { assertComparableRows, isRowResult, type Result } from './result.ts';
import { compareSlices, type SlicedComparison } from './slice-comparison.ts';
import { type AdjustedDifference, adjusted } from './statistics/adjusted-differences.ts';
import { type PairedTestName, pairedDifferences } from './statistics/paired-differences.ts';
import { clusteredInterval } from './statistics/rating-interval.ts';
import { pairedValues, type Run, type Unit, type UnitValues, unitOf } from './unit-values.ts';

export interface CompareOptions {
  /** Draws of the bootstrap. */
  readonly stream: RandomStream;
  /** The run that all others are compared with; the best on the metric when absent. */
  readonly baseline?: string;
  readonly test?: PairedTestName;
  /** Level of significance of all comparisons together; 0.05 by default. */
  readonly alpha?: number;
  readonly resamples?: number;
  /** Compare in slices of users and items, too: by training rows and friends. Their level of significance is one of its own. */
  readonly slices?: boolean;
}

export interface ComparisonRow {
  readonly name: string;
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly seconds: number;
  readonly isBaseline: boolean;
  /** Null for the baseline, and for metrics without values of users (coverage, gini). */
  readonly difference: AdjustedDifference | null;
}

export interface Comparison {
  readonly metric: string;
  readonly baseline: string;
  readonly test: PairedTestName;
  readonly alpha: number;
  /** What is drawn and paired. */
  readonly unit: Unit;
  /** Best first. */
  readonly rows: readonly ComparisonRow[];
  /** One line each: differences of the protocols that do not stand in the way (seed, versions). */
  readonly notes: readonly string[];
  /** Present when asked for. */
  readonly slices?: SlicedComparison;
}

/**
 * Compares runs on one metric: rankings by the values of their users or sequences, predicted rows by what each user contributes
 * (row-contributions.ts). Throws `protocol` when they were not evaluated alike, `not-found` for a metric or baseline that
 * is not there, `artifact` for a run that was saved without what is compared. Note that the best of many runs, as a baseline, is
 * itself chosen by these numbers.
 */
export function compareResults(runs: readonly Run[], metricName: string, options: CompareOptions): Comparison {
  const { test = 'bootstrap', alpha = 0.05, stream, resamples } = options;
  const metric = parseMetric(metricName);
  checkRuns(runs, metric);
  checkTest(runs, metric, test, alpha);
  const sorted = [...runs].sort(bestFirst(metric));
  const baseline = options.baseline === undefined ? sorted[0] : findRun(runs, options.baseline);
  const notes = runs.flatMap((run) => notesOn(baseline, run, metric));
  const others = sorted.filter((run) => run !== baseline);
  const hasValues = hasUserValues(metric);
  const needsValues = options.slices || others.length > 0;
  const values = needsValues && hasValues ? pairedValues(baseline, others) : null;
  const testing = { test, alpha, stream, resamples };
  const differences = values ? differencesTo(baseline, others, metric, values, testing) : new Map();
  const rows = sorted.map((run): ComparisonRow => {
    const difference = differences.get(run) ?? null;
    const summary = { ...summaryOf(run, metric, values), seconds: run.result.seconds };
    return { name: run.name, ...summary, isBaseline: run === baseline, difference };
  });
  const unit = unitOf(baseline.result);
  const comparison = { metric: metric.name, baseline: baseline.name, test, alpha, unit, rows, notes };
  if (!options.slices) return comparison;
  if (!values)
    throw new DeepTasteError(
      'config',
      `compare: ${metric.name} is a number of whole runs and has no slices of users; choose another metric`,
    );
  return { ...comparison, slices: compareSlices(sorted, baseline, metric, values, testing) };
}

function notesOn(baseline: Run, run: Run, metric: Metric): string[] {
  const [a, b] = [baseline.result, run.result];
  if (isRowResult(a) && isRowResult(b)) {
    assertComparableRows(a.protocol, b.protocol);
    return [];
  }
  if (isRowResult(a) || isRowResult(b))
    throw new DeepTasteError(
      'protocol',
      `compare: runs must be evaluated alike, found "${(isRowResult(a) ? baseline : run).name}", which predicts rows, and ` +
        `"${(isRowResult(a) ? run : baseline).name}", which ranks`,
    );
  return assertComparable(a.protocol, b.protocol, metric).map(
    (difference) => `${baseline.name}, ${run.name}: ${describeDifference(difference)}`,
  );
}

function meanOf(result: Result, { name }: Metric): number {
  return (isRowResult(result) ? result.metrics[name] : result.metrics[name].mean) ?? Number.NaN;
}

/** Of predicted rows the interval goes over users, as their contributions vary. */
function summaryOf(run: Run, metric: Metric, values: UnitValues | null): Pick<ComparisonRow, 'mean' | 'low' | 'high'> {
  const { result } = run;
  if (!isRowResult(result)) {
    const { mean, low, high } = result.metrics[metric.name];
    return { mean, low, high };
  }
  const mean = meanOf(result, metric);
  const own = values?.(run, metric, null);
  const interval = own && own.weights === null && !Number.isNaN(mean) ? clusteredInterval(own.values) : null;
  return { mean, low: interval?.low ?? null, high: interval?.high ?? null };
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
  checkMetricTest(
    metric,
    test,
    runs.some(({ result }) => isRowResult(result)),
  );
}

/** @throws DeepTasteError `config` for a test that cannot compare the metric: before the first epoch, too */
export function checkMetricTest({ family, name }: Metric, test: PairedTestName, ofRows: boolean): void {
  if (test === 'bootstrap') return;
  if (family === 'gauc')
    throw new DeepTasteError(
      'config',
      `compare: ${name} weighs users, which the ${test} test cannot; choose the bootstrap test`,
    );
  if (test === 'wilcoxon' && family === 'auc' && ofRows)
    throw new DeepTasteError(
      'config',
      `compare: ${name} of rows has no values of users that the wilcoxon test could rank; choose the bootstrap or the t test`,
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
    const mean = meanOf(run.result, metric);
    return Number.isNaN(mean) ? Number.POSITIVE_INFINITY : isLowerBetter(metric) ? mean : -mean;
  };
  return (a, b) => (loss(a) === loss(b) ? (a.name < b.name ? -1 : 1) : loss(a) < loss(b) ? -1 : 1);
}

function differencesTo(
  baseline: Run,
  others: readonly Run[],
  metric: Metric,
  values: UnitValues,
  { alpha, ...testing }: Pick<CompareOptions, 'stream' | 'resamples'> & { test: PairedTestName; alpha: number },
): Map<Run, AdjustedDifference> {
  if (others.length === 0) return new Map();
  const of = (run: Run) => values(run, metric, null);
  const found = pairedDifferences(of(baseline), others.map(of), { ...testing, level: 1 - alpha });
  const differences = adjusted(found, alpha);
  return new Map(others.map((run, n) => [run, differences[n]]));
}
