/** The models of a study with their data: what must hold of them, and what is searched of each. */
import { DeepTasteError } from '../core/errors.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { TakenPairs } from '../examples/forms.ts';
import { parseModelOptions } from '../examples/model-options.ts';
import { resolveTraining } from '../examples/settings.ts';
import { findModelOf, modelForTask } from '../models/index.ts';
import type { Task } from '../tasks/task.ts';
import { type Halving, rungsOf } from './asha.ts';
import { defaultPoint, modelSpace, settingsAt, type TrialSettings } from './model-space.ts';
import type { Candidate } from './schedule.ts';
import type { SearchRanges } from './search-ranges.ts';
import type { TrialJob } from './trial-job.ts';

/** A model of a study. */
export interface Contestant {
  readonly model: string;
  /** Of options of the model: whether ratings are looked at follows from them. All are of one split and have one validation metric. */
  readonly task: (config: object) => Task;
  /** Settings that are not searched. */
  readonly fixed: TrialSettings;
  /** False: a baseline, trained as it is. */
  readonly isSearched: boolean;
  /** Ranges instead of the declared ones, by address. */
  readonly ranges?: SearchRanges;
}

/** @throws 'usage' for none, or one twice; 'data' where something cannot be chosen or measured */
export function checkContestants(engine: Engine, contestants: readonly Contestant[]): void {
  if (contestants.every(({ isSearched }) => !isSearched))
    throw new DeepTasteError('usage', 'tune: there must be a model to search, found none; name some with --models');
  const names = contestants.map(({ model }) => model);
  const repeated = names.find((name, n) => names.indexOf(name) !== n);
  if (repeated !== undefined)
    throw new DeepTasteError('usage', `tune: each model counts once, found "${repeated}" twice; leave one out`);
  for (const each of contestants) {
    const task = baseTask(each);
    if (!task.validator(engine))
      throw new DeepTasteError(
        'data',
        `tune: the split must hold a validation part out, by which trials are chosen, found none; ${task.validation.advice}`,
      );
    if (!task.isMeasured)
      throw new DeepTasteError(
        'data',
        'tune: the split must hold a test part out, on which the winner is measured, found none; choose another split',
      );
  }
}

/** What is searched of a model. @throws 'config' for settings and ranges that do not fit */
export function candidateOf(contestant: Contestant, halving: Halving): Candidate {
  const { model: name, fixed, isSearched, ranges } = contestant;
  const task = baseTask(contestant);
  const model = modelForTask(findModelOf(task.form, name), task.name);
  const request = {
    model,
    fixed,
    ofTask: task.training,
    sizes: task.sizes,
    has: (need: keyof TakenPairs, config: object) => hasPart(contestant.task(config), need),
    ranges,
  };
  const space = modelSpace(request);
  const { training } = resolveTraining(model, { ...fixed.training, ...task.training }, task.sizes);
  return {
    model: name,
    isSearched,
    space,
    defaultPoint: defaultPoint(request, space),
    rungs: training && rungsOf(training.epochs, training.evaluateEvery, halving),
    settingsAt: (point) => {
      const settings = settingsAt(fixed, point);
      parseModelOptions(model, { ...settings.config });
      resolveTraining(model, { ...settings.training, ...task.training }, task.sizes);
      return settings;
    },
  };
}

/** With the settings that are not searched. */
export function baseTask({ task, fixed }: Contestant): Task {
  return task(fixed.config);
}

function hasPart(task: Task, part: keyof TakenPairs): boolean {
  if (task.form !== 'pairs') return false;
  const data = task.data() as TakenPairs;
  return Boolean(data[part]);
}

/** Of a trial. */
export function taskOf(
  contestants: readonly Contestant[],
  { model, settings }: Pick<TrialJob, 'model' | 'settings'>,
): Task {
  return contestants.find((each) => each.model === model)!.task(settings.config);
}
