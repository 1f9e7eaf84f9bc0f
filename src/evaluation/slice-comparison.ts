/** For whom is a model better? Runs compared in slices of users and items, judged together over all slices and runs. */
import { DeepTasteError } from '../core/errors.ts';
import type { RandomStream } from '../core/random.ts';
import type { Metric } from './metric-name.ts';
import { isRowResult } from './result.ts';
import { type Slice, slicesOf } from './slices.ts';
import { type AdjustedDifference, adjusted } from './statistics/adjusted-differences.ts';
import type { PairedBootstrap } from './statistics/bootstrap.ts';
import { type PairedTestName, pairedDifferences } from './statistics/paired-differences.ts';
import { weightedMean } from './statistics/resampling.ts';
import type { Traits } from './traits.ts';
import { type Run, rowsOf, type UnitValues, unitOf } from './unit-values.ts';

/** Slices of fewer users are shown, not tested: tests of so few are not to be trusted at the levels of many comparisons. */
export const LEAST_TESTED = 50;

export interface SliceRun {
  readonly name: string;
  /** The metric in the slice; NaN where undefined. */
  readonly mean: number;
  /** Null for the baseline, and in slices that are not tested. */
  readonly difference: AdjustedDifference | null;
}

export interface ComparedSlice extends Omit<Slice, 'places'> {
  /** Users (or rows that name none) for whom the metric is defined. */
  readonly nUnits: number;
  /** Predicted rows in the slice; absent in rankings. */
  readonly nRows?: number;
  /** Whether there are users enough for a test. */
  readonly isTested: boolean;
  /** In the order of the comparison. */
  readonly runs: readonly SliceRun[];
}

export interface SlicedComparison {
  readonly slices: readonly ComparedSlice[];
  /** Differences that were tested, for which p-values are adjusted. */
  readonly nTests: number;
}

interface Testing {
  readonly test: PairedTestName;
  readonly alpha: number;
  readonly stream: RandomStream;
  readonly resamples?: number;
}

/**
 * @param runs all of them, the baseline too
 * @returns no slices where the data name no users and items, or all are alike
 * @throws DeepTasteError `artifact`: the baseline was saved without what slices are made of; `config`: sequences
 */
export function compareSlices(
  runs: readonly Run[],
  baseline: Run,
  metric: Metric,
  values: UnitValues,
  { alpha, ...testing }: Testing,
): SlicedComparison {
  const others = runs.filter((run) => run !== baseline);
  const tests: { readonly key: string; readonly difference: PairedBootstrap }[] = [];
  const measured = slicesOf(requiredTraits(baseline)).map(({ places, ...slice }, s) => {
    const of = new Map(runs.map((run) => [run, values(run, metric, places)]));
    const own = of.get(baseline)!;
    const nUnits = own.values.reduce((n, value) => n + (Number.isNaN(value) ? 0 : 1), 0);
    const isTested = nUnits >= LEAST_TESTED;
    if (isTested && others.length > 0) {
      const columns = others.map((run) => of.get(run)!);
      pairedDifferences(own, columns, { ...testing, level: 1 - alpha }).forEach((difference, n) => {
        tests.push({ key: `${s} ${others[n].name}`, difference });
      });
    }
    const means = runs.map((run) => ({ name: run.name, mean: weightedMean(of.get(run)!) }));
    const size = isRowResult(baseline.result) ? { nUnits, nRows: places.length } : { nUnits };
    return { ...slice, ...size, isTested, means };
  });
  const judged = adjusted(
    tests.map(({ difference }) => difference),
    alpha,
  );
  const differenceOf = new Map(tests.map(({ key }, n) => [key, judged[n]]));
  const slices = measured.map(({ means, ...slice }, s): ComparedSlice => {
    const sliceRuns = means.map((run) => ({ ...run, difference: differenceOf.get(`${s} ${run.name}`) ?? null }));
    return { ...slice, runs: sliceRuns };
  });
  return { slices, nTests: tests.length };
}

function requiredTraits(baseline: Run): Traits {
  const { result, name } = baseline;
  if (isRowResult(result)) return rowsOf(baseline).traits;
  if (unitOf(result) === 'sequences')
    throw new DeepTasteError(
      'config',
      'compare: slices are of users and items, found next items of sequences; compare without slices, or rankings for users',
    );
  if (result.traits) return result.traits;
  throw new DeepTasteError(
    'artifact',
    `compare: run "${name}" must have kept how many training rows its users have, found nothing of it; measure it again with "deeptaste evaluate RUN --save", or train it again`,
    { run: name },
  );
}
