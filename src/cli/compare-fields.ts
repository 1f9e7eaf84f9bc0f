/** Compares models over feature fields: trained with several seeds on one split, or saved runs that predicted the same rows. */
import { basename, resolve } from 'node:path';
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { hasInput, isLowerBetter, parseMetric } from '../evaluation/metric-name.ts';
import { type MeanInterval, meanInterval } from '../evaluation/statistics/mean-interval.ts';
import { textTable } from '../evaluation/text-table.ts';
import { findModelOf } from '../models/index.ts';
import { assertComparableRows, type RowResult } from '../recommender/evaluate-rows.ts';
import type { FieldRunInput, FieldRunSettings } from '../recommender/field-settings.ts';
import { type FieldRun, trainFieldRecommender } from '../recommender/train-fields.ts';
import type { CompareFlags } from './commands/compare.ts';
import { type ComparedRun, checkComparison, report } from './compare-trained.ts';
import { cutOffNotes } from './cut-off-notes.ts';
import { defined } from './data-flags.ts';
import { openEngine } from './engine-options.ts';
import { storedRowResult } from './field-record.ts';
import { describeRows, rowTable } from './field-report.ts';
import { checkedFieldRun, isOfFields, loadFieldsNoted, optionNames } from './field-run.ts';
import { dataOf, runInputOf } from './run-flags.ts';
import type { Terminal } from './terminal.ts';

interface Contest {
  readonly model: string;
  readonly seed: number;
  readonly run: FieldRun;
}

/** Models of all kinds at once cannot be measured alike. @throws 'usage' */
export function areAllOfFields(names: readonly string[]): boolean {
  const ofFields = names.map(isOfFields);
  if (ofFields.every(Boolean) || !ofFields.some(Boolean)) return names.length > 0 && ofFields[0];
  const other = names[ofFields.indexOf(!ofFields[0])];
  throw new DeepTasteError(
    'usage',
    `--models: must be of one kind to be trained alike, found "${names[0]}" and "${other}", of which one is over feature fields; ` +
      'train them apart and compare the saved runs',
  );
}

export async function compareTrainedFields(terminal: Terminal, flags: CompareFlags): Promise<void> {
  const settings = await contenders(flags);
  const progress = await terminal.progress();
  const data = await loadFieldsNoted(settings[0], progress);
  if (data.task === 'ranking') checkComparison(flags, data.evaluation.metrics);
  else checkRowComparison(flags, data.evaluation.metrics);
  const seeds = Array.from({ length: flags.seeds }, (_, n) => flags.seed + n);
  const engine = openEngine(flags, progress);
  const runs: Contest[] = [];
  try {
    for (const each of settings)
      for (const seed of seeds) {
        const run = await trainFieldRecommender({ engine, data, settings: { ...each, final: false, seed }, progress });
        run.recommender.close();
        runs.push({ model: each.model, seed, run });
      }
  } finally {
    engine.close();
  }
  if (runs.some(({ run }) => run.result === null))
    throw new DeepTasteError('data', 'compare: the split must have a test part, found none; choose another split');
  if (data.task === 'ranking') report(terminal, flags, runs as readonly unknown[] as ComparedRun[], seeds);
  else reportRows(terminal, flags, runs, seeds);
}

async function contenders(flags: CompareFlags): Promise<FieldRunSettings[]> {
  const { data, models: names = [], set = [] } = flags;
  if (data === undefined) throw new DeepTasteError('usage', 'compare: --data is missing beside --models');
  const repeated = names.find((name, n) => names.indexOf(name) !== n);
  if (repeated !== undefined)
    throw new DeepTasteError('usage', `--models: each model counts once, found "${repeated}" twice`);
  for (const text of set) checkOwner(text, names);
  const settings: FieldRunSettings[] = [];
  for (const model of names) {
    const input = {
      ...{
        data: dataOf(data, flags),
        ...runInputOf('pairs', model, flags),
        model,
        ...defined({ refit: flags.refit, task: flags.task }),
      },
      training: defined({ epochs: flags.epochs }),
    } as FieldRunInput;
    settings.push(
      await checkedFieldRun(
        input,
        set.flatMap((text) => concerning(model, names, text)),
        'compare',
      ),
    );
  }
  return settings;
}

const keyOf = (text: string): string => text.split('=', 1)[0].trim();
const ofRuns = ['refit', 'task'];

/** A bare key must be an option of some model. */
function checkOwner(text: string, names: readonly string[]): void {
  const key = keyOf(text);
  const known = [...new Set(names.flatMap((name) => optionNames(findModelOf('rows', name)))), ...ofRuns];
  if (!text.includes('=') || key.includes('.') || known.includes(key)) return;
  throw new DeepTasteError('config', `--set ${key}: none of the models has this option${suggestion(key, known)}`, {
    key,
  });
}

/** The assignment as it concerns a model: `name.key=…` that model alone, a bare key the models that have it, all else all. */
function concerning(model: string, names: readonly string[], text: string): string[] {
  const owner = names.find((name) => text.startsWith(`${name}.`));
  if (owner !== undefined) return owner === model ? [text.slice(owner.length + 1)] : [];
  const key = keyOf(text);
  const isOwn = key.includes('.') || ofRuns.includes(key) || optionNames(findModelOf('rows', model)).includes(key);
  return isOwn || !text.includes('=') ? [text] : [];
}

interface Spread {
  readonly model: string;
  readonly trainingSeconds: number;
  readonly metrics: Readonly<Record<string, MeanInterval & { readonly values: readonly number[] }>>;
}

function reportRows(terminal: Terminal, flags: CompareFlags, runs: readonly Contest[], seeds: readonly number[]): void {
  const results = runs.map(({ run }) => run.result as RowResult);
  const [{ metrics: names, protocol }] = results;
  const metric = flags.metric === undefined ? Object.keys(names)[0] : parseMetric(flags.metric).name;
  const sign = isLowerBetter(parseMetric(metric)) ? 1 : -1;
  const models = [...new Set(runs.map(({ model }) => model))].map((model) => spreadOf(runs, model));
  models.sort((a, b) => sign * (a.metrics[metric].mean - b.metrics[metric].mean));
  terminal.print(spreadTable(models, Object.keys(names), seeds.length));
  terminal.print(describeRows(results[0]));
  for (const note of cutOffNotes(runs)) terminal.print(note);
  terminal.document({ seeds, task: results[0].task, metric, models, protocol });
}

/** @throws 'usage' for a baseline; 'config' for a metric that is not measured */
function checkRowComparison(flags: CompareFlags, measured: readonly string[]): void {
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

function spreadOf(runs: readonly Contest[], model: string): Spread {
  const own = runs.filter((run) => run.model === model);
  const results = own.map(({ run }) => run.result as RowResult);
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
      ...{ header: name, align: 'right' as const },
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

/** The measured rows of all runs; null when one of them ranked for users. @throws 'artifact', 'not-found' */
export async function rowResultsOf(paths: readonly string[]): Promise<RowResult[] | null> {
  const results: RowResult[] = [];
  for (const path of paths) {
    const result = await storedRowResult(path);
    if (result === null) return null;
    results.push(result);
  }
  return results;
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
