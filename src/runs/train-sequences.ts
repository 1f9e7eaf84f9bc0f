/** One run of a model of sequences: train it on a split, measure it, make it a recommender. */
import { callParts, checkCall, trainingHooks } from '../core/call-checks.ts';
import type { Progress } from '../core/progress.ts';
import type { SequenceSplit } from '../data/sequences/sequence-data.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import { findModelOf } from '../models/index.ts';
import type { Recommender } from '../recommender/recommender.ts';
import { continuedSequenceSplit, type NextItemTaskOptions, nextItemTask } from '../tasks/next-item.ts';
import type { TrainingHooks } from '../training/train.ts';
import { type Run, trainRun } from './train-run.ts';

export interface TrainSequencesOptions extends TrainingHooks {
  readonly engine: Engine;
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
  /** Train anew on all events after the measurement; true by default. */
  readonly final?: boolean;
  /** Is given the run whenever there is something to lose: trained before it is measured, measured before it is trained anew. */
  readonly keep?: (run: SequenceRun) => Promise<void>;
  readonly progress?: Progress;
  /** A recommender from which training goes on with the sequences of the split: see docs/going-on.md. */
  readonly from?: Recommender;
}

/** `result` is null when the split has no test part. */
export type SequenceRun = Run<EvaluationResult>;

const trainParts = {
  engine: callParts.engine,
  split: callParts.sequenceSplit,
  model: callParts.text,
  config: callParts.object,
  training: callParts.object,
  seed: callParts.some,
  evaluation: callParts.object,
  refit: callParts.flag,
  final: callParts.flag,
  ...trainingHooks,
  from: callParts.recommender,
} satisfies Record<keyof TrainSequencesOptions, unknown>;

/** @throws DeepTasteError `usage`: no such model, a wrong call; `config`: an option; `data`: nothing to evaluate */
export async function trainSequenceRecommender(options: TrainSequencesOptions): Promise<SequenceRun> {
  checkCall('trainSequenceRecommender', options, trainParts);
  const { split: given, evaluation = {}, config = {}, training = {}, seed = 1, from, ...more } = options;
  const split = from ? continuedSequenceSplit(given, from.parts) : given;
  const isFitted = findModelOf('sequences', options.model).learn.by === 'solver';
  const task = nextItemTask(split, { evaluation, seed, isFitted });
  return trainRun({ ...more, from: from?.parts, config, training, seed, task });
}
