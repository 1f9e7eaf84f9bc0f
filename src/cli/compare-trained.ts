/** Trains models with several seeds on one split and compares them by their users' values, averaged over the seeds. */

import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { checkMetricTest } from '../evaluation/comparison.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import { renderLeaderboard } from '../evaluation/leaderboard.ts';
import { hasUserValues, parseMetric } from '../evaluation/metric-name.ts';
import { isRowResult, type RowResult } from '../evaluation/result.ts';
import { textTable } from '../evaluation/text-table.ts';
import { findModel } from '../models/index.ts';
import { askedTask } from '../runs/any-settings.ts';
import { averageOverSeeds, type SeedSpread, spreadOverSeeds } from '../runs/average-seeds.ts';
import { readsHistories } from '../tasks/task-of-settings.ts';
import { reportRows } from './compare-rows.ts';
import { type Contest, checkSlices, comparisonOf, reportComparison, slicesDocument } from './comparison-report.ts';
import { contenderSettings, hasEpochs } from './contender-settings.ts';
import { cutOffNotes } from './cut-off-notes.ts';
import type { CompareFlags } from './flags.ts';
import { openEngine } from './open-engine.ts';
import { prepareRuns, trainPrepared } from './prepare-run.ts';
import type { FormedSettings, PreparedRun } from './prepared-run.ts';
import { describeProtocol, evaluatedUnit, measurementNotes } from './run-report.ts';
import type { Terminal } from './terminal.ts';

export async function compareTrained(terminal: Terminal, flags: CompareFlags): Promise<void> {
  if (flags.evalUsers === 0)
    throw new DeepTasteError(
      'usage',
      'compare: --eval-users must be 1 or more, found 0: what is not ranked cannot be compared',
    );
  await checkSlices(flags);
  const contenders = await contenderSettings(flags);
  const [{ form, settings }] = contenders;
  const task = askedTask(form, settings);
  if (settings.evaluation.metrics && (task === 'ranking' || task === 'next-item'))
    checkComparison(flags, settings.evaluation.metrics, 'lists');
  if (flags.slices && task === 'next-item')
    throw new DeepTasteError(
      'usage',
      '--slices: are of users and items, found models of sequences, whose next items are measured; leave it out, or put a model of users ' +
        'and items beside them (popularity), so that all rank for users',
    );
  const progress = await terminal.progress();
  const fitted = contenders.map((each) => findModel(each.settings.model)).filter((model) => !hasEpochs(model));
  if (flags.epochs !== undefined && fitted.length > 0)
    progress.log(`note: --epochs does not concern ${fitted.map(({ name }) => name).join(', ')}: fitted at once`);
  const seeds = Array.from({ length: flags.seeds }, (_, n) => flags.seed + n);
  const prepare = await prepareRuns(contenders, progress);
  const measures = measuredAlike(contenders, prepare);
  checkComparison(flags, prepare(contenders[0]).metrics, measures);
  const engine = openEngine(flags, progress);
  const runs: Contest[] = [];
  try {
    for (const each of contenders)
      for (const seed of seeds) {
        const seeded = { ...each.settings, final: false, seed };
        const prepared = prepare({ ...each, settings: seeded });
        const { recommender, result, trainingSeconds, account } = await trainPrepared(engine, prepared, seeded, {
          progress,
        });
        recommender.close();
        if (result === null)
          throw new DeepTasteError(
            'data',
            'compare: the split must have a test part, found none; choose another split',
          );
        runs.push({ model: each.settings.model, seed, run: { result, trainingSeconds, account } });
      }
  } finally {
    engine.close();
  }
  if (runs.every(isOfRows)) await reportRows(terminal, flags, runs, seeds);
  else if (runs.every(isOfLists)) await report(terminal, flags, runs, seeds);
}

/** @throws 'usage' when some rank and some predict rows */
function measuredAlike(
  contenders: readonly FormedSettings[],
  prepare: (run: FormedSettings) => PreparedRun,
): PreparedRun['measures'] {
  const { measures } = prepare(contenders[0]);
  const other = contenders.find((each) => prepare(each).measures !== measures);
  if (!other) return measures;
  throw new DeepTasteError(
    'usage',
    `--models: must be measured alike, found "${contenders[0].settings.model}", whose ${measures} are measured, and ` +
      `"${other.settings.model}", of which it is ${prepare(other).measures}; say --task ranking or --task rating, or compare them apart`,
  );
}

const isOfRows = (contest: Contest): contest is Contest<RowResult> => isRowResult(contest.run.result);
const isOfLists = (contest: Contest): contest is Contest<EvaluationResult> => !isRowResult(contest.run.result);

/**
 * What can be wrong about the comparison is found before the data are read.
 * @param measured the metrics that every model is measured by
 * @throws 'config' for a metric that is not measured, or that the test cannot compare; 'usage' for the baseline
 */
export function checkComparison(
  flags: CompareFlags,
  measured: readonly string[],
  measures: PreparedRun['measures'],
): void {
  const { metric, baseline, models = [], significance, slices } = flags;
  const names = measured.map((name) => parseMetric(name).name);
  const chosen = metric === undefined ? names[0] : parseMetric(metric).name;
  if (!names.includes(chosen))
    throw new DeepTasteError(
      'config',
      `--metric ${metric}: must be among those that are measured, found ${names.join(', ')}; name it in --metrics too`,
    );
  checkMetricTest(parseMetric(chosen), significance, measures === 'rows');
  if (slices && !hasUserValues(parseMetric(chosen)))
    throw new DeepTasteError(
      'config',
      `--slices: ${chosen} is a number of whole runs and has no slices of users; choose another with --metric`,
    );
  if (baseline !== undefined && !models.includes(baseline))
    throw new DeepTasteError('usage', `--baseline: no model is called "${baseline}"${suggestion(baseline, models)}`);
}

async function report(
  terminal: Terminal,
  flags: CompareFlags,
  runs: readonly Contest<EvaluationResult>[],
  seeds: readonly number[],
): Promise<void> {
  const models = [...new Set(runs.map(({ model }) => model))];
  const own = (model: string) => runs.filter((run) => run.model === model);
  const spreads = models.map((model) => ({
    model,
    trainingSeconds: own(model).reduce((sum, { run }) => sum + run.trainingSeconds, 0) / seeds.length,
    metrics: spreadOverSeeds(own(model).map(({ run }) => run.result)),
  }));
  const metric = flags.metric ?? Object.keys(spreads[0].metrics)[0];
  const averaged = models.map((model) => ({
    name: model,
    result: averageOverSeeds(own(model).map(({ run }) => run.result)),
  }));
  const { baseline, seed } = flags;
  const comparison = comparisonOf(averaged, metric, flags, { baseline, seed });
  const { width, color } = terminal;
  const over = evaluatedUnit(averaged[0].result.protocol);
  if (seeds.length > 1) terminal.print(`${spreadTable(spreads, seeds.length)}\n`);
  else if (Object.keys(spreads[0].metrics).length > 1) {
    const rows = averaged.map(({ name, result }, n) => ({
      model: name,
      metrics: result.metrics,
      seconds: spreads[n].trainingSeconds,
    }));
    terminal.print(`${renderLeaderboard(rows, { width, color, over })}\n`);
  }
  await reportComparison(terminal, comparison, flags);
  const { result } = averaged.find(({ result }) => result.protocol.untrained?.users === 'left out') ?? averaged[0];
  terminal.print(
    [
      describeProtocol(result.protocol),
      ...measurementNotes(result),
      ...historyNotes(models),
      ...cutOffNotes(runs),
    ].join('\n'),
  );
  const { slices: _, ...compared } = comparison;
  const slices = slicesDocument(terminal, averaged, comparison, flags, seed);
  const { protocol, notes = [] } = result;
  terminal.document({ seeds, models: spreads, comparison: compared, ...slices, protocol, notes });
}

/** Models of sequences beside others know more of a user when the test rows are ranked. */
function historyNotes(models: readonly string[]): string[] {
  const names = models.filter((model) => readsHistories({ model }));
  if (names.length === 0 || names.length === models.length) return [];
  return [
    `${names.join(', ')}: ${names.length > 1 ? 'go' : 'goes'} on from a user's rows in their order, validation rows included`,
  ];
}

interface ModelSpread {
  readonly model: string;
  readonly trainingSeconds: number;
  readonly metrics: Readonly<Record<string, SeedSpread>>;
}

/** Mean ± standard deviation over the seeds. */
function spreadTable(spreads: readonly ModelSpread[], nSeeds: number): string {
  const names = Object.keys(spreads[0].metrics);
  const { header, rule, rows } = textTable([
    { header: 'model', align: 'left', cells: spreads.map(({ model }) => model) },
    ...names.map((name) => ({
      header: name,
      align: 'right' as const,
      cells: spreads.map(({ metrics }) => `${metrics[name].mean.toFixed(4)} ± ${metrics[name].deviation.toFixed(4)}`),
    })),
    { header: 'seconds', align: 'right', cells: spreads.map(({ trainingSeconds }) => trainingSeconds.toFixed(2)) },
  ]);
  return [header, rule, ...rows, `± standard deviation over ${nSeeds} seeds`].join('\n');
}
