/** The calls of the library that train: each makes the task of its data and settings, and the run is the one of all tasks. */
import { callParts, checkCall, trainingHooks } from '../core/call-checks.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import { continuedSplit } from '../data/continued/continued-split.ts';
import type { Split } from '../data/dataset.ts';
import type { SequenceSplit } from '../data/sequences/sequence-data.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import type { Result, RowResult } from '../evaluation/result.ts';
import { parseModelOptions } from '../examples/model-options.ts';
import { findModelOf } from '../models/index.ts';
import type { Recommender } from '../recommender/recommender.ts';
import { continuedSequenceSplit, type NextItemTaskOptions } from '../tasks/next-item.ts';
import { checkCrosses, continuedFieldData, type FieldData } from '../tasks/prepare-fields.ts';
import { type RunSettings, taskOfRun } from '../tasks/ranking-settings.ts';
import { ratingTask } from '../tasks/rating.ts';
import type { FieldRunSettings } from '../tasks/row-settings.ts';
import { rowsTask } from '../tasks/rows.ts';
import { nextItemTaskOf, rankingTaskOf } from '../tasks/task-of-settings.ts';
import type { TrainingHooks } from '../training/train.ts';
import { type Run, trainRun, trainForUse as trainRunForUse } from './train-run.ts';

/** What every training takes beside its data and settings. */
export interface TrainCall<R extends Result> extends TrainingHooks {
  readonly engine: Engine;
  readonly progress?: Progress;
  /** A recommender from which training goes on with the rows of the data: see docs/going-on.md. */
  readonly from?: Recommender;
  /** Is given the run whenever there is something to lose: trained before it is measured, measured before it is trained anew. */
  readonly keep?: (run: Run<R>) => Promise<void>;
}

type TrainSettings = Pick<RunSettings, 'model' | 'config' | 'training' | 'refit' | 'seed'> & Final;

interface Final {
  /** Train anew on all rows after the measurement; true by default. */
  readonly final?: boolean;
}

/** `result` is null when the split has no test part, or nobody is to be evaluated. */
export type TrainedRun = Run<EvaluationResult>;
/** Predicted rows, or ranked items. */
export type FieldRun = Run<Result>;
export type RatingRun = Run<RowResult>;
export type SequenceRun = Run<EvaluationResult>;

export interface TrainOptions extends TrainCall<EvaluationResult> {
  readonly split: Split;
  readonly settings: TrainSettings & Pick<RunSettings, 'evaluation'> & Partial<Pick<RunSettings, 'task'>>;
}

export interface TrainRatingsOptions extends TrainCall<RowResult> {
  /** Made for ratings: `await prepareSplit(settings, undefined, 'examples')` keeps rows that repeat a pair. */
  readonly split: Split;
  readonly settings: TrainSettings & Pick<RunSettings, 'evaluation' | 'task'>;
}

export interface TrainFieldsOptions extends TrainCall<Result> {
  readonly data: FieldData;
  readonly settings: TrainSettings & Pick<FieldRunSettings, 'evaluation' | 'features' | 'task'>;
}

export interface TrainSequencesOptions extends TrainCall<EvaluationResult>, Final {
  readonly split: SequenceSplit;
  /** Name of a model of sequences. */
  readonly model: string;
  /** Options of the model; what is not said has its default. */
  readonly config?: object;
  /** Settings of the training, for models that are trained by epochs. */
  readonly training?: object;
  readonly seed?: number;
  readonly evaluation?: NextItemTaskOptions['evaluation'];
  /** After the number of epochs is chosen on the validation part, train anew on training and validation part. */
  readonly refit?: boolean;
}

const hooks = { engine: callParts.engine, ...trainingHooks, from: callParts.recommender } satisfies Record<
  keyof TrainCall<Result>,
  unknown
>;
const ofSplit = { ...hooks, split: callParts.split, settings: callParts.settings };
const ofFields = { ...hooks, data: callParts.fieldData, settings: callParts.fieldSettings };
const ofSequences = {
  ...hooks,
  split: callParts.sequenceSplit,
  model: callParts.text,
  config: callParts.object,
  training: callParts.object,
  seed: callParts.some,
  evaluation: callParts.object,
  refit: callParts.flag,
  final: callParts.flag,
} satisfies Record<keyof TrainSequencesOptions, unknown>;

/**
 * A model of users and items that ranks.
 * @throws DeepTasteError `usage`: a wrong call; `config`: an option; `data`: nothing to train on; `numeric`: a loss that is not finite
 */
export async function trainRecommender(options: TrainOptions): Promise<TrainedRun> {
  checkCall('trainRecommender', options, ofSplit);
  return trainRun(rankingRun(options));
}

/** The recommender for use of a run that only measured. */
export function trainForUse(
  options: TrainOptions,
  run: Pick<TrainedRun, 'measured' | 'log' | 'bestEpoch'>,
): Promise<Recommender> {
  return trainRunForUse(rankingRun(options), run);
}

/**
 * A model of users and items that predicts ratings.
 * @throws DeepTasteError `usage`: a wrong call; `config`: an option, another task; `data`: no ratings; `numeric`: a loss that is not finite
 */
export async function trainRatingRecommender(options: TrainRatingsOptions): Promise<RatingRun> {
  checkCall('trainRatingRecommender', options, ofSplit);
  const { split, settings } = options;
  const asked = taskOfRun(settings);
  if (asked !== 'rating')
    throw new DeepTasteError(
      'config',
      `trainRatingRecommender: the task of the settings must be rating, found ${asked}; say task: 'rating', or call trainRecommender`,
      { key: 'task' },
    );
  return trainRun({ ...runOf(options), task: ratingTask(split, settings, settings.model) });
}

/**
 * A model over feature fields.
 * @throws DeepTasteError `config`: an option; `data`: labels or rows that do not fit; `numeric`: a loss that is not finite; `usage`: interrupted
 */
export async function trainFieldRecommender(options: TrainFieldsOptions): Promise<FieldRun> {
  checkCall('trainFieldRecommender', options, ofFields);
  const { data: given, settings, from } = options;
  const data = from ? continuedFieldData(given, settings, from.parts) : given;
  checkCrosses(settings.model, parseModelOptions(findModelOf('rows', settings.model), settings.config), data);
  return trainRun({ ...runOf(options), task: rowsTask(data, settings) });
}

/**
 * A model of sequences.
 * @throws DeepTasteError `usage`: no such model, a wrong call; `config`: an option; `data`: nothing to evaluate
 */
export async function trainSequenceRecommender(options: TrainSequencesOptions): Promise<SequenceRun> {
  checkCall('trainSequenceRecommender', options, ofSequences);
  const { split: given, from, model, config = {}, training = {}, evaluation = {}, seed = 1, ...more } = options;
  findModelOf('sequences', model);
  const split = from ? continuedSequenceSplit(given, from.parts) : given;
  const task = nextItemTaskOf(split, { model, evaluation, seed });
  return trainRun({ ...more, from: from?.parts, model, config, training, seed, task });
}

function rankingRun(options: TrainOptions) {
  const { split: given, settings, from } = options;
  const split = from ? continuedSplit(given, from.parts) : given;
  if (settings.task === 'rating')
    throw new DeepTasteError(
      'config',
      'trainRecommender: the task of the settings must be ranking, found rating; leave it out, or call trainRatingRecommender',
      { key: 'task' },
    );
  findModelOf('pairs', settings.model);
  const config = { ...from?.parts.info.model.config, ...settings.config };
  return { ...runOf(options), task: rankingTaskOf(split, { ...settings, config }) };
}

/** What a run is told beside its task. */
function runOf<C extends Pick<TrainCall<Result>, 'from'> & { readonly settings: TrainSettings }>({
  settings: { model, config, training, refit, final, seed },
  from,
  ...call
}: C) {
  return { ...call, from: from?.parts, model, config, training, refit, final, seed };
}
