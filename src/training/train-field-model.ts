/** Trains a feature model, after its pretraining stages if it asks for some. */
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Progress } from '../core/progress.ts';
import { RandomStream } from '../core/random.ts';
import type { FieldExamples } from '../data/features/field-examples.ts';
import type { FieldLayout } from '../data/features/field-rows.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { FieldModel } from '../models/field-model.ts';
import { findFieldModel } from '../models/field-models.ts';
import { type Checkpoint, type EpochRecord, joinTensors, tensorsUnder } from './checkpoint.ts';
import type { FieldTrainingOptions } from './field-options.ts';
import { type FieldValidate, trainFieldStage } from './field-stage.ts';
import { finishCheckpoint } from './finish-checkpoint.ts';
import { acceptCheckpoint } from './run-identity.ts';
import type { TrainOutcome } from './train.ts';

export interface FieldTrainRequest {
  readonly engine: Engine;
  readonly model: FieldModel;
  /** Parsed options of the model. */
  readonly config: unknown;
  readonly training: FieldTrainingOptions;
  readonly layout: FieldLayout;
  readonly examples: FieldExamples;
  readonly seed: number;
  readonly progress: Progress;
  /** Validation metric from predictions of rows that are not in training, higher is better. */
  readonly validate?: FieldValidate;
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

interface StagePlan {
  readonly model: FieldModel;
  readonly config: unknown;
  readonly training: FieldTrainingOptions;
}

/**
 * @returns weights by name; a prediction needs no more (models/field-scoring.ts)
 * @throws 'config' for a checkpoint of another run, 'numeric' when a loss is not finite, 'usage' when interrupted
 */
export async function trainFieldModel(request: FieldTrainRequest): Promise<TrainOutcome> {
  const { resume, finish, fingerprint, model, config, progress } = request;
  const stages = stagesOf(request);
  if (resume && finish) return finishCheckpoint(resume, fingerprint, request.training, stages.length - 1);
  if (resume) acceptCheckpoint(resume, fingerprint, progress);
  const finished: NamedTensors[] = [];
  const stagesDone = resume?.progress.stagesDone ?? 0;
  let log: readonly EpochRecord[] = [];
  for (const [n, stage] of stages.entries()) {
    if (resume && n < stagesDone) {
      finished.push(tensorsUnder(resume.tensors, `stage${n}`));
      continue;
    }
    const isLast = n === stages.length - 1;
    const resumed = resume && n === stagesDone ? resume : null;
    if (resumed) log = resumed.progress.log.slice(0, resumed.progress.log.length - resumed.progress.epochsDone);
    const start = isLast && finished.length > 0 ? model.fuse?.(config, finished) : undefined;
    const result = await runStage(request, stage, n, { finished, log, resumed, start });
    const { weights, keptEpoch: bestEpoch, cutOff } = result;
    log = [...log, ...result.progress.log];
    finished.push(weights);
    if (isLast) return { weights, log, bestEpoch, bestValidation: result.progress.bestValidation, cutOff };
  }
  throw new Error('internal: a model has no stage');
}

/** The pretraining stages, with the run's settings except for what they say themselves, then the model itself. */
function stagesOf({ model, config, training }: FieldTrainRequest): StagePlan[] {
  const before = (model.pretraining?.(config) ?? []).map((stage): StagePlan => {
    const first = findFieldModel(stage.model);
    const settings = {
      ...training,
      ...stage.training,
      optimizer: { ...training.optimizer, ...stage.training.optimizer },
    };
    return { model: first, config: first.options.parse(stage.config), training: settings };
  });
  return [...before, { model, config, training }];
}

interface StageState {
  readonly finished: readonly NamedTensors[];
  /** Records of the stages before. */
  readonly log: readonly EpochRecord[];
  readonly resumed: Checkpoint | null;
  readonly start: NamedTensors | undefined;
}

function runStage(request: FieldTrainRequest, stage: StagePlan, n: number, state: StageState) {
  const { finished, log, resumed, start } = state;
  const { seed, fingerprint, onCheckpoint, onEpoch, onProfile } = request;
  const stages = Object.fromEntries(finished.map((weights, k) => [`stage${k}`, weights]));
  const own = resumed ? { ...resumed.progress, log: resumed.progress.log.slice(log.length) } : null;
  return trainFieldStage({
    ...request,
    ...stage,
    random: new RandomStream(seed, n === 0 ? stage.model.name : `${stage.model.name}/stage${n}`),
    start,
    onProfile: onProfile && ((profile) => onProfile(profile, stage.model.title)),
    resume: resumed && own ? { progress: own, tensors: resumed.tensors } : undefined,
    onEpoch: async (progress, tensors) => {
      onEpoch?.(progress.log[progress.log.length - 1]);
      await onCheckpoint?.({
        fingerprint,
        progress: { ...progress, stagesDone: n, log: [...log, ...progress.log] },
        tensors: new Map([...tensors(), ...joinTensors(stages)]),
      });
    },
  });
}
