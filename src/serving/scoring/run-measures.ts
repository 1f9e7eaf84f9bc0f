/** What the folders of served runs hold of their measurement: numbers with intervals, epochs, calibration, tests against each other. */
import { inspectArtifact } from '../../artifact/artifact.ts';
import { versionOf } from '../../artifact/manifest.ts';
import { DeepTasteError } from '../../core/errors.ts';
import { RandomStream } from '../../core/random.ts';
import { compareResults } from '../../evaluation/comparison.ts';
import { calibration } from '../../evaluation/metrics/calibration.ts';
import { isRowResult, type Result } from '../../evaluation/result.ts';
import { unitOf } from '../../evaluation/unit-values.ts';
import type { AnyRunSettings } from '../../runs/any-settings.ts';
import { storedEpochs, storedNegatives, storedResult, storedSettings, storedTuning } from '../../runs/run-record.ts';
import type { ComparedRuns, MeasuredRun, RunMeasures } from './question.ts';

/** The same draws in every comparison: it can be repeated, and `deeptaste compare` gives the same. */
const BOOTSTRAP_SEED = 1;

export async function runMeasures(run: MeasuredRun): Promise<RunMeasures> {
  const missing: string[] = [];
  const result = await unlessMissing(missing, () => measuredResult(run));
  // one that is gone says so above, and has nothing else
  const path = (await versionIn(run.path)) === null ? null : run.path;
  const readable = async <T>(read: (path: string) => Promise<T>): Promise<T | null> =>
    path === null ? null : unlessDamaged(missing, run.name, path, () => read(path));
  const epochs = await readable(storedEpochs);
  const settings = await readable(storedSettings);
  if (epochs?.length === 0) missing.push('learning curves: it was not trained by epochs');
  const negatives = await readable(storedNegatives);
  const tuning = await readable(storedTuning);
  return {
    ...(result === null ? unmeasured : described(result)),
    epochs: epochs ?? [],
    validationMetric: settings === null ? null : validationMetricOf(settings),
    negatives,
    tuning,
    missing,
  };
}

const unmeasured = { unit: null, protocol: null, metrics: {}, seconds: null, notes: [], calibration: null };

function described(
  result: Result,
): Omit<RunMeasures, 'epochs' | 'missing' | 'negatives' | 'tuning' | 'validationMetric'> {
  const { seconds, protocol } = result;
  const common = { unit: unitOf(result), protocol: { ...protocol }, seconds, notes: result.notes ?? [] };
  if (!isRowResult(result)) return { ...common, metrics: result.metrics, calibration: null };
  const metrics = Object.entries(result.metrics).map(
    ([name, mean]) => [name, { mean: mean ?? Number.NaN, low: null, high: null, nUsers: null }] as const,
  );
  const { rows, task } = result;
  const isOfChances = task === 'click' && rows !== undefined;
  const [predictions] = rows?.predictions ?? [];
  return {
    ...common,
    metrics: Object.fromEntries(metrics),
    calibration: isOfChances ? calibration(rows.labels, predictions, { by: 'count' }) : null,
  };
}

function validationMetricOf({ evaluation }: AnyRunSettings): string | null {
  if (evaluation === undefined || !('validationMetric' in evaluation)) return null;
  return evaluation.validationMetric ?? null;
}

/**
 * @param metric null = the first that all have
 * @param baseline null = the best
 * @throws DeepTasteError `protocol`: runs that were not measured alike; `usage`: one without values of its users, or without the metric
 */
export async function comparedRuns(
  measured: readonly MeasuredRun[],
  metric: string | null,
  { baseline, slices }: { readonly baseline: string | null; readonly slices: boolean },
): Promise<ComparedRuns> {
  const runs: { readonly name: string; readonly result: Result }[] = [];
  for (const run of measured) runs.push({ name: run.name, result: await measuredResult(run) });
  const shared = Object.keys(runs[0].result.metrics).filter((name) =>
    runs.every(({ result }) => Object.hasOwn(result.metrics, name)),
  );
  const chosen = metric ?? shared[0];
  if (chosen === undefined)
    throw new DeepTasteError('protocol', 'compare: the runs must share a metric, found none; evaluate them again');
  const stream = new RandomStream(BOOTSTRAP_SEED, 'compare');
  const comparison = compareResults(runs, chosen, { stream, baseline: baseline ?? undefined, slices });
  return { ...comparison, shared, slices: comparison.slices ?? null };
}

/** @throws DeepTasteError `usage`, which names no folder, where there is nothing to be had */
async function measuredResult({ name, path, version }: MeasuredRun): Promise<Result> {
  if (path === null)
    throw new DeepTasteError(
      'usage',
      `measures: "${name}" must be loaded from a folder, found one that was never saved`,
    );
  const found = await versionIn(path);
  if (found === null)
    throw new DeepTasteError(
      'usage',
      `measures: the folder of "${name}" holds no recommender any more; save it there again`,
    );
  if (found !== version)
    throw new DeepTasteError('usage', `measures: the folder of "${name}" holds another run since; reload the server`);
  try {
    return await storedResult(path);
  } catch (error) {
    if (!(error instanceof DeepTasteError) || error.code !== 'artifact') throw error;
    throw new DeepTasteError('usage', `measures: ${error.message.replaceAll(path, name)}`);
  }
}

/** Null where there is none. @throws 'artifact' for one that is damaged */
async function versionIn(path: string | null): Promise<string | null> {
  if (path === null) return null;
  try {
    return versionOf(await inspectArtifact(path));
  } catch (error) {
    if (error instanceof DeepTasteError && error.code === 'not-found') return null;
    throw error;
  }
}

/** What is beside a measurement and cannot be read is named, and the rest is shown. */
async function unlessDamaged<T>(
  missing: string[],
  name: string,
  path: string,
  read: () => Promise<T>,
): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DeepTasteError) || error.code !== 'artifact') throw error;
    missing.push(error.message.replaceAll(path, name));
    return null;
  }
}

async function unlessMissing<T>(missing: string[], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DeepTasteError) || error.code !== 'usage') throw error;
    missing.push(error.message);
    return null;
  }
}
