/** Epoch after epoch of any step plan: slices that leave room for the event loop, early stopping, the best weights. */
import { setImmediate } from 'node:timers/promises';
import { DeepTasteError } from '../core/errors.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Progress } from '../core/progress.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import type { StepPlan } from '../engine/plan/step-plan.ts';
import type { EpochRecord, TrainingProgress } from './checkpoint.ts';
import { type CutOff, cutOffOf } from './cut-off.ts';
import { DurationEstimate } from './duration-estimate.ts';

export type StageProgress = Omit<TrainingProgress, 'stagesDone'>;

export interface EpochLoopOptions {
  /** Key and title of the model, for the log and the progress. */
  readonly name: string;
  readonly title: string;
  readonly plan: StepPlan;
  /** Rows of an epoch. */
  readonly rows: number;
  readonly training: {
    readonly epochs: number;
    readonly evaluateEvery: number;
    readonly patience: number;
    readonly keepBest: boolean;
    /** By how much a validation must exceed the best one to count as a gain; default 0. */
    readonly minGain?: number;
    /** Multiplies the learning rate after each look without gain; default 1. */
    readonly plateauFactor?: number;
  };
  readonly progress: Progress;
  /** Copies of the present weights. */
  readonly weights: () => NamedTensors;
  /** Validation metric of the present weights, higher is better. Never the test part. */
  readonly validate?: () => number;
  /** Called after every epoch with the state from which the loop can go on. */
  readonly onEpoch?: (progress: StageProgress, best: NamedTensors | null) => Promise<void>;
  /** Where to go on. */
  readonly resume?: { readonly progress: StageProgress; readonly best: NamedTensors | null };
  /** Asks for a profile of some steps; called once, with what was found. */
  readonly onProfile?: (profile: PlanProfile) => void;
  readonly signal?: AbortSignal;
}

export interface EpochLoopResult {
  /** The best weights when there was a validation and they are kept, else the last ones. */
  readonly weights: NamedTensors;
  /** Epoch (from 1) that they are of. */
  readonly keptEpoch: number;
  readonly progress: StageProgress;
  /** Set when the epochs ran out while validation was still rising. */
  readonly cutOff: CutOff | null;
}

/** Steps of a profile. */
export const PROFILED_STEPS = 50;
/** The step at which a profile begins: the middle of an epoch of so many steps. */
export const profileStart = (steps: number): number => Math.max(0, Math.ceil(steps / 2) - 1);
/** Work between two looks at the event loop, ms. */
const SLICE_MS = 100;

/** @throws 'numeric' when a loss or a weight is not finite, 'usage' when interrupted */
export async function runEpochs(options: EpochLoopOptions): Promise<EpochLoopResult> {
  const { training, progress, title, rows, plan, validate, resume, onEpoch } = options;
  const { minGain = 0, plateauFactor = 1 } = training;
  let state: StageProgress = resume?.progress ?? {
    epochsDone: 0,
    bestValidation: null,
    bestEpoch: 0,
    looksWithoutGain: 0,
    log: [],
  };
  let best = resume?.best ?? null;
  const firstEpoch = state.log.length;
  const isDone = () => validate !== undefined && training.patience > 0 && state.looksWithoutGain >= training.patience;
  const task = progress.start(`training ${title}`, training.epochs * rows, 'examples');
  const estimate = new DurationEstimate({
    progress,
    epochs: training.epochs - state.epochsDone,
    rows,
    unit: 'examples',
    looks: validate ? looksLeft(training, state.epochsDone) : 0,
    canStopEarly: validate !== undefined && training.patience > 0,
  });
  while (state.epochsDone < training.epochs && !isDone()) {
    const epoch = state.epochsDone;
    plan.setRateFactor(plateauFactor ** looksWithoutGain(state.log, minGain));
    const isFirst = state.log.length === firstEpoch;
    const { loss, seconds } = await runEpoch(options, epoch, isFirst, estimate, (done) =>
      task.update(epoch * rows + done),
    );
    const isDue = (epoch + 1) % training.evaluateEvery === 0 || epoch + 1 === training.epochs;
    const looked = performance.now();
    const validation = validate && isDue ? validate() : null;
    if (validation !== null) estimate.looked((performance.now() - looked) / 1000);
    const bar = state.bestValidation === null ? Number.NEGATIVE_INFINITY : state.bestValidation + minGain;
    if (validation !== null && validation > bar) {
      best = options.weights();
      state = { ...state, bestValidation: validation, bestEpoch: epoch + 1, looksWithoutGain: 0 };
    } else if (validation !== null) state = { ...state, looksWithoutGain: state.looksWithoutGain + 1 };
    const examplesPerSecond = rows / seconds;
    const record: EpochRecord = { model: options.name, epoch: epoch + 1, loss, validation, seconds, examplesPerSecond };
    state = { ...state, epochsDone: epoch + 1, log: [...state.log, record] };
    task.update((epoch + 1) * rows, describe(record, training.epochs));
    await onEpoch?.(state, best);
  }
  const kept = training.keepBest ? best : null;
  const told = kept ? `, kept epoch ${state.bestEpoch} (validation ${state.bestValidation?.toFixed(4)})` : '';
  task.end(`${state.epochsDone} epochs${told}`);
  const weights = kept ?? options.weights();
  checkFinite(weights);
  const keptEpoch = kept ? state.bestEpoch : state.epochsDone;
  return { weights, keptEpoch, progress: state, cutOff: cutOffOf(state.log, training.epochs, state.bestEpoch) };
}

/** How often the validation metric will be looked at, at most. */
export function looksLeft(
  { epochs, evaluateEvery }: { readonly epochs: number; readonly evaluateEvery: number },
  epochsDone: number,
): number {
  return Math.ceil(epochs / evaluateEvery) - Math.floor(epochsDone / evaluateEvery);
}

/** Looks of the whole log that found no better value than those before; so a resumed run knows its learning rate. */
function looksWithoutGain(log: readonly EpochRecord[], minGain: number): number {
  let best = Number.NEGATIVE_INFINITY;
  let looks = 0;
  for (const { validation } of log) {
    if (validation === null) continue;
    if (validation > best + minGain) best = validation;
    else looks++;
  }
  return looks;
}

/** One epoch; its mean loss and time. */
async function runEpoch(
  options: EpochLoopOptions,
  epoch: number,
  isFirst: boolean,
  estimate: DurationEstimate,
  report: (rows: number) => void,
) {
  const { plan, rows, signal } = options;
  // a profile begins when the code is warm: in the middle of the first epoch that runs
  let onProfile = isFirst ? options.onProfile : undefined;
  const started = performance.now();
  const steps = plan.stepsPerEpoch;
  let lossSum = 0;
  let slice = 8;
  for (let step = 0; step < steps; ) {
    const isProfiled = onProfile !== undefined && step >= profileStart(steps);
    const until = onProfile && !isProfiled ? profileStart(steps) : steps;
    const count = Math.min(isProfiled ? PROFILED_STEPS : slice, until - step);
    const sliceStarted = performance.now();
    if (isProfiled) {
      const { result, profile } = plan.profile(epoch, step, count);
      lossSum += result.lossSum;
      onProfile?.(profile);
      onProfile = undefined;
    } else lossSum += plan.run(epoch, step, count).lossSum;
    step += count;
    const ms = performance.now() - sliceStarted;
    slice = Math.max(1, Math.min(4096, Math.round((count * SLICE_MS) / Math.max(ms, 1))));
    estimate.ran((count / steps) * rows, ms / 1000, !isFirst || step > count);
    report(Math.round((step / steps) * rows));
    await setImmediate();
    if (signal?.aborted) throw new DeepTasteError('usage', 'training: interrupted');
  }
  return { loss: lossSum / rows, seconds: (performance.now() - started) / 1000 };
}

/** Losses are checked before each update; this is for what the last update did. */
function checkFinite(weights: NamedTensors): void {
  for (const [name, { data }] of weights)
    if (!data.every(Number.isFinite))
      throw new DeepTasteError(
        'numeric',
        `training: the weights must be finite, found NaN or infinity in "${name}" after the last step ` +
          '(lower the learning rate, or clip gradients with optimizer.clipNorm)',
        { parameter: name },
      );
}

function describe({ epoch, loss, validation }: EpochRecord, epochs: number): string {
  const metric = validation === null ? '' : `  validation ${validation.toFixed(4)}`;
  return `epoch ${epoch}/${epochs}  loss ${loss.toFixed(4)}${metric}`;
}
