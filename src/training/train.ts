/** Trains any model: by its solver, or by gradients, its pretraining stages first. */
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Progress } from '../core/progress.ts';
import { RandomStream } from '../core/random.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Form, Forms } from '../examples/forms.ts';
import { checkMemory, tellMemory, withFactorAdvice } from '../examples/memory-estimate.ts';
import type { Gradients, Model } from '../examples/model.ts';
import type { OpenExamples } from '../examples/open-examples.ts';
import { overDefaults } from '../examples/settings.ts';
import { type EpochSettings, stoppingSettings } from '../examples/stopping.ts';
import { findModelOf, modelForTask } from '../models/index.ts';
import { type Checkpoint, type EpochRecord, joinTensors, tensorsUnder } from './checkpoint.ts';
import { type EpochLoopResult, runEpochs } from './epochs.ts';
import { finishCheckpoint } from './finish-checkpoint.ts';
import { acceptCheckpoint } from './run-identity.ts';
import { type StartWeights, writeStartWeights } from './start-weights.ts';
import type { TrainOutcome } from './train-outcome.ts';

/** What can be asked of a training that goes on for epochs. */
export interface TrainingHooks {
  readonly onEpoch?: (record: EpochRecord) => void;
  /** Called before the first step of each epoch (from 0) with the examples as they are open; must not change them. */
  readonly onEpochStart?: (epoch: number, examples: OpenExamples) => void;
  readonly onCheckpoint?: (checkpoint: Checkpoint) => Promise<void>;
  /** Steps between two checkpoints within an epoch; absent or 0 = as the time says. */
  readonly checkpointSteps?: number;
  /** Least time between two checkpoints within an epoch; absent or 0 = only after epochs, and when interrupted. */
  readonly checkpointSeconds?: number;
  readonly resume?: Checkpoint | null;
  /** Train no further: end with the best weights of `resume`. */
  readonly finish?: boolean;
  /** Asked between epochs, those of pretraining stages not among them; true = ends here for now, with its best weights so far. */
  readonly pause?: (record: EpochRecord) => boolean;
  /** Asks for a profile of some training steps of each stage. */
  readonly onProfile?: (profile: PlanProfile, model: string) => void;
  readonly signal?: AbortSignal;
}

export interface TrainRequest<F extends Form> extends TrainingHooks {
  readonly engine: Engine;
  readonly model: Model<unknown, F>;
  /** Parsed options of the model. */
  readonly config: unknown;
  /** Resolved training settings; null for models with a solver, which have none. */
  readonly training: EpochSettings | null;
  readonly data: Forms[F]['data'];
  readonly seed: number;
  readonly progress: Progress;
  /** Validation metric of the present weights, higher is better. Never the test part. */
  readonly validate?: (scorer: Forms[F]['scorer']) => number;
  /** A value of the validation metric for people; default: as it is. */
  readonly shownValidation?: (value: number) => string;
  /** Say how much memory is needed; whether the engine's holds it is looked at always. */
  readonly tellMemory?: boolean;
  /** Names the run: data, model, settings, seed. */
  readonly fingerprint: string;
  /** Weights of a saved recommender to go on from, without pretraining; models with a solver are fitted anew. */
  readonly start?: StartWeights;
}

interface Stage<F extends Form> {
  readonly model: Model<unknown, F>;
  readonly learn: Gradients<unknown, F>;
  readonly config: unknown;
  readonly training: EpochSettings;
  /** Start values instead of the declared ones, for some parameters or all. */
  readonly start?: NamedTensors;
}

/**
 * @throws 'data' for data that hold nothing to learn, 'config' for a checkpoint of another run, 'numeric' when a loss is not
 *   finite, 'usage' when interrupted
 */
export async function trainModel<F extends Form>(request: TrainRequest<F>): Promise<TrainOutcome> {
  const { model, config, data, engine, seed, progress, training, resume, fingerprint } = request;
  const { learn } = model;
  if (learn.by === 'solver' || training === null) {
    if (learn.by === 'gradients') throw new Error('internal: a training by gradients needs settings');
    const memory = learn.memory(data, config, engine);
    if (request.tellMemory) tellMemory(memory, progress);
    checkMemory(memory);
    const task = progress.start(`fitting ${model.title}`);
    const random = new RandomStream(seed, `${model.streams}${model.name}`);
    const weights = await learn.fit(data, config, { engine, random, progress });
    task.end();
    return { weights, log: [], bestEpoch: 0, bestValidation: null, cutOff: null };
  }
  const pretraining = request.start ? [] : (learn.pretraining?.(config, training) ?? []);
  const stages = pretraining.map((stage) => pretrainingStage(model, training, stage));
  const kept = learn.kept?.(data, config) ?? new Map();
  const withKept = (outcome: TrainOutcome): TrainOutcome => ({
    ...outcome,
    weights: new Map([...outcome.weights, ...kept]),
  });
  if (resume && request.finish) return withKept(finishCheckpoint(resume, fingerprint, training, stages.length));
  if (resume) acceptCheckpoint(resume, fingerprint, progress);
  return withKept(await trainStages(request, stages, { model, learn, config, training }));
}

/**
 * The run's own settings, except for what the stage says itself (epochs, optimizer and its learning rate). A stage that is trained on
 * examples of another kind has the defaults of its model, and of the run's settings those that mean the same for every kind.
 */
function pretrainingStage<F extends Form>(
  { form, tasks, learn }: Model<unknown, F>,
  training: EpochSettings,
  stage: { readonly model: string; readonly config: unknown; readonly training: object },
): Stage<F> {
  const model = modelForTask(findModelOf(form, stage.model), tasks[0]);
  if (model.learn.by === 'solver') throw new Error(`internal: ${model.name} has no stage that could be trained first`);
  const isAlike = learn.by === 'gradients' && learn.examples === model.learn.examples;
  const settings = isAlike ? training : { ...model.learn.defaults, ...sharedSettings(training) };
  return {
    model,
    learn: model.learn,
    config: model.options.parse(stage.config),
    training: overDefaults(model.learn.examples, settings, stage.training),
  };
}

/** Batches and when training ends: what all kinds of examples call by the same names. */
function sharedSettings(training: object): object {
  const names = ['batchSize', ...Object.keys(stoppingSettings({}))];
  return Object.fromEntries(Object.entries(training).filter(([key]) => names.includes(key)));
}

async function trainStages<F extends Form>(
  request: TrainRequest<F>,
  pretraining: readonly Stage<F>[],
  last: Stage<F>,
): Promise<TrainOutcome> {
  checkStages(request, [...pretraining, last]);
  const { resume } = request;
  const stagesDone = resume?.progress.stagesDone ?? 0;
  const finished: NamedTensors[] = [];
  let log = resume ? resume.progress.log.slice(0, resume.progress.log.length - resume.progress.epochsDone) : [];
  for (const [n, stage] of pretraining.entries()) {
    if (resume && n < stagesDone) {
      finished.push(tensorsUnder(resume.tensors, `stage${n}`));
      continue;
    }
    const result = await runStage({ ...request, pause: undefined }, stage, n, finished, log);
    log = [...log, ...result.progress.log];
    finished.push(result.weights);
  }
  const result = await runStage(request, fused(request, last, finished), pretraining.length, finished, log);
  return {
    weights: result.weights,
    log: [...log, ...result.progress.log],
    bestEpoch: result.keptEpoch,
    bestValidation: result.progress.bestValidation,
    cutOff: result.cutOff,
  };
}

/** Whether there is memory for each stage, before the first one begins; tells what the largest takes. @throws 'memory' */
function checkStages<F extends Form>(request: TrainRequest<F>, stages: readonly Stage<F>[]): void {
  const { engine, data, progress, tellMemory: isTold } = request;
  const estimates = stages.map(({ learn, config, training }) => {
    const estimate = learn.memory({ engine, config, training, data });
    const { factors } = config as { readonly factors?: unknown };
    if (typeof factors !== 'number' || factors < 2) return estimate;
    const withFactors = (n: number) =>
      learn.memory({ engine, config: { ...(config as object), factors: n }, training, data });
    return withFactorAdvice(estimate, factors, withFactors);
  });
  if (isTold)
    tellMemory(
      estimates.reduce((most, each) => (each.total > most.total ? each : most)),
      progress,
    );
  for (const estimate of estimates) checkMemory(estimate);
}

/** Starts from the weights of the stages before, if there are any. */
function fused<F extends Form>(
  { data, progress }: TrainRequest<F>,
  stage: Stage<F>,
  finished: readonly NamedTensors[],
): Stage<F> {
  if (finished.length === 0 || !stage.learn.fuse) return stage;
  const { weights, training, notes = [] } = stage.learn.fuse(stage.config, finished, data);
  for (const note of notes) progress.log(note);
  const settings = training ? overDefaults(stage.learn.examples, stage.training, training) : stage.training;
  return { ...stage, training: settings, start: weights };
}

/** @param before records of the stages before */
async function runStage<F extends Form>(
  request: TrainRequest<F>,
  { model, learn, config, training, start }: Stage<F>,
  n: number,
  finished: readonly NamedTensors[],
  before: readonly EpochRecord[],
): Promise<EpochLoopResult> {
  const { engine, data, seed, progress, validate, shownValidation, fingerprint, resume } = request;
  const { onEpoch, onEpochStart, onCheckpoint, onProfile, checkpointSteps, checkpointSeconds, pause, signal } = request;
  const stages = joinTensors(Object.fromEntries(finished.map((weights, k) => [`stage${k}`, weights])));
  const isResumed = resume && resume.progress.stagesDone === n;
  const name = `${model.streams}${model.name}`;
  const random = new RandomStream(seed, n === 0 ? name : `${name}/stage${n}`);
  const examples = learn.open({ engine, config, training, data, random });
  try {
    if (request.start) writeStartWeights(examples.declared, examples.store, request.start);
    for (const [parameter, tensor] of start ?? []) examples.store.write(examples.store.named(parameter), tensor.data);
    return await runEpochs({
      name: model.name,
      title: model.title,
      examples,
      unit: learn.examples.unit,
      training,
      progress,
      validate,
      shownValidation,
      onEpoch,
      onEpochStart,
      onCheckpoint:
        onCheckpoint &&
        ((state, tensors) =>
          onCheckpoint({
            fingerprint,
            progress: { ...state, stagesDone: n, log: [...before, ...state.log] },
            tensors: new Map([...tensors, ...stages]),
          })),
      checkpointSteps,
      checkpointSeconds,
      resume: isResumed
        ? { progress: { ...resume.progress, log: resume.progress.log.slice(before.length) }, tensors: resume.tensors }
        : undefined,
      pause,
      onProfile: onProfile && ((profile) => onProfile(profile, model.title)),
      signal,
    });
  } finally {
    examples.free();
  }
}
