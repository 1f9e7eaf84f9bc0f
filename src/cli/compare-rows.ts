/** Compares models by the rows that they predicted: trained with several seeds on one split, or saved runs. */

import { DeepTasteError } from '../core/errors.ts';
import { hasInput, isLowerBetter, parseMetric } from '../evaluation/metric-name.ts';
import { assertComparableRows, type RowResult, resultJson } from '../evaluation/result.ts';
import { type MeanInterval, meanInterval } from '../evaluation/statistics/mean-interval.ts';
import { textTable } from '../evaluation/text-table.ts';
import { averageOverSeeds } from '../runs/average-seeds.ts';
import { BOOTSTRAP_SEED, type Contest, comparisonOf, reportComparison, slicesDocument } from './comparison-report.ts';
import { cutOffNotes } from './cut-off-notes.ts';
import type { CompareFlags } from './flags.ts';
import { describeRows, rowTable } from './row-report.ts';
import type { Terminal } from './terminal.ts';

interface Spread {
  readonly model: string;
  readonly trainingSeconds: number;
  readonly metrics: Readonly<Record<string, MeanInterval & { readonly values: readonly number[] }>>;
}

export async function reportRows(
  terminal: Terminal,
  flags: CompareFlags,
  runs: readonly Contest<RowResult>[],
  seeds: readonly number[],
): Promise<void> {
  const results = runs.map(({ run }) => run.result);
  const [{ metrics: names, protocol }] = results;
  const metric = flags.metric === undefined ? Object.keys(names)[0] : parseMetric(flags.metric).name;
  const sign = isLowerBetter(parseMetric(metric)) ? 1 : -1;
  const models = [...new Set(runs.map(({ model }) => model))].map((model) => spreadOf(runs, model));
  models.sort((a, b) => sign * (a.metrics[metric].mean - b.metrics[metric].mean));
  const averaged = models.map(({ model }) => {
    const own = runs.filter((run) => run.model === model);
    return { name: model, result: averageOverSeeds(own.map(({ run }) => run.result)) };
  });
  const { baseline, seed } = flags;
  const comparison = comparisonOf(averaged, metric, flags, { baseline, seed });
  terminal.print(spreadTable(models, Object.keys(names), seeds.length));
  if (models.length > 1 || comparison.slices) {
    terminal.print();
    await reportComparison(terminal, comparison, flags);
  }
  terminal.print(describeRows(results[0]));
  const notes = [...new Set(results.flatMap((result) => result.notes ?? []))];
  for (const note of notes) terminal.print(`note: ${note}`);
  for (const note of cutOffNotes(runs)) terminal.print(note);
  const { slices: _, ...compared } = comparison;
  const slices = slicesDocument(terminal, averaged, comparison, flags, seed);
  const { task } = results[0];
  terminal.document({ seeds, task, metric, models, comparison: compared, ...slices, protocol, notes });
}

function spreadOf(runs: readonly Contest<RowResult>[], model: string): Spread {
  const own = runs.filter((run) => run.model === model);
  const results = own.map(({ run }) => run.result);
  const metrics = Object.keys(results[0].metrics).map((name) => {
    const values = results.map((result) => result.metrics[name] ?? Number.NaN);
    return [name, { ...meanInterval(values), values }] as const;
  });
  const trainingSeconds = own.reduce((sum, { run }) => sum + run.trainingSeconds, 0) / own.length;
  return { model, trainingSeconds, metrics: Object.fromEntries(metrics) };
}

/** Mean [95 % interval of the mean] over the seeds. */
function spreadTable(models: readonly Spread[], names: readonly string[], nSeeds: number): string {
  const cell = ({ mean, low, high }: MeanInterval) =>
    low === null || high === null ? mean.toFixed(4) : `${mean.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;
  const { header, rule, rows } = textTable([
    { header: 'model', align: 'left', cells: models.map(({ model }) => model) },
    ...names.map((name) => ({
      header: name,
      align: 'right' as const,
      cells: models.map(({ metrics }) => cell(metrics[name])),
    })),
    { header: 'seconds', align: 'right', cells: models.map(({ trainingSeconds }) => trainingSeconds.toFixed(1)) },
  ]);
  const over = nSeeds > 1 ? [`mean [95 % interval of the mean over ${nSeeds} seeds, Student's t]`] : [];
  return [header, rule, ...rows, ...over].join('\n');
}

/** @param measured the metrics of each run */
function requireMetric(metric: string, measured: readonly (readonly string[])[]): void {
  if (measured.every((names) => names.includes(metric))) return;
  throw new DeepTasteError(
    'config',
    `--metric ${metric}: must be among those that were measured, found ${measured[0].join(', ')}` +
      (hasInput(parseMetric(metric), 'predictions') ? '; measure it too (--metrics)' : ''),
  );
}

interface StoredRows {
  readonly name: string;
  readonly path: string;
  readonly result: RowResult;
}

/**
 * Runs that were saved without their rows are shown without tests, unless these are asked for.
 * @throws 'protocol' when runs were measured unlike; 'artifact' when tests are asked for of rows that were not kept
 */
export async function compareStoredRows(
  terminal: Terminal,
  stored: readonly StoredRows[],
  flags: CompareFlags,
): Promise<void> {
  const results = stored.map(({ result }) => result);
  for (const result of results) assertComparableRows(results[0].protocol, result.protocol);
  const shared = Object.keys(results[0].metrics).filter((name) => results.every(({ metrics }) => name in metrics));
  const metric = flags.metric === undefined ? shared[0] : parseMetric(flags.metric).name;
  if (metric === undefined)
    throw new DeepTasteError('protocol', 'compare: the runs share no metric; evaluate them again');
  requireMetric(
    metric,
    results.map(({ metrics }) => Object.keys(metrics)),
  );
  const sign = isLowerBetter(parseMetric(metric)) ? 1 : -1;
  const of = (metrics: RowResult['metrics']) => metrics[metric] ?? Number.NaN;
  const runs = [...stored].sort((a, b) => sign * (of(a.result.metrics) - of(b.result.metrics)));
  const columns = [metric, ...shared.filter((name) => name !== metric)];
  const only = ({ metrics }: RowResult) => ({
    metrics: Object.fromEntries(columns.map((name) => [name, metrics[name]])),
  });
  const unkept = runs.filter(({ result }) => !result.rows);
  const isTested = (runs.length > 1 && unkept.length === 0) || flags.baseline !== undefined || flags.slices;
  const comparison = isTested
    ? comparisonOf(runs, metric, flags, { baseline: flags.baseline, seed: BOOTSTRAP_SEED })
    : null;
  terminal.print(rowTable(runs.map(({ name, result }) => ({ name, result: only(result) }))));
  if (comparison) {
    terminal.print();
    await reportComparison(terminal, comparison, flags);
  }
  terminal.print(describeRows(results[0]));
  const notes = runs.length > 1 && unkept.length > 0 ? [withoutTests(unkept)] : [];
  for (const note of notes) terminal.print(`note: ${note}`);
  const { slices: _, ...compared } = comparison ?? {};
  terminal.document({
    metric,
    ...(comparison && { comparison: compared, ...slicesDocument(terminal, runs, comparison, flags, BOOTSTRAP_SEED) }),
    ...(notes.length > 0 && { notes }),
    runs: runs.map(({ name, path, result }) => ({ name, path, ...resultJson(result) })),
  });
}

function withoutTests(runs: readonly StoredRows[]): string {
  const names = runs.map(({ name }) => name).join(', ');
  return (
    `no differences are tested: ${names} ${runs.length > 1 ? 'were' : 'was'} saved without the rows that were predicted; ` +
    `measure again with "deeptaste evaluate RUN --save", or train again`
  );
}
