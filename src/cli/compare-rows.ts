/** Compares models by the rows that they predicted: trained with several seeds on one split, or saved runs. */

import { basename, resolve } from 'node:path';
import { DeepTasteError } from '../core/errors.ts';
import { hasInput, isLowerBetter, parseMetric } from '../evaluation/metric-name.ts';
import { assertComparableRows, type RowResult } from '../evaluation/result.ts';
import { type MeanInterval, meanInterval } from '../evaluation/statistics/mean-interval.ts';
import { textTable } from '../evaluation/text-table.ts';
import type { TrainingAccount } from '../training/training-account.ts';
import { cutOffNotes } from './cut-off-notes.ts';
import type { CompareFlags } from './flags.ts';
import { describeRows, rowTable } from './row-report.ts';
import type { Terminal } from './terminal.ts';

interface ComparedRows {
  readonly model: string;
  readonly run: {
    readonly result: RowResult;
    readonly trainingSeconds: number;
    readonly account: TrainingAccount;
  };
}

interface Spread {
  readonly model: string;
  readonly trainingSeconds: number;
  readonly metrics: Readonly<Record<string, MeanInterval & { readonly values: readonly number[] }>>;
}

export function reportRows(
  terminal: Terminal,
  flags: CompareFlags,
  runs: readonly ComparedRows[],
  seeds: readonly number[],
): void {
  const results = runs.map(({ run }) => run.result);
  const [{ metrics: names, protocol }] = results;
  const metric = flags.metric === undefined ? Object.keys(names)[0] : parseMetric(flags.metric).name;
  const sign = isLowerBetter(parseMetric(metric)) ? 1 : -1;
  const models = [...new Set(runs.map(({ model }) => model))].map((model) => spreadOf(runs, model));
  models.sort((a, b) => sign * (a.metrics[metric].mean - b.metrics[metric].mean));
  terminal.print(spreadTable(models, Object.keys(names), seeds.length));
  terminal.print(describeRows(results[0]));
  const notes = [...new Set(results.flatMap((result) => result.notes ?? []))];
  for (const note of notes) terminal.print(`note: ${note}`);
  for (const note of cutOffNotes(runs)) terminal.print(note);
  terminal.document({ seeds, task: results[0].task, metric, models, protocol, notes });
}

/** @throws 'usage' for a baseline; 'config' for a metric that is not measured */
export function checkRowComparison(flags: CompareFlags, measured: readonly string[]): void {
  refuseBaseline(flags);
  if (flags.metric !== undefined)
    requireMetric(parseMetric(flags.metric).name, [measured.map((name) => parseMetric(name).name)]);
}

/** Differences are tested over users, and predicted rows have no values of users. */
function refuseBaseline({ baseline }: CompareFlags): void {
  if (baseline === undefined) return;
  throw new DeepTasteError(
    'usage',
    'compare: --baseline is for rankings, whose differences are tested over users; predicted rows have intervals over seeds, leave it out',
  );
}

function spreadOf(runs: readonly ComparedRows[], model: string): Spread {
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

/** @throws 'protocol' when runs were measured unlike */
export function compareStoredRows(
  terminal: Terminal,
  paths: readonly string[],
  results: readonly RowResult[],
  flags: CompareFlags,
): void {
  refuseBaseline(flags);
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
  const runs = results
    .map((result, n) => ({ name: basename(resolve(paths[n])), path: paths[n], result }))
    .sort((a, b) => sign * (of(a.result.metrics) - of(b.result.metrics)));
  const columns = [metric, ...shared.filter((name) => name !== metric)];
  const only = ({ metrics }: RowResult) => ({
    metrics: Object.fromEntries(columns.map((name) => [name, metrics[name]])),
  });
  terminal.print(rowTable(runs.map(({ name, result }) => ({ name, result: only(result) }))));
  terminal.print(describeRows(results[0]));
  terminal.document({ metric, runs: runs.map(({ name, path, result }) => ({ name, path, ...result })) });
}
