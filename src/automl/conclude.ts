/** The end of a study: what was chosen is trained to its end, then on training and validation part, and measured once on the test part. */
import { namedTensors, readSafetensors } from '../artifact/safetensors-reader.ts';
import { DeepTasteError } from '../core/errors.ts';
import { float64Tensor } from '../core/named-tensors.ts';
import { type Progress, silent } from '../core/progress.ts';
import { RandomStream } from '../core/random.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Result } from '../evaluation/result.ts';
import { type Run, trainRun } from '../runs/train-run.ts';
import type { Contestant } from './contestants.ts';
import { type Optimism, selectionOptimism, type UnitColumn } from './optimism.ts';
import { jobOf } from './search.ts';
import type { Study } from './study.ts';
import { ranked, type Trial } from './trial.ts';
import type { TrialTrainer } from './trial-job.ts';

export interface ConcludeOptions {
  readonly engine: Engine;
  readonly contestants: readonly Contestant[];
  readonly trainer: TrialTrainer;
  readonly seed: number;
  /** Train the winner anew on all rows of the data for use. */
  readonly final: boolean;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  readonly onTrial?: (trial: Trial, trials: readonly Trial[]) => void;
}

/** A trial that was trained on training and validation part and measured on the test part. */
export interface MeasuredTrial {
  readonly name: string;
  readonly trial: Trial;
  readonly result: Result;
}

export interface Conclusion {
  readonly winner: Trial;
  /** The best model as it is without tuning, by the validation part. */
  readonly bestDefault: Trial;
  /** The winner first, then that, the winner's model without tuning, and the baselines. */
  readonly measured: readonly MeasuredTrial[];
  /** Of the winner; its recommender is to be closed. */
  readonly run: Run;
}

/** @throws DeepTasteError `data` when no trial came to a value; `usage` when interrupted */
export async function conclude(study: Study, options: ConcludeOptions): Promise<Conclusion> {
  const { progress = silent, final } = options;
  const winner = await findWinner(study, options);
  const [defaults, baselines] = [
    study.trials.filter(({ kind }) => kind !== 'sampled'),
    ranked(study.trials.filter(({ kind }) => kind === 'baseline')),
  ];
  const own = defaults.filter(({ model, value }) => model === winner.model && value !== null);
  for (const each of [...ranked(defaults).slice(0, 1), ...own]) await finish(study, each, options);
  const bestDefault = ranked(study.trials.filter(({ kind }) => kind !== 'sampled'))[0] ?? winner;
  const chosen = [winner, bestDefault, ...own, ...baselines].map(({ number }) => study.trial(number));
  const measured: MeasuredTrial[] = [];
  let run: Run | null = null;
  for (const trial of new Map(chosen.map((each) => [each.number, each])).values()) {
    const isWinner = trial.number === winner.number;
    const name = trial.kind === 'sampled' ? `${trial.model} (tuned)` : trial.model;
    progress.log(`measuring ${name} on the test part`);
    const refitted = await refit(trial, isWinner && final, options);
    measured.push({ name, trial, result: refitted.result! });
    if (isWinner) run = refitted;
    else refitted.recommender.close();
  }
  return { winner: study.trial(winner.number), bestDefault: study.trial(bestDefault.number), measured, run: run! };
}

/** The best trial when it is trained to its end. */
async function findWinner(study: Study, options: ConcludeOptions): Promise<Trial> {
  for (;;) {
    const [best] = ranked(study.trials);
    if (!best) throw nothingFound(study.trials);
    await finish(study, best, options);
    // a training that goes on may fail, or come to be the best no longer
    if (ranked(study.trials)[0]?.number === best.number) return study.trial(best.number);
  }
}

/** Goes on with a training that was paused. */
async function finish(study: Study, { number }: Trial, options: ConcludeOptions): Promise<void> {
  const { trainer, seed, progress = silent, signal, onTrial } = options;
  const { status, model, ownEpochs } = study.trial(number);
  if (status !== 'paused') return;
  progress.log(`trial ${number} (${model}) goes on from epoch ${ownEpochs} to its end`);
  if (!study.openParts.some((part) => part.number === number))
    await study.begin([{ trial: null, part: { number, until: null, stoppable: false, seconds: null } }]);
  const outcome = await trainer.train(jobOf(study, number, seed), signal ?? new AbortController().signal);
  await study.end(number, outcome, study.seconds);
  onTrial?.(study.trial(number), study.trials);
}

/** On training and validation part, for as many epochs as were best. */
function refit({ model, settings, bestEpoch }: Trial, final: boolean, options: ConcludeOptions): Promise<Run> {
  const { engine, contestants, seed, progress, signal } = options;
  const { config } = settings;
  const task = contestants.find((each) => each.model === model)!.task(config);
  const training = bestEpoch > 0 ? { ...settings.training, epochs: bestEpoch } : settings.training;
  return trainRun({ engine, task: task.withoutValidation()!, model, config, training, seed, final, progress, signal });
}

/** At most so many reasons are told. */
const TOLD = 3;

function nothingFound(trials: readonly Trial[]): DeepTasteError {
  const failed = trials.filter(({ status }) => status === 'failed');
  if (failed.length === 0)
    return new DeepTasteError(
      'usage',
      'tune: the budget must be enough for one trial to be validated, found none that was; raise --minutes, --trials or --epochs',
    );
  const reasons = [...new Set(failed.map(({ model, reason }) => `${model}: ${reason}`))];
  const more = reasons.length > TOLD ? `; and ${reasons.length - TOLD} more` : '';
  return new DeepTasteError(
    'data',
    `tune: a trial must come to a value, found that all ${trials.length} failed: ${reasons.slice(0, TOLD).join('; ')}${more}`,
  );
}

/** How much of the winner's validation metric is luck of the choice; null where the metric has no values of users. */
export async function optimismOf(study: Study, seed: number): Promise<Optimism | null> {
  const columns: UnitColumn[] = [];
  for (const { number } of ranked(study.trials)) {
    const column = await unitsOf(study.unitsFile(number));
    if (column) columns.push(column);
  }
  return columns.length < 2 ? null : selectionOptimism(columns, new RandomStream(seed, 'tune/optimism'));
}

/** Null where there is no such file: of a metric without values of users, or removed by hand. */
async function unitsOf(path: string): Promise<UnitColumn | null> {
  let tensors: ReturnType<typeof namedTensors>;
  try {
    tensors = namedTensors(await readSafetensors(path), path);
  } catch (error) {
    if (error instanceof DeepTasteError && error.details.systemCode === 'ENOENT') return null;
    throw error;
  }
  const weights = tensors.has('weights') ? float64Tensor(tensors, 'weights', [-1]) : null;
  return { values: float64Tensor(tensors, 'values', [-1]), weights };
}
