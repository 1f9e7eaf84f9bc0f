/** Trains a model of sequences, whatever its kind: the one way in for runs. */
import type { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import type { Progress } from '../core/progress.ts';
import { RandomStream } from '../core/random.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { AttentionModel } from '../models/attention-model.ts';
import type { AnySequenceModel } from '../models/index.ts';
import type { SequenceModel } from '../models/model.ts';
import type { SequenceModel as RecurrentModel } from '../models/sequence-model.ts';
import type { SequenceScorer } from '../models/sequence-scorer.ts';
import { type AttentionTrainingOptions, attentionTrainingOptions } from './attention-options.ts';
import type { AnyCheckpoint, EpochRecord } from './checkpoint.ts';
import { type SequenceTrainingOptions, sequenceTrainingOptions } from './sequence-options.ts';
import type { TrainOutcome } from './train.ts';
import { type SequenceCheckpoint, trainSequences } from './train-sequences.ts';

/** What can be asked of a training that goes on for epochs. */
export interface EpochHooks {
  readonly onEpoch?: (record: EpochRecord) => void;
  readonly onCheckpoint?: (checkpoint: AnyCheckpoint) => Promise<void>;
  /** Least time between two checkpoints within an epoch; absent or 0 = only after epochs, and when interrupted. */
  readonly checkpointSeconds?: number;
  readonly resume?: AnyCheckpoint | null;
  /** Train no further: end with the best weights of `resume`. */
  readonly finish?: boolean;
  /** Asks for a profile of some training steps. */
  readonly onProfile?: (profile: PlanProfile, model: string) => void;
  readonly signal?: AbortSignal;
}

export interface SequenceTrainRequest extends EpochHooks {
  readonly engine: Engine;
  readonly model: AnySequenceModel;
  /** Parsed options of the model. */
  readonly config: unknown;
  /** Resolved training settings; null for models that are fitted, who have none. */
  readonly training: object | null;
  readonly sequences: Sequences;
  readonly seed: number;
  readonly progress: Progress;
  /** Names the run: data, model, settings, seed. */
  readonly fingerprint: string;
  /** Validation metric of the present weights, higher is better. Never the test part. */
  readonly validate?: (scorer: SequenceScorer) => number;
}

export interface SequenceTrainer {
  /** Schema of the training settings; null where nothing is trained by epochs. */
  readonly settings: z.ZodObject | null;
  readonly train: (request: SequenceTrainRequest) => Promise<TrainOutcome>;
}

/** How the models of each kind are trained. A kind that is trained by epochs stands here with its settings and its loop. */
export const sequenceTrainers: Record<AnySequenceModel['kind'], SequenceTrainer> = {
  sequence: { settings: null, train: fitSequences },
  recurrent: { settings: sequenceTrainingOptions, train: trainBySteps },
  attention: { settings: attentionTrainingOptions, train: trainBySteps },
};

/**
 * The settings of a model's training: explicit ones over the model's own defaults over the general ones; null for models that
 * are fitted.
 * @throws DeepTasteError `config`: an unknown key, a value out of its range, any setting for a model that is fitted
 */
export function sequenceTrainingOf(model: AnySequenceModel, given: object): object | null {
  const { settings } = sequenceTrainers[model.kind];
  if (settings) {
    const defaults = 'trainingDefaults' in model ? (model.trainingDefaults as object) : {};
    return parseOptions(settings, { ...defaults, ...given }, 'training settings');
  }
  if (Object.keys(given).length === 0) return null;
  throw new DeepTasteError(
    'config',
    `training: ${model.title} is fitted without epochs and takes no training settings (${Object.keys(given).join(', ')}); ` +
      'its own options go into config (--set)',
  );
}

export function trainSequenceModel(request: SequenceTrainRequest): Promise<TrainOutcome> {
  return sequenceTrainers[request.model.kind].train(request);
}

function trainBySteps(asked: SequenceTrainRequest): Promise<TrainOutcome> {
  const { model, seed, training, resume, onProfile, ...request } = asked;
  return trainSequences({
    ...request,
    model: model as RecurrentModel | AttentionModel,
    training: training as SequenceTrainingOptions | AttentionTrainingOptions,
    random: new RandomStream(seed, `models/${model.name}`),
    // its fingerprint is looked at before its progress
    resume: resume as SequenceCheckpoint | null | undefined,
    onProfile: onProfile && ((profile) => onProfile(profile, model.title)),
  });
}

async function fitSequences(request: SequenceTrainRequest): Promise<TrainOutcome> {
  const { sequences, config, engine, seed, progress } = request;
  const model = request.model as SequenceModel;
  const task = progress.start(`fitting ${model.title}`);
  const random = new RandomStream(seed, `models/${model.name}`);
  const weights = await model.fit(sequences, config, { engine, random, progress });
  task.end();
  return { weights, log: [], bestEpoch: 0, bestValidation: null, cutOff: null };
}
