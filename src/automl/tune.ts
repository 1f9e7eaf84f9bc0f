/**
 * A study: searches over models and their options by the validation part, then measures what it chose once on the test part, beside models
 * as they are without tuning.
 */
import { DeepTasteError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import { RandomStream } from '../core/random.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { type Comparison, compareResults } from '../evaluation/comparison.ts';
import { parseMetric } from '../evaluation/metric-name.ts';
import type { EpochRecord } from '../training/checkpoint.ts';
import { type Halving, halvingDefaults } from './asha.ts';
import { type Conclusion, conclude, optimismOf } from './conclude.ts';
import { baseTask, type Contestant, candidateOf, checkContestants, taskOf } from './contestants.ts';
import { importances, type OptionImportance } from './importance.ts';
import type { Optimism } from './optimism.ts';
import type { Sampler } from './sampler.ts';
import { type Budget, type Candidate, Schedule } from './schedule.ts';
import { search } from './search.ts';
import { Study } from './study.ts';
import { tpe } from './tpe.ts';
import { signOf, trainTrial } from './train-trial.ts';
import { ranked, type Trial } from './trial.ts';
import type { TrialTrainer } from './trial-job.ts';

export interface TuneOptions {
  readonly engine: Engine;
  readonly contestants: readonly Contestant[];
  readonly budget: Budget;
  readonly seed: number;
  /** Folder of the study. */
  readonly out: string;
  /** Go on with the study that lies there. */
  readonly resume?: boolean;
  /** Nothing depends on time: the same trials, the same winner. */
  readonly deterministic?: boolean;
  readonly sampler?: Sampler;
  readonly halving?: Halving;
  /** What trains the trials, each one at a time; default: the engine here. */
  readonly trainers?: readonly TrialTrainer[];
  /** Train the winner anew on all rows of the data for use; default: no. */
  readonly final?: boolean;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Called after each part of a training. */
  readonly onTrial?: (trial: Trial, trials: readonly Trial[]) => void;
  readonly onEpoch?: (record: EpochRecord) => void;
}

/** The best value until a moment of the search. */
export interface BestSoFar {
  readonly trial: number;
  readonly model: string;
  /** Of the search, over all sittings. */
  readonly minutes: number;
  /** Of all trials. */
  readonly epochs: number;
  readonly value: number;
}

export interface TuneResult extends Conclusion {
  readonly metric: string;
  /** Their values and looks are turned where less of the metric is better; `shownValue` turns them back. */
  readonly trials: readonly Trial[];
  readonly curve: readonly BestSoFar[];
  /** Of the models with trials enough. */
  readonly importance: readonly {
    readonly model: string;
    readonly nTrials: number;
    readonly options: readonly OptionImportance[];
  }[];
  /** Null where the metric has no values of users. */
  readonly optimism: Optimism | null;
  /** What was measured against the best model without tuning; null where the winner is that. */
  readonly comparison: Comparison | null;
  /** The winner against its own model without tuning; null where that is the same, or failed. */
  readonly gain: Comparison | null;
  /** Seconds of the search. */
  readonly seconds: number;
}

/**
 * @throws DeepTasteError `data`: no validation or test part, or no trial came to a value; `config`: a setting, a range, a study of something
 *   else; `usage`: a budget that is too small, interrupted; `io`
 */
export async function tune(options: TuneOptions): Promise<TuneResult> {
  const { engine, contestants, budget, seed, out, resume = false, deterministic = false, final = false } = options;
  const { halving = halvingDefaults, progress, signal, onTrial, onEpoch } = options;
  checkContestants(engine, contestants);
  // what is fitted at once comes first: it costs little and says much
  const all = contestants.map((each) => candidateOf(each, halving));
  const candidates = [...all.filter(({ rungs }) => !rungs), ...all.filter(({ rungs }) => rungs)];
  checkBudget(budget, candidates, deterministic);
  const here: TrialTrainer = {
    train: (job, stop) => trainTrial({ engine, task: taskOf(contestants, job), job, signal: stop, onEpoch }),
  };
  const trainers = options.trainers ?? [here];
  const nSearched = candidates.filter(({ isSearched, space }) => isSearched && space.length > 0).length;
  const sampler = options.sampler ?? tpe({ startup: 10 + nSearched });
  const metric = parseMetric(baseTask(contestants[0]).validation.metric).name;
  const identity = {
    study: 1,
    data: baseTask(contestants[0]).identity.data,
    model: 'study',
    metric,
    seed,
    sampler: sampler.name,
    halving,
    deterministic,
    ...(deterministic && { workers: trainers.length }),
    models: Object.fromEntries(candidates.map((candidate) => [candidate.model, identityOf(candidate, contestants)])),
  };
  const study = await Study.open(out, identity, resume);
  if (resume && study.trials.length === 0) progress?.log(`--resume: no trials in ${out}, starting from the beginning`);
  try {
    const schedule = new Schedule({ candidates, sampler, halving, budget, seed, workers: trainers.length });
    const told = (trials: readonly Trial[]) => standing(trials, metric);
    await search(study, { schedule, trainers, budget, seed, deterministic, progress, signal, onTrial, told });
    const trainer = here;
    const ended = await conclude(study, { engine, contestants, trainer, seed, final, progress, signal, onTrial });
    return await resultOf(study, ended, metric, candidates, seed);
  } finally {
    await study.close();
  }
}

async function resultOf(
  study: Study,
  ended: Conclusion,
  metric: string,
  candidates: readonly Candidate[],
  seed: number,
): Promise<TuneResult> {
  const { winner, bestDefault, measured } = ended;
  const nameOf = (number: number) => measured.find(({ trial }) => trial.number === number)!.name;
  const own = measured.find(({ trial }) => trial.model === winner.model && trial.number !== winner.number);
  const against = (baseline: string, runs: typeof measured) =>
    compareResults(
      runs.map(({ name, result }) => ({ name, result })),
      metric,
      { stream: new RandomStream(seed, 'bootstrap'), baseline },
    );
  const importance = candidates.flatMap(({ model, space }) => {
    const options = importances(study.trials, model, space);
    const nTrials = study.trials.filter((trial) => trial.model === model && trial.value !== null).length;
    return options.length > 0 ? [{ model, nTrials, options }] : [];
  });
  return {
    ...ended,
    metric,
    trials: study.trials,
    curve: study.improvements.map(({ number, value, at, epochs }) => ({
      trial: number,
      model: study.trial(number).model,
      minutes: at / 60,
      epochs,
      value: shownValue(metric, value),
    })),
    importance,
    optimism: shownOptimism(metric, await optimismOf(study, seed)),
    comparison: winner.number === bestDefault.number ? null : against(nameOf(bestDefault.number), measured),
    gain: own ? against(own.name, [measured[0], own]) : null,
    seconds: study.seconds,
  };
}

/** Its metrics as they are; the optimism stays what is too good. */
function shownOptimism(metric: string, found: Optimism | null): Optimism | null {
  return found && { ...found, chosen: shownValue(metric, found.chosen), expected: shownValue(metric, found.expected) };
}

/** A value of a trial as the metric is. */
export function shownValue(metric: string, value: number): number {
  return signOf(parseMetric(metric)) * value;
}

/** How a study stands, in a line. */
function standing(trials: readonly Trial[], metric: string): string {
  const [best] = ranked(trials);
  const failed = trials.filter(({ status }) => status === 'failed').length;
  const found = best
    ? `best ${metric} ${shownValue(metric, best.value).toFixed(4)} (${best.model}, trial ${best.number})`
    : 'no value yet';
  return `${trials.length} ${trials.length === 1 ? 'trial' : 'trials'}, ${found}${failed > 0 ? `, ${failed} failed` : ''}`;
}

/** What a model must have in common with that of a study that goes on. */
function identityOf({ model, isSearched, space }: Candidate, contestants: readonly Contestant[]): object {
  const contestant = contestants.find((each) => each.model === model)!;
  const { fixed } = contestant;
  const task = baseTask(contestant);
  const { data: _, ...split } = task.identity;
  const searched = Object.fromEntries(space.map(({ name, domain }) => [name, domain]));
  return { isSearched, fixed, task: { name: task.name, ...split }, searched };
}

/** @throws 'usage' for a budget that ends nothing, ends too early, or goes by time where nothing may depend on it */
function checkBudget(budget: Budget, candidates: readonly Candidate[], deterministic: boolean): void {
  const { minutes, trials, epochs } = budget;
  if (minutes === undefined && trials === undefined && epochs === undefined)
    throw new DeepTasteError(
      'usage',
      'tune: a budget must end the search, found none; say --minutes, --trials or --epochs',
    );
  if (minutes !== undefined && !(minutes > 0))
    throw new DeepTasteError('usage', `tune: --minutes must be more than 0, found ${minutes}`);
  if (deterministic && minutes !== undefined)
    throw new DeepTasteError(
      'usage',
      'tune: --deterministic must not depend on time, found a budget of minutes; say --trials or --epochs instead',
    );
  if (trials !== undefined && trials <= candidates.length)
    throw new DeepTasteError(
      'usage',
      `tune: --trials must be more than the ${candidates.length} models that are trained as they are first, found ${trials}; raise it, or name fewer models`,
    );
  const byEpochs = candidates.filter(({ rungs }) => rungs !== null).length;
  if (epochs !== undefined && epochs < candidates.length + byEpochs)
    throw new DeepTasteError(
      'usage',
      `tune: --epochs must be enough for an epoch of each of ${candidates.length} models and of a trial, found ${epochs}; raise it to ${candidates.length + byEpochs} at least`,
    );
}
