/** One run of a model of users and items that predicts ratings: train it on a split, measure it, make it a recommender. */
import { callParts, checkCall, trainingHooks } from '../core/call-checks.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import type { Split } from '../data/dataset.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { RowResult } from '../evaluation/result.ts';
import { type RunSettings, taskOfRun } from '../tasks/ranking-settings.ts';
import { ratingTask } from '../tasks/rating.ts';
import type { TrainingHooks } from '../training/train.ts';
import { type Run, trainRun } from './train-run.ts';

export interface TrainRatingsOptions extends TrainingHooks {
  readonly engine: Engine;
  /** Made for ratings: `await prepareSplit(settings, undefined, 'examples')` keeps rows that repeat a pair. */
  readonly split: Split;
  readonly settings: Pick<RunSettings, 'model' | 'task' | 'config' | 'training' | 'refit' | 'evaluation' | 'seed'> & {
    /** Train anew on all rows after the measurement; true by default. */
    readonly final?: boolean;
  };
  readonly progress?: Progress;
  /** Is given the run whenever there is something to lose: trained before it is measured, measured before it is trained anew. */
  readonly keep?: (run: RatingRun) => Promise<void>;
}

/** `result` is null when the split has no test part, or nothing is to be evaluated. */
export type RatingRun = Run<RowResult>;

const trainParts = {
  engine: callParts.engine,
  split: callParts.split,
  settings: callParts.settings,
  ...trainingHooks,
} satisfies Record<keyof TrainRatingsOptions, unknown>;

/** @throws DeepTasteError `usage`: a wrong call; `config`: an option, another task; `data`: no ratings; `numeric`: a loss that is not finite */
export async function trainRatingRecommender(options: TrainRatingsOptions): Promise<RatingRun> {
  checkCall('trainRatingRecommender', options, trainParts);
  const { split, settings, ...hooks } = options;
  const { model, config, training, refit, final, evaluation, seed } = settings;
  const asked = taskOfRun(settings);
  if (asked !== 'rating')
    throw new DeepTasteError(
      'config',
      `trainRatingRecommender: the task of the settings must be rating, found ${asked}; say task: 'rating', or call trainRecommender`,
      { key: 'task' },
    );
  const task = ratingTask(split, { evaluation, seed }, model);
  return trainRun({ ...hooks, task, model, config, training, refit, final, seed });
}
