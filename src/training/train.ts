/** Trains any model: fits it, or runs its pretraining stages and then itself. */
import { DeepTasteError } from '../core/errors.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Progress } from '../core/progress.ts';
import { RandomStream } from '../core/random.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { findModel } from '../models/index.ts';
import type { GradientModel, Model } from '../models/model.ts';
import type { Scorer } from '../models/scoring.ts';
import { type Checkpoint, type EpochRecord, joinTensors, tensorsUnder } from './checkpoint.ts';
import type { CutOff } from './cut-off.ts';
import { finishCheckpoint } from './finish-checkpoint.ts';
import { resolveTraining, type TrainingOptions } from './options.ts';
import { acceptCheckpoint } from './run-identity.ts';
import { type StageProgress, type TrainingData, trainStage } from './train-stage.ts';

export interface TrainRequest {
  readonly engine: Engine;
  readonly model: Model;
  /** Parsed options of the model. */
  readonly config: unknown;
  /** Resolved training settings; null for fitted models, which have none. */
  readonly training: TrainingOptions | null;
  readonly data: TrainingData;
  readonly seed: number;
  readonly progress: Progress;
  readonly validate?: (scorer: Scorer) => number;
  /** Names the run: data, model, settings, seed. */
  readonly fingerprint: string;
  readonly onCheckpoint?: (checkpoint: Checkpoint) => Promise<void>;
  readonly onEpoch?: (record: EpochRecord) => void;
  readonly resume?: Checkpoint | null;
  /** Train no further: end with the best weights of `resume`. */
  readonly finish?: boolean;
  /** Asks for a profile of some steps of each stage. */
  readonly onProfile?: (profile: PlanProfile, model: string) => void;
  readonly signal?: AbortSignal;
}

export interface TrainOutcome {
  readonly weights: NamedTensors;
  readonly log: readonly EpochRecord[];
  /** Epoch (from 1) whose weights were kept; 0 for fitted models. */
  readonly bestEpoch: number;
  readonly bestValidation: number | null;
  /** Set when the epochs ran out while validation was still rising. */
  readonly cutOff: CutOff | null;
  /** Where training stood when it was ended by hand. */
  readonly finishedAt?: string;
  /** Time of the training that a checkpoint is from. */
  readonly trainedSeconds?: number;
}

interface StagePlan {
  readonly model: GradientModel;
  readonly config: unknown;
  readonly training: TrainingOptions;
  readonly start: NamedTensors | undefined;
}

export async function trainModel(request: TrainRequest): Promise<TrainOutcome> {
  const { model, config, data, engine, seed, progress } = request;
  if (model.kind === 'fitted') {
    const task = progress.start(`fitting ${model.title}`);
    const random = new RandomStream(seed, model.name);
    const weights = await model.fit(data.rows, data.sizes, config, { engine, random, progress, values: data.values });
    task.end();
    return { weights, log: [], bestEpoch: 0, bestValidation: null, cutOff: null };
  }
  const { resume, finish } = request;
  if (resume && finish) {
    const stages = model.pretraining?.(config).length ?? 0;
    return finishCheckpoint(resume, request.fingerprint, request.training as TrainingOptions, stages);
  }
  if (resume) acceptCheckpoint(resume, request.fingerprint, progress);
  return trainStages(request, model);
}

async function trainStages(request: TrainRequest, model: GradientModel): Promise<TrainOutcome> {
  const pretraining = model.pretraining?.(request.config) ?? [];
  const finished: NamedTensors[] = [];
  let log: readonly EpochRecord[] = [];
  const stagesDone = request.resume?.progress.stagesDone ?? 0;
  for (let n = 0; n <= pretraining.length; n++) {
    if (n < stagesDone) {
      finished.push(tensorsUnder((request.resume as Checkpoint).tensors, `stage${n}`));
      continue;
    }
    const stage =
      n < pretraining.length ? pretrainingStage(request, pretraining[n]) : finalStage(request, model, finished);
    const resumed = request.resume && n === stagesDone ? request.resume : null;
    const before = resumed ? resumed.progress.log.slice(0, resumed.progress.log.length - ownRecords(resumed)) : log;
    const result = await runStage(request, stage, n, finished, before, resumed);
    log = [...before, ...result.progress.log];
    finished.push(result.weights);
    if (n === pretraining.length)
      return {
        weights: result.weights,
        log,
        bestEpoch: result.keptEpoch,
        bestValidation: result.progress.bestValidation,
        cutOff: result.cutOff,
      };
  }
  throw new DeepTasteError('config', `training: ${model.name} has no stage`);
}

/** How many records at the end of a checkpoint's log belong to the stage under way. */
function ownRecords({ progress }: Checkpoint): number {
  return progress.epochsDone;
}

async function runStage(
  request: TrainRequest,
  stage: StagePlan,
  n: number,
  finished: readonly NamedTensors[],
  before: readonly EpochRecord[],
  resumed: Checkpoint | null,
) {
  const { engine, data, seed, progress, validate, onCheckpoint, onEpoch, onProfile, fingerprint, signal } = request;
  const stages = Object.fromEntries(finished.map((weights, k) => [`stage${k}`, weights]));
  const own = resumed ? resumed.progress.log.slice(before.length) : [];
  return trainStage({
    engine,
    model: stage.model,
    config: stage.config,
    training: stage.training,
    data,
    random: new RandomStream(seed, n === 0 ? stage.model.name : `${stage.model.name}/stage${n}`),
    progress,
    start: stage.start,
    validate,
    signal,
    onProfile: onProfile && ((profile) => onProfile(profile, stage.model.title)),
    resume: resumed ? { progress: { ...resumed.progress, log: own }, tensors: resumed.tensors } : undefined,
    onEpoch: async (state: StageProgress, tensors) => {
      onEpoch?.(state.log[state.log.length - 1]);
      await onCheckpoint?.({
        fingerprint,
        progress: { ...state, stagesDone: n, log: [...before, ...state.log] },
        tensors: new Map([...tensors(), ...joinTensors(stages)]),
      });
    },
  });
}

/** The run's own settings, except for what the stage says itself (epochs, optimizer and its learning rate). */
function pretrainingStage(
  request: TrainRequest,
  stage: { readonly model: string; readonly config: unknown; readonly training: object },
): StagePlan {
  const model = findModel(stage.model) as GradientModel;
  const training = resolveTraining(request.training as TrainingOptions, stage.training);
  return { model, config: model.options.parse(stage.config), training, start: undefined };
}

function finalStage(request: TrainRequest, model: GradientModel, finished: readonly NamedTensors[]): StagePlan {
  const training = request.training as TrainingOptions;
  if (finished.length === 0 || !model.fuse) return { model, config: request.config, training, start: undefined };
  const fused = model.fuse(request.config, finished);
  return {
    model,
    config: request.config,
    training: resolveTraining(training, fused.training),
    start: fused.weights,
  };
}
