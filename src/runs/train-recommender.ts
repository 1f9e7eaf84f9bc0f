/** One run of a model of users and items: train it on a split, measure it, make it a recommender. */
import { callParts, checkCall, trainingHooks } from '../core/call-checks.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import { continuedSplit } from '../data/continued/continued-split.ts';
import type { Split } from '../data/dataset.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import { findModelOf } from '../models/index.ts';
import type { Recommender } from '../recommender/recommender.ts';
import { rankingTask } from '../tasks/ranking.ts';
import type { RunSettings } from '../tasks/ranking-settings.ts';
import { usesRatings } from '../tasks/ratings-note.ts';
import type { TrainingHooks } from '../training/train.ts';
import { type Run, type TrainRunOptions, trainRun, trainForUse as useRun } from './train-run.ts';

export interface TrainOptions extends TrainingHooks {
  readonly engine: Engine;
  readonly split: Split;
  readonly settings: Pick<RunSettings, 'model' | 'config' | 'training' | 'refit' | 'evaluation' | 'seed'> & {
    readonly task?: RunSettings['task'];
    /** Train anew on all rows after the measurement; true by default. */
    readonly final?: boolean;
  };
  readonly progress?: Progress;
  /** A recommender from which training goes on with the rows of the split: see docs/going-on.md. */
  readonly from?: Recommender;
  /** Is given the run whenever there is something to lose: trained before it is measured, measured before it is trained anew. */
  readonly keep?: (run: TrainedRun) => Promise<void>;
}

/** `result` is null when the split has no test part, or nobody is to be evaluated. */
export type TrainedRun = Run<EvaluationResult>;

const trainParts = {
  engine: callParts.engine,
  split: callParts.split,
  settings: callParts.settings,
  ...trainingHooks,
  from: callParts.recommender,
} satisfies Record<keyof TrainOptions, unknown>;

/** @throws DeepTasteError `usage`: a wrong call; `config`: an option; `data`: nothing to train on; `numeric`: a loss that is not finite */
export async function trainRecommender(options: TrainOptions): Promise<TrainedRun> {
  checkCall('trainRecommender', options, trainParts);
  return trainRun(runOptions(options));
}

/** The recommender for use of a run that only measured. */
export function trainForUse(
  options: TrainOptions,
  run: Pick<TrainedRun, 'measured' | 'log' | 'bestEpoch'>,
): Promise<Recommender> {
  return useRun(runOptions(options), run);
}

function runOptions({
  split: given,
  settings,
  from,
  ...hooks
}: TrainOptions): TrainRunOptions<'pairs', EvaluationResult> {
  const split = from ? continuedSplit(given, from.parts) : given;
  const { model, config, training, refit, final, evaluation, seed } = settings;
  if (settings.task === 'rating')
    throw new DeepTasteError(
      'config',
      'trainRecommender: the task of the settings must be ranking, found rating; leave it out, or call trainRatingRecommender',
      { key: 'task' },
    );
  const ratings = usesRatings({ model, config: { ...from?.parts.info.model.config, ...config } });
  const isFitted = findModelOf('pairs', model).learn.by === 'solver';
  const task = rankingTask(split, { evaluation, seed, usesRatings: ratings, isFitted }, model);
  return { ...hooks, from: from?.parts, task, model, config, training, refit, final, seed };
}
