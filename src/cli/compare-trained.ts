/** Trains models with several seeds on one split and compares them by their users' values, averaged over the seeds. */
import { DeepTasteError } from '../core/errors.ts';
import { RandomStream } from '../core/random.ts';
import { Engine } from '../engine/runtime/engine.ts';
import { compareResults } from '../evaluation/comparison.ts';
import { renderComparison } from '../evaluation/leaderboard.ts';
import { textTable } from '../evaluation/text-table.ts';
import { findModel } from '../models/index.ts';
import { averageOverSeeds, type SeedSpread, spreadOverSeeds } from '../recommender/average-seeds.ts';
import { type ComparedRun, compareModels } from '../recommender/compare.ts';
import type { RunSettings } from '../recommender/settings.ts';
import { checkedRun } from './checked-run.ts';
import type { CompareFlags } from './commands/compare.ts';
import { defined } from './data-flags.ts';
import { loadNoted } from './execute-run.ts';
import { dataOf, evaluationOf, splitOf } from './run-flags.ts';
import { describeProtocol } from './run-report.ts';
import type { Terminal } from './terminal.ts';

export async function compareTrained(terminal: Terminal, flags: CompareFlags): Promise<void> {
  const settings = await contenderSettings(flags);
  const progress = await terminal.progress();
  const split = await loadNoted(settings[0], progress);
  const seeds = Array.from({ length: flags.seeds }, (_, n) => flags.seed + n);
  const engine = new Engine({ threads: flags.threads });
  try {
    const runs = await compareModels({
      ...{ engine, split, seeds, progress },
      ...{ contenders: settings, evaluation: settings[0].evaluation, refit: flags.refit },
      onRun: ({ run }) => run.recommender.close(),
    });
    if (runs.length === 0)
      throw new DeepTasteError('data', 'compare: the split must have a test part, found none; choose another split');
    report(terminal, flags, runs, seeds);
  } finally {
    engine.close();
  }
}

function report(terminal: Terminal, flags: CompareFlags, runs: readonly ComparedRun[], seeds: readonly number[]): void {
  const models = [...new Set(runs.map(({ model }) => model))];
  const own = (model: string) => runs.filter((run) => run.model === model);
  const spreads = models.map((model) => ({
    model,
    ...{ trainingSeconds: own(model).reduce((sum, { run }) => sum + run.trainingSeconds, 0) / seeds.length },
    metrics: spreadOverSeeds(own(model).map(({ run }) => run.result)),
  }));
  const metric = flags.metric ?? Object.keys(spreads[0].metrics)[0];
  const averaged = models.map((model) => ({
    name: model,
    result: averageOverSeeds(own(model).map(({ run }) => run.result)),
  }));
  const comparison = compareResults(averaged, metric, {
    stream: new RandomStream(flags.seed, 'compare'),
    ...{ baseline: flags.baseline, test: flags.significance },
  });
  if (seeds.length > 1) terminal.print(`${spreadTable(spreads, seeds.length)}\n`);
  terminal.print(renderComparison(comparison, { width: terminal.width }));
  terminal.print(describeProtocol(averaged[0].result.protocol));
  terminal.document({ seeds, models: spreads, comparison, protocol: averaged[0].result.protocol });
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
      ...{ header: name, align: 'right' as const },
      cells: spreads.map(({ metrics }) => `${metrics[name].mean.toFixed(4)} ± ${metrics[name].deviation.toFixed(4)}`),
    })),
    { header: 'seconds', align: 'right', cells: spreads.map(({ trainingSeconds }) => trainingSeconds.toFixed(2)) },
  ]);
  return [header, rule, ...rows, `± standard deviation over ${nSeeds} seeds`].join('\n');
}

/** One set of settings a model; data, split and evaluation are the same in all. */
async function contenderSettings(flags: CompareFlags): Promise<RunSettings[]> {
  const { data, models = [] } = flags;
  if (data === undefined || models.length === 0)
    throw new DeepTasteError(
      'usage',
      `compare: --${data === undefined ? 'data' : 'models'} is missing beside --${data === undefined ? 'models' : 'data'}`,
    );
  const repeated = models.find((model, n) => models.indexOf(model) !== n);
  if (repeated !== undefined)
    throw new DeepTasteError('usage', `--models: each model counts once, found "${repeated}" twice`);
  const settings: RunSettings[] = [];
  for (const name of models) {
    const hasEpochs = findModel(name).kind === 'gradient';
    const input = {
      ...{ data: dataOf(data, flags), ...splitOf(flags), model: name },
      ...{ training: hasEpochs ? defined({ epochs: flags.epochs }) : {}, evaluation: evaluationOf(flags) },
    };
    settings.push(await checkedRun(input, settingsFor(name, hasEpochs, models, flags.set ?? []), 'compare'));
  }
  return settings;
}

/** What concerns the model: its own settings (`name.key=…`) and those of all; training settings only where there is a training. */
function settingsFor(name: string, hasEpochs: boolean, models: readonly string[], set: readonly string[]): string[] {
  return set.flatMap((text) => {
    const owner = models.find((model) => text.startsWith(`${model}.`));
    if (owner !== undefined) return owner === name ? [text.slice(owner.length + 1)] : [];
    return !hasEpochs && /^(training|optimizer)\./.test(text) ? [] : [text];
  });
}
