/** A study as a call of the library: the data are there, the models are named or chosen by what is asked of them. */
import type { z } from 'zod';
import { callParts, checkCall } from '../core/call-checks.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { Split } from '../data/dataset.ts';
import type { SequenceSplit } from '../data/sequences/sequence-data.ts';
import { parseMetric } from '../evaluation/metric-name.ts';
import type { TaskName } from '../examples/model.ts';
import { findModel } from '../models/index.ts';
import type { NextItemTaskOptions } from '../tasks/next-item.ts';
import type { FieldData } from '../tasks/prepare-fields.ts';
import type { RunSettings } from '../tasks/ranking-settings.ts';
import { ratingTask } from '../tasks/rating.ts';
import type { FieldRunSettings } from '../tasks/row-settings.ts';
import { rowsTask } from '../tasks/rows.ts';
import type { Task } from '../tasks/task.ts';
import { nextItemTaskOf, rankingTaskOf } from '../tasks/task-of-settings.ts';
import { autoModels } from './auto-models.ts';
import type { Contestant } from './contestants.ts';
import { addressOf, type TrialSettings } from './model-space.ts';
import type { SearchRanges } from './search-ranges.ts';
import { type TuneOptions, type TuneResult, tune } from './tune.ts';

/** A model to search, with what is fixed of it, and ranges instead of those that its options declare. */
export interface SearchedModel extends Partial<TrialSettings> {
  readonly model: string;
  /** By the name of the option: `factors`, `optimizer.l2`, `training.batchSize`. */
  readonly search?: SearchRanges;
}

interface SharedRequest extends Omit<TuneOptions, 'contestants' | 'trainers'> {
  /** Default: the models for what is asked. Baselines stand beside them in any case. */
  readonly models?: readonly (string | SearchedModel)[];
}

/** Models that rank for users, or predict their ratings. Trials are chosen by `evaluation.validationMetric`. */
export interface TuneRankingsRequest extends SharedRequest {
  readonly split: Split;
  readonly evaluation: RunSettings['evaluation'];
  readonly task?: 'ranking' | 'rating';
}

/** Models of sequences. */
export interface TuneSequencesRequest extends SharedRequest {
  readonly split: SequenceSplit;
  readonly evaluation?: NextItemTaskOptions['evaluation'];
}

/** Models over fields. */
export interface TuneFieldsRequest extends SharedRequest {
  readonly data: FieldData;
  /** Those by which the data were prepared. */
  readonly settings: Pick<FieldRunSettings, 'evaluation' | 'features'>;
}

export type TuneRequest = TuneRankingsRequest | TuneSequencesRequest | TuneFieldsRequest;

const shared = {
  engine: callParts.engine,
  models: callParts.some,
  budget: callParts.object,
  seed: callParts.some,
  out: callParts.text,
  resume: callParts.flag,
  deterministic: callParts.flag,
  sampler: callParts.object,
  halving: callParts.object,
  final: callParts.flag,
  progress: callParts.progress,
  signal: callParts.some,
  onTrial: callParts.method,
  onEpoch: callParts.method,
};

/**
 * Searches over models and their options by the validation part, and measures the winner once on the test part.
 * @throws DeepTasteError `usage`: a wrong call, a budget that is too small; `config`: an option, a range, a study of something else; `data`:
 *   no validation or test part, or no trial came to a value; `io`
 */
export async function tuneModels(request: TuneRequest): Promise<TuneResult> {
  const { data, split } = (request ?? {}) as { data?: object; split?: object };
  const own: Record<string, z.ZodType> = data
    ? { data: callParts.fieldData, settings: callParts.object }
    : split && 'whole' in split
      ? { split: callParts.sequenceSplit, evaluation: callParts.object }
      : { split: callParts.split, evaluation: callParts.evaluation, task: callParts.some };
  checkCall('tuneModels', request, { ...shared, ...own });
  const { engine, budget, seed, out, resume, deterministic, sampler, halving, final } = request;
  const { progress, signal, onTrial, onEpoch } = request;
  const contestants = contestantsOf(request);
  return tune({
    ...{ engine, budget, seed, out, resume, deterministic, sampler, halving, final },
    ...{ progress, signal, onTrial, onEpoch },
    contestants,
  });
}

function contestantsOf(request: TuneRequest): Contestant[] {
  const asked = askedOf(request);
  const searched = (request.models ?? autoModels[asked].searched).map((each) =>
    typeof each === 'string' ? { model: each } : each,
  );
  const names = searched.map(({ model }) => model);
  const baselines = autoModels[asked].baselines.filter((name) => !names.includes(name)).map((model) => ({ model }));
  const taskOf = tasksOf(request, asked);
  const contestant = (
    { model, config = {}, training = {}, search = {} }: SearchedModel,
    isSearched: boolean,
  ): Contestant => ({
    model,
    isSearched,
    fixed: { config, training },
    ranges: Object.fromEntries(Object.entries(search).map(([key, range]) => [addressOf(key), range])),
    task: (own) => taskOf(model, own),
  });
  return [...baselines.map((each) => contestant(each, false)), ...searched.map((each) => contestant(each, true))];
}

function askedOf(request: TuneRequest): TaskName {
  if ('data' in request) return 'click';
  if (isOfSequences(request)) return 'next-item';
  const { task = 'ranking' } = request as TuneRankingsRequest;
  if (task === 'ranking' || task === 'rating') return task;
  throw new DeepTasteError('usage', `tuneModels: "task" must be ranking or rating, found ${JSON.stringify(task)}`);
}

function isOfSequences(request: TuneRequest): request is TuneSequencesRequest {
  return 'split' in request && 'whole' in request.split;
}

type TaskOf = (model: string, config: object) => Task;

function tasksOf(request: TuneRequest, asked: TaskName): TaskOf {
  const { seed } = request;
  if ('data' in request) {
    const { data, settings } = request;
    const evaluation = measuring(data.evaluation);
    const own = {
      ...settings,
      evaluation: { ...settings.evaluation, ...evaluation } as FieldRunSettings['evaluation'],
      seed,
    };
    return () => rowsTask({ ...data, evaluation: { ...data.evaluation, ...evaluation } }, own);
  }
  if (isOfSequences(request)) {
    const { split, evaluation = {} } = request;
    const own = { ...evaluation, ...(evaluation.metrics && measuring({ validationMetric: 'mrr@20', ...evaluation })) };
    return (model) => nextItemTaskOf(split, { model, evaluation: own, seed });
  }
  const { split } = request;
  const evaluation = { ...request.evaluation, ...measuring(request.evaluation) };
  if (asked === 'rating') return (model) => ratingTask(split, { evaluation, seed }, findModel(model).name);
  return (model, config) => rankingTaskOf(split, { model, config: config as RunSettings['config'], evaluation, seed });
}

/** What is chosen by is measured, too, and leads. */
function measuring({
  metrics = [],
  validationMetric,
}: {
  readonly metrics?: readonly string[];
  readonly validationMetric: string;
}) {
  const chosen = parseMetric(validationMetric).name;
  const others = metrics.filter((each) => parseMetric(each).name !== chosen);
  return { metrics: [chosen, ...others], validationMetric: chosen };
}
