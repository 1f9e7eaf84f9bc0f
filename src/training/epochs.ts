/**
 * The training loop: epoch after epoch of a model with its examples open, in slices that leave room for the event loop, with early
 * stopping, the best weights, a profile of some steps, and checkpoints after epochs and within them.
 */
import { setImmediate } from 'node:timers/promises';
import { DeepTasteError } from '../core/errors.ts';
import { float32Tensor, type NamedTensor, type NamedTensors } from '../core/named-tensors.ts';
import type { Progress } from '../core/progress.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import type { StepResult } from '../engine/plan/step-plan.ts';
import type { Form, Forms } from '../examples/forms.ts';
import type { OpenExamples } from '../examples/open-examples.ts';
import type { EpochSettings } from '../examples/stopping.ts';
import { weightsOf } from '../layers/declared-parameters.ts';
import { type EpochRecord, joinTensors, noProgress, type TrainingProgress, tensorsUnder } from './checkpoint.ts';
import { type CutOff, cutOffOf } from './cut-off.ts';
import { DurationEstimate } from './duration-estimate.ts';

/** Where a stage stands; its log holds its own epochs. */
export type StageProgress = Omit<TrainingProgress, 'stagesDone'>;

export interface EpochLoopOptions<F extends Form> {
  /** Key and title of the model, for the log and the progress. */
  readonly name: string;
  readonly title: string;
  readonly examples: OpenExamples<F>;
  /** What their rows are called: `examples`, `events`. */
  readonly unit: string;
  readonly training: EpochSettings;
  readonly progress: Progress;
  /** Validation metric of the present weights, higher is better. Never the test part. */
  readonly validate?: (scorer: Forms[F]['scorer']) => number;
  /** A value of the validation metric for people; default: as it is. */
  readonly shownValidation?: (value: number) => string;
  readonly onEpoch?: (record: EpochRecord) => void;
  readonly onEpochStart?: (epoch: number, examples: OpenExamples) => void;
  /**
   * Called after every epoch, when interrupted, and within epochs every `checkpointSteps` steps and after `checkpointSeconds`
   * where these are given, with the state from which the loop can go on.
   */
  readonly onCheckpoint?: (progress: StageProgress, tensors: NamedTensors) => Promise<void>;
  readonly checkpointSteps?: number;
  readonly checkpointSeconds?: number;
  /** Where to go on. */
  readonly resume?: { readonly progress: StageProgress; readonly tensors: NamedTensors };
  /**
   * Asked before every epoch but the first, with the record of the one before: true = training ends here for now, with its best weights
   * so far, and can go on from its checkpoint.
   */
  readonly pause?: (record: EpochRecord) => boolean;
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
const PROFILED_STEPS = 50;
/** The step at which a profile begins: the middle of an epoch of so many steps. */
const profileStart = (steps: number): number => Math.max(0, Math.ceil(steps / 2) - 1);
/** Work between two looks at the event loop, ms. */
const SLICE_MS = 100;
/** Steps of the first slice, before their duration is known, and of any. */
const SLICE_STEPS = { first: 8, most: 4096 };

/** @throws 'numeric' when a loss or a weight is not finite, 'usage' when interrupted */
export function runEpochs<F extends Form>(options: EpochLoopOptions<F>): Promise<EpochLoopResult> {
  return new EpochLoop(options).run();
}

class EpochLoop<F extends Form> {
  readonly #options: EpochLoopOptions<F>;
  readonly #estimate: DurationEstimate;
  #state: StageProgress = noProgress;
  #best: NamedTensors | null = null;
  #onProfile: ((profile: PlanProfile) => void) | undefined;
  /** False in the first slice, in which code is compiled. */
  #isWarm = false;
  #lastCheckpoint = performance.now();
  /** Validation of what is trained beside it, for the log alone. */
  #beside = '';

  constructor(options: EpochLoopOptions<F>) {
    this.#options = options;
    this.#onProfile = options.onProfile;
    if (options.resume) this.#restore(options.resume);
    const { progress, training, validate, examples, unit } = options;
    const { epochsDone } = this.#state;
    this.#estimate = new DurationEstimate({
      progress,
      epochs: training.epochs - epochsDone,
      rows: examples.nRows,
      unit,
      looks: validate ? looksLeft(training, epochsDone) : 0,
      canStopEarly: validate !== undefined && training.patience > 0,
    });
  }

  #restore({ progress, tensors }: NonNullable<EpochLoopOptions<F>['resume']>): void {
    const { plan, store } = this.#options.examples;
    this.#state = progress;
    for (const [name, { data }] of tensorsUnder(tensors, 'weights')) store.write(store.named(name), data);
    const state = tensorsUnder(tensors, 'state');
    plan.state.write(new Map([...state].map(([name, { data }]) => [name, data as Float32Array])));
    const carried = tensorsUnder(tensors, 'carried');
    plan.writeCarried([...carried.keys()].map((name) => float32Tensor(carried, name, [-1])));
    const best = tensorsUnder(tensors, 'best');
    if (best.size > 0) this.#best = best;
    this.#options.examples.skipTo(progress.stepsDone);
  }

  async run(): Promise<EpochLoopResult> {
    const { training, name, title, unit, examples, progress, onEpoch } = this.#options;
    const { nRows, plan } = examples;
    const shown = this.#options.shownValidation ?? ((value) => `validation ${value.toFixed(4)}`);
    for (const note of examples.notes) progress.log(note);
    const task = progress.start(`training ${title}`, training.epochs * nRows, unit);
    while (this.#state.epochsDone < training.epochs && !this.#shouldStop() && !this.#isPaused()) {
      const epoch = this.#state.epochsDone;
      const started = performance.now();
      const share = 1 - this.#state.stepsDone / examples.stepsPerEpoch;
      plan.setRateFactor(training.plateauFactor ** looksWithoutGain(this.#state.log, training.minGain));
      if (this.#state.stepsDone === 0) this.#options.onEpochStart?.(epoch, examples);
      await this.#runEpoch(epoch, (done) => task.update(Math.round((epoch + done) * nRows)));
      const seconds = (performance.now() - started) / 1000;
      for (const note of examples.afterEpoch?.(epoch) ?? []) progress.log(note);
      const loss = this.#state.lossSum / nRows;
      const validation = this.#look(epoch);
      const examplesPerSecond = (share * nRows) / seconds;
      const record: EpochRecord = { model: name, epoch: epoch + 1, loss, validation, seconds, examplesPerSecond };
      const log = [...this.#state.log, record];
      this.#state = { ...this.#state, epochsDone: epoch + 1, stepsDone: 0, lossSum: 0, log };
      task.update((epoch + 1) * nRows, describe(record, training.epochs, shown) + this.#beside);
      onEpoch?.(record);
      await this.#checkpoint();
    }
    const { epochsDone, bestEpoch, bestValidation, log } = this.#state;
    const kept = training.keepBest ? this.#best : null;
    const told = kept && bestValidation !== null ? `, kept epoch ${bestEpoch} (${shown(bestValidation)})` : '';
    task.end(`${epochsDone} ${epochsDone === 1 ? 'epoch' : 'epochs'}${told}`);
    const weights = kept ?? this.#weights();
    checkFinite(weights);
    return {
      weights,
      keptEpoch: kept ? bestEpoch : epochsDone,
      progress: this.#state,
      cutOff: cutOffOf(log, training.epochs, bestEpoch),
    };
  }

  #shouldStop(): boolean {
    const { validate, training } = this.#options;
    return validate !== undefined && training.patience > 0 && this.#state.looksWithoutGain >= training.patience;
  }

  #isPaused(): boolean {
    const { log, stepsDone } = this.#state;
    const last = log.at(-1);
    return last !== undefined && stepsDone === 0 && (this.#options.pause?.(last) ?? false);
  }

  async #runEpoch(epoch: number, report: (share: number) => void): Promise<void> {
    const { examples, checkpointSteps = 0, signal } = this.#options;
    const { stepsPerEpoch } = examples;
    let slice = SLICE_STEPS.first;
    while (this.#state.stepsDone < stepsPerEpoch) {
      const { stepsDone, lossSum } = this.#state;
      const untilCheckpoint = checkpointSteps > 0 ? checkpointSteps - (stepsDone % checkpointSteps) : slice;
      const count = Math.min(slice, untilCheckpoint, stepsPerEpoch - stepsDone);
      const started = performance.now();
      const result = this.#runSlice(epoch, stepsDone, count);
      const ms = performance.now() - started;
      slice = Math.max(1, Math.min(SLICE_STEPS.most, Math.round((result.steps * SLICE_MS) / Math.max(ms, 1))));
      this.#estimate.ran((result.steps / stepsPerEpoch) * examples.nRows, ms / 1000, this.#isWarm);
      this.#isWarm = true;
      const done = stepsDone + result.steps;
      this.#state = { ...this.#state, stepsDone: done, lossSum: lossSum + result.lossSum };
      report(done / stepsPerEpoch);
      if (done < stepsPerEpoch && this.#isCheckpointDue(done)) await this.#checkpoint();
      await setImmediate();
      if (!signal?.aborted) continue;
      if (done < stepsPerEpoch) await this.#checkpoint();
      throw new DeepTasteError('usage', 'training: interrupted');
    }
    examples.skipTo(0);
  }

  /** The next steps; in the middle of the first epoch that runs, when the code is warm, with a profile if one is asked for. */
  #runSlice(epoch: number, first: number, count: number): StepResult {
    const { examples } = this.#options;
    const onProfile = this.#onProfile;
    if (!onProfile) return examples.run(epoch, first, count);
    const middle = profileStart(examples.stepsPerEpoch);
    if (first < middle) return examples.run(epoch, first, Math.min(count, middle - first));
    this.#onProfile = undefined;
    const steps = Math.min(PROFILED_STEPS, examples.stepsPerEpoch - first);
    const { result, profile } = examples.profile(epoch, first, steps);
    onProfile(profile);
    return result;
  }

  /** Within an epoch. */
  #isCheckpointDue(stepsDone: number): boolean {
    const { checkpointSteps = 0, checkpointSeconds = 0 } = this.#options;
    if (checkpointSteps > 0 && stepsDone % checkpointSteps === 0) return true;
    return checkpointSeconds > 0 && performance.now() - this.#lastCheckpoint >= 1000 * checkpointSeconds;
  }

  /** The validation metric after an epoch when it is due; remembers the best weights. */
  #look(epoch: number): number | null {
    const { validate, training, examples } = this.#options;
    const isDue = (epoch + 1) % training.evaluateEvery === 0 || epoch + 1 === training.epochs;
    this.#beside = '';
    if (!validate || !isDue) return null;
    const started = performance.now();
    const measured = (scorer: Forms[F]['scorer']): number => {
      const value = validate(scorer);
      scorer.free();
      return value;
    };
    const value = measured(examples.scorer());
    const beside = examples.beside?.() ?? [];
    this.#beside = beside.map(({ name, scorer }) => `  ${name} ${measured(scorer).toFixed(4)}`).join('');
    this.#estimate.looked((performance.now() - started) / 1000);
    const { bestValidation, looksWithoutGain: looks } = this.#state;
    if (bestValidation === null || value > bestValidation + training.minGain) {
      this.#best = this.#weights();
      this.#state = { ...this.#state, bestValidation: value, bestEpoch: epoch + 1, looksWithoutGain: 0 };
    } else this.#state = { ...this.#state, looksWithoutGain: looks + 1 };
    return value;
  }

  #weights(): NamedTensors {
    const { declared, store } = this.#options.examples;
    return weightsOf(declared, store);
  }

  async #checkpoint(): Promise<void> {
    const { onCheckpoint, examples } = this.#options;
    if (!onCheckpoint) return;
    const { plan } = examples;
    const state = new Map(plan.state.read().map(({ name, shape, data }) => [name, { shape, data }]));
    const carried = plan
      .readCarried()
      .map((data, l): [string, NamedTensor] => [`state${l + 1}`, { shape: [data.length], data }]);
    const tensors = joinTensors({ weights: this.#weights(), state, carried: new Map(carried), best: this.#best });
    await onCheckpoint(this.#state, tensors);
    this.#lastCheckpoint = performance.now();
  }
}

/** How often the validation metric will be looked at, at most. */
function looksLeft({ epochs, evaluateEvery }: EpochSettings, epochsDone: number): number {
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

function describe(
  { epoch, loss, validation }: EpochRecord,
  epochs: number,
  shown: (validation: number) => string,
): string {
  const metric = validation === null ? '' : `  ${shown(validation)}`;
  return `epoch ${epoch}/${epochs}  loss ${loss.toFixed(4)}${metric}`;
}
