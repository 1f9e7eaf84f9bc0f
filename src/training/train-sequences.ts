/** Trains a recurrent model, or one by self-attention, on sequences: epoch after epoch, with early stopping and checkpoints, also within an epoch. */
import { setImmediate } from 'node:timers/promises';
import { DeepTasteError } from '../core/errors.ts';
import { float32Tensor, type NamedTensor, type NamedTensors } from '../core/named-tensors.ts';
import type { Progress } from '../core/progress.ts';
import type { RandomStream } from '../core/random.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import type { StepResult } from '../engine/plan/step-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { AttentionModel } from '../models/attention-model.ts';
import { weightsOf } from '../models/scoring.ts';
import type { SequenceModel } from '../models/sequence-model.ts';
import type { SequenceScorer } from '../models/sequence-scorer.ts';
import type { AttentionTrainingOptions } from './attention-options.ts';
import { AttentionStep } from './attention-step.ts';
import { type EpochRecord, joinTensors, tensorsUnder } from './checkpoint.ts';
import { type CutOff, cutOffOf } from './cut-off.ts';
import { DurationEstimate, type DurationQuestion } from './duration-estimate.ts';
import { looksLeft, PROFILED_STEPS, profileStart } from './epoch-loop.ts';
import { finishCheckpoint } from './finish-checkpoint.ts';
import { acceptCheckpoint } from './run-identity.ts';
import type { SequenceTrainingOptions } from './sequence-options.ts';
import { SequenceStep } from './sequence-step.ts';
import type { SequenceSteps } from './sequence-steps.ts';

export interface SequenceProgress {
  readonly epochsDone: number;
  /** Steps of the epoch under way that are finished, and the sum of their rows' losses. */
  readonly stepsDone: number;
  readonly lossSum: number;
  readonly bestValidation: number | null;
  readonly bestEpoch: number;
  readonly looksWithoutGain: number;
  readonly log: readonly EpochRecord[];
}

/** The whole state of a run: going on from it gives the same bytes as never having stopped. */
export interface SequenceCheckpoint {
  readonly fingerprint: string;
  readonly progress: SequenceProgress;
  /** `weights/…`, `state/…`, `carried/…`, `best/…` */
  readonly tensors: NamedTensors;
  /** Where it was read from, for messages. */
  readonly origin?: string;
}

export interface SequenceTrainRequest<C = unknown> {
  readonly engine: Engine;
  readonly model: SequenceModel<C> | AttentionModel<C>;
  /** Parsed options of the model. */
  readonly config: C;
  /** Resolved settings of the model's kind. */
  readonly training: SequenceTrainingOptions | AttentionTrainingOptions;
  readonly sequences: Sequences;
  readonly random: RandomStream;
  readonly progress: Progress;
  /** Names the run: data, model, settings, seed. */
  readonly fingerprint: string;
  /** Validation metric of the present weights, higher is better. Never the test part. */
  readonly validate?: (scorer: SequenceScorer) => number | Promise<number>;
  readonly onEpoch?: (record: EpochRecord) => void;
  /**
   * Called after every epoch, when interrupted, and within epochs every `checkpointSteps` steps and after `checkpointSeconds`
   * where these are given.
   */
  readonly onCheckpoint?: (checkpoint: SequenceCheckpoint) => void | Promise<void>;
  readonly checkpointSteps?: number;
  readonly checkpointSeconds?: number;
  readonly resume?: SequenceCheckpoint | null;
  /** Train no further: end with the best weights of `resume`. */
  readonly finish?: boolean;
  /** Asks for a profile of some steps; called once, with what was found. */
  readonly onProfile?: (profile: PlanProfile) => void;
  readonly signal?: AbortSignal;
}

export interface SequenceTrainOutcome {
  readonly weights: NamedTensors;
  readonly log: readonly EpochRecord[];
  /** Epoch (from 1) whose weights were kept. */
  readonly bestEpoch: number;
  readonly bestValidation: number | null;
  /** Set when the epochs ran out while validation was still rising. */
  readonly cutOff: CutOff | null;
  /** Where training stood when it was ended by hand. */
  readonly finishedAt?: string;
  readonly trainedSeconds?: number;
}

const start: SequenceProgress = {
  epochsDone: 0,
  stepsDone: 0,
  lossSum: 0,
  bestValidation: null,
  bestEpoch: 0,
  looksWithoutGain: 0,
  log: [],
};

/** Work between two looks at the event loop, ms. */
const SLICE_MS = 100;

/**
 * @throws 'data' for sequences that hold nothing to learn, 'numeric' when a loss is not finite, 'config' for a checkpoint of
 *   another run, 'usage' when interrupted
 */
export async function trainSequences<C>(request: SequenceTrainRequest<C>): Promise<SequenceTrainOutcome> {
  const { resume, finish, fingerprint, training } = request;
  if (resume && finish) return finishCheckpoint(resume, fingerprint, training, 0);
  const run = new SequenceRun(request as unknown as SequenceTrainRequest);
  try {
    return await run.run();
  } finally {
    run.free();
  }
}

class SequenceRun {
  readonly #request: SequenceTrainRequest;
  readonly #step: SequenceSteps;
  #best: NamedTensors | null = null;
  #progress = start;
  #isProfiled = false;
  #lastCheckpoint = performance.now();
  readonly #estimate: DurationEstimate;
  #isWarm = false;

  constructor(request: SequenceTrainRequest) {
    this.#request = request;
    const { resume, fingerprint, progress } = request;
    if (resume) acceptCheckpoint(resume, fingerprint, progress);
    this.#step = stepsOf(request);
    if (resume) this.#restore(resume);
    this.#estimate = new DurationEstimate(this.#durationQuestion());
  }

  #durationQuestion(): DurationQuestion {
    const { progress, training, validate } = this.#request;
    const { epochsDone } = this.#progress;
    return {
      progress,
      epochs: training.epochs - epochsDone,
      rows: this.#step.nRows,
      unit: 'events',
      looks: validate ? looksLeft(training, epochsDone) : 0,
      canStopEarly: validate !== undefined && training.patience > 0,
    };
  }

  #restore({ progress, tensors }: SequenceCheckpoint): void {
    const { plan, store } = this.#step;
    this.#progress = progress;
    for (const [name, { data }] of tensorsUnder(tensors, 'weights')) store.write(store.named(name), data);
    const state = tensorsUnder(tensors, 'state');
    plan.state.write(new Map([...state].map(([name, { data }]) => [name, data as Float32Array])));
    const carried = tensorsUnder(tensors, 'carried');
    plan.writeCarried([...carried.keys()].map((name) => float32Tensor(carried, name, [-1])));
    const best = tensorsUnder(tensors, 'best');
    if (best.size > 0) this.#best = best;
    this.#step.skipTo(progress.stepsDone);
  }

  async run(): Promise<SequenceTrainOutcome> {
    const { training, model, progress, onEpoch } = this.#request;
    const { nRows, nSkipped } = this.#step;
    if (nSkipped > 0)
      progress.log(`${nSkipped} training sequences have fewer than two events: nothing can be learned from them`);
    const task = progress.start(`training ${model.title}`, training.epochs * nRows, 'events');
    while (this.#progress.epochsDone < training.epochs && !this.#shouldStop()) {
      const epoch = this.#progress.epochsDone;
      const started = performance.now();
      const rowsBefore = this.#progress.stepsDone;
      await this.#runEpoch(epoch, (share) => task.update(Math.round((epoch + share) * nRows)));
      const seconds = (performance.now() - started) / 1000;
      const loss = this.#progress.lossSum / nRows;
      const validation = await this.#look(epoch);
      const share = 1 - rowsBefore / this.#step.stepsPerEpoch;
      const examplesPerSecond = (share * nRows) / seconds;
      const record = { model: model.name, epoch: epoch + 1, loss, validation, seconds, examplesPerSecond };
      this.#progress = {
        ...this.#progress,
        epochsDone: epoch + 1,
        stepsDone: 0,
        lossSum: 0,
        log: [...this.#progress.log, record],
      };
      task.update((epoch + 1) * nRows, describe(record, training.epochs));
      onEpoch?.(record);
      await this.#checkpoint();
    }
    const { bestEpoch, bestValidation, epochsDone, log } = this.#progress;
    const isBestKept = this.#best !== null && training.keepBest;
    task.end(`${epochsDone} epochs${isBestKept ? `, kept epoch ${bestEpoch}` : ''}`);
    const weights = isBestKept ? (this.#best as NamedTensors) : this.#weights();
    checkFinite(weights);
    const cutOff = cutOffOf(log, training.epochs, bestEpoch);
    return { weights, log, bestEpoch: isBestKept ? bestEpoch : epochsDone, bestValidation, cutOff };
  }

  #shouldStop(): boolean {
    const { patience } = this.#request.training;
    return this.#request.validate !== undefined && patience > 0 && this.#progress.looksWithoutGain >= patience;
  }

  async #runEpoch(epoch: number, report: (share: number) => void): Promise<void> {
    const { stepsPerEpoch } = this.#step;
    const { checkpointSteps = 0, signal } = this.#request;
    let slice = 64;
    while (this.#progress.stepsDone < stepsPerEpoch) {
      const { stepsDone, lossSum } = this.#progress;
      const untilCheckpoint = checkpointSteps > 0 ? checkpointSteps - (stepsDone % checkpointSteps) : slice;
      const started = performance.now();
      const result = this.#runSlice(epoch, stepsDone, Math.min(slice, untilCheckpoint));
      const ms = performance.now() - started;
      slice = Math.max(1, Math.round((result.steps * SLICE_MS) / Math.max(ms, 1)));
      this.#estimate.ran((result.steps / stepsPerEpoch) * this.#step.nRows, ms / 1000, this.#isWarm);
      this.#isWarm = true;
      const done = stepsDone + result.steps;
      this.#progress = { ...this.#progress, stepsDone: done, lossSum: lossSum + result.lossSum };
      report(done / stepsPerEpoch);
      if (done < stepsPerEpoch && this.#isCheckpointDue(done)) await this.#checkpoint();
      await setImmediate();
      if (signal?.aborted) {
        if (done < stepsPerEpoch) await this.#checkpoint();
        throw new DeepTasteError('usage', 'training: interrupted');
      }
    }
    this.#step.restart();
  }

  /** The next steps; in the middle of the first epoch, when the code is warm, with a profile if one is asked for. */
  #runSlice(epoch: number, first: number, count: number): StepResult {
    const { onProfile } = this.#request;
    if (!onProfile || this.#isProfiled) return this.#step.run(epoch, first, count);
    const middle = profileStart(this.#step.stepsPerEpoch);
    if (first < middle) return this.#step.run(epoch, first, Math.min(count, middle - first));
    this.#isProfiled = true;
    const { result, profile } = this.#step.profile(epoch, first, Math.min(count, PROFILED_STEPS));
    onProfile(profile);
    return result;
  }

  /** Within an epoch. */
  #isCheckpointDue(stepsDone: number): boolean {
    const { checkpointSteps = 0, checkpointSeconds = 0 } = this.#request;
    if (checkpointSteps > 0 && stepsDone % checkpointSteps === 0) return true;
    return checkpointSeconds > 0 && performance.now() - this.#lastCheckpoint >= 1000 * checkpointSeconds;
  }

  /** The validation metric after an epoch when it is due; remembers the best weights. */
  async #look(epoch: number): Promise<number | null> {
    const { validate, training } = this.#request;
    const due = (epoch + 1) % training.evaluateEvery === 0 || epoch + 1 === training.epochs;
    if (!validate || !due) return null;
    const started = performance.now();
    const scorer = this.#step.scorer();
    const value = await validate(scorer);
    scorer.free();
    this.#estimate.looked((performance.now() - started) / 1000);
    const { bestValidation, looksWithoutGain } = this.#progress;
    if (bestValidation === null || value > bestValidation) {
      this.#best = this.#weights();
      this.#progress = { ...this.#progress, bestValidation: value, bestEpoch: epoch + 1, looksWithoutGain: 0 };
    } else this.#progress = { ...this.#progress, looksWithoutGain: looksWithoutGain + 1 };
    return value;
  }

  #weights(): NamedTensors {
    return weightsOf(this.#step.declared, this.#step.store);
  }

  async #checkpoint(): Promise<void> {
    const { onCheckpoint, fingerprint } = this.#request;
    if (!onCheckpoint) return;
    const { plan } = this.#step;
    const state = new Map(plan.state.read().map(({ name, shape, data }) => [name, { shape, data }]));
    const carried = plan
      .readCarried()
      .map((data, l): [string, NamedTensor] => [`state${l + 1}`, { shape: [data.length], data }]);
    const tensors = joinTensors({ weights: this.#weights(), state, carried: new Map(carried), best: this.#best });
    await onCheckpoint({ fingerprint, progress: this.#progress, tensors });
    this.#lastCheckpoint = performance.now();
  }

  free(): void {
    this.#step.free();
  }
}

/** The steps of the model's kind; the settings of the training are those of the kind. */
function stepsOf({ model, training, ...request }: SequenceTrainRequest): SequenceSteps {
  if (model.kind === 'recurrent')
    return new SequenceStep({ ...request, model, training: training as SequenceTrainingOptions });
  return new AttentionStep({ ...request, model, training: training as AttentionTrainingOptions });
}

/** Losses are checked before each update; this is for what the last update did. */
function checkFinite(weights: NamedTensors): void {
  for (const [name, { data }] of weights)
    if (!data.every(Number.isFinite))
      throw new DeepTasteError(
        'numeric',
        `training: the weights must be finite, found NaN or infinity in "${name}" after the last step (lower the learning rate)`,
        { parameter: name },
      );
}

function describe({ epoch, loss, validation }: EpochRecord, epochs: number): string {
  const metric = validation === null ? '' : `  validation ${validation.toFixed(4)}`;
  return `epoch ${epoch}/${epochs}  loss ${loss.toFixed(4)}${metric}`;
}
