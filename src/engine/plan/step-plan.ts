/**
 * The plan of a training step: forward and backward of every tile, reduction of the shared gradients, updates. Plain data in the
 * shared memory; the threads need nothing else.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { Tensor } from '../expression.ts';
import { gradientsOfMean } from '../gradient.ts';
import * as code from '../kernels/opcodes.ts';
import { grdaThreshold, hasOneRate, learningRateAt, type OptimizerOptions } from '../optimizers/optimizer.ts';
import type { Engine } from '../runtime/engine.ts';
import type { ParameterStore } from '../runtime/parameter-store.ts';
import type { Carried, Feed } from './feed.ts';
import { optimizersOf } from './parameter-optimizers.ts';
import { type PlanProfile, ProfileRecording } from './profile.ts';
import { RowWork } from './row-work.ts';
import { ThreadChoice } from './thread-choice.ts';
import { findNotFinite } from './trace.ts';
import {
  denseRuns,
  OptimizerState,
  rowsKept,
  writeDenseRecord,
  writeOptimizerRecord,
  writeRowGroups,
} from './updates.ts';

export interface StepPlanOptions {
  readonly engine: Engine;
  readonly store: ParameterStore;
  /** Loss of each row, batch [B, 1]; the mean over the batch is minimised. */
  readonly loss: Tensor;
  /** Parameters to update; default all of the store that the loss depends on. */
  readonly trainable?: readonly Tensor[];
  /** Where the rows come from; absent where the caller fills `fedByCaller` before every step. */
  readonly feed?: Feed;
  /** Leaves that the caller fills by `write`. */
  readonly fedByCaller?: readonly Tensor[];
  readonly batchSize: number;
  /** Rows of an epoch. */
  readonly totalRows: number;
  readonly optimizer: OptimizerOptions;
  /** Other optimizers for some parameters; absent = `optimizer` for all. Clipping by norm is common to all of them. */
  readonly optimizers?: (parameter: Tensor) => OptimizerOptions;
  /** Parameters that are not trained but set after each step, and the shared expressions of their new values. */
  readonly assignments?: readonly (readonly [Tensor, Tensor])[];
  /** Steps of the whole run, for learning-rate schedules. */
  readonly totalSteps: number;
  /** See RowWorkOptions. */
  readonly inBlocks?: boolean;
  readonly carried?: readonly Carried[];
  /** What else a run needs besides its weights to go on in the middle of an epoch: words in the shared memory, where they lie. */
  readonly stateWords?: () => readonly Float32Array[];
  /**
   * Batches of unequal size. The loss of a step is then the sum over its rows divided by `batchSize`, however few they are.
   * `stepRows` is the address of the numbers of rows (i32) of the steps of one run, which the caller fills.
   */
  readonly unequalSteps?: { readonly stepRows: number; readonly stepsPerEpoch: number };
}

export interface StepResult {
  /** Steps that were finished. */
  readonly steps: number;
  /** Sum over the rows of these steps of the per-row loss. */
  readonly lossSum: number;
}

export class StepPlan {
  readonly stepsPerEpoch: number;
  readonly state: OptimizerState;
  readonly #options: StepPlanOptions;
  readonly #work: RowWork;
  readonly #header: number;
  readonly #schedule: number;
  /** The distinct optimizers, in the order of their learning rates in the schedule. */
  readonly #optimizers: readonly OptimizerOptions[];
  readonly #threads = new ThreadChoice();
  #scheduledEpoch = -1;
  #rateFactor = 1;

  constructor(options: StepPlanOptions) {
    this.#options = options;
    const { engine, store, loss, batchSize, totalRows, optimizer, assignments = [] } = options;
    this.stepsPerEpoch = options.unequalSteps?.stepsPerEpoch ?? Math.ceil(totalRows / batchSize);
    const gradients = gradientsOfMean(loss);
    const trainable = new Set(options.trainable ?? store.parameters);
    for (const [parameter] of assignments) trainable.delete(parameter);
    const dense = [...gradients.dense].filter(([parameter]) => trainable.has(parameter));
    const rows = gradients.rows.filter(({ table }) => trainable.has(table));
    this.#work = new RowWork(engine, store, {
      batchSize,
      loss,
      feed: options.feed,
      fedByCaller: options.fedByCaller,
      kept: [...rowsKept(rows), ...assignments.map(([, value]) => value)],
      denseGradients: dense,
      inBlocks: options.inBlocks,
      carried: options.carried,
    });
    const placement = this.#work.placement;
    this.#header = this.#work.header;
    const trained = [...dense.map(([p]) => p), ...rows.map(({ table }) => table)];
    const byParameter = optimizersOf(trained, optimizer, options.optimizers);
    this.#optimizers = [...new Set(byParameter.values())];
    this.state = new OptimizerState(engine, store, placement, byParameter);
    this.#schedule = placement.allocate(Math.max(1, this.#optimizers.length) * this.stepsPerEpoch * 16);
    const { groups, widest } = writeRowGroups(engine, store, placement, this.state, rows, batchSize, byParameter);
    const runs = denseRuns(store, byParameter).map((run) => ({
      optimizer: run.optimizer,
      isWhole: run.length === store.denseLength,
      address: writeDenseRecord(engine, store, placement, this.state, this.#work.gradientBlock, run),
    }));
    this.#work.reserveScratch((widest + 2 * code.BLOCK_WORDS) * 4 + 64);
    this.#addUpdateStages(runs, groups);
    this.#work.finish();
    const words = engine.i32(this.#header, code.PLAN_WORDS);
    words[code.PLAN_TOTAL_ROWS] = totalRows;
    words[code.PLAN_STEP_ROWS] = options.unequalSteps?.stepRows ?? 0;
    words[code.PLAN_NOMINAL_MEAN] = options.unequalSteps ? 1 : 0;
    engine.f32(this.#header, code.PLAN_WORDS)[code.PLAN_CLIP_NORM] = optimizer.clipNorm;
  }

  #addUpdateStages(dense: readonly (Updated & { readonly isWhole: boolean })[], groups: readonly Updated[]): void {
    const { engine, optimizer, assignments = [] } = this.#options;
    const clip = optimizer.clipNorm > 0;
    const work = this.#work;
    const records = this.#optimizers.map((each) => writeOptimizerRecord(engine, work.placement, each));
    const withOptimizer = ({ address, optimizer: own }: Updated): number[] => {
      const n = this.#optimizers.indexOf(own);
      return [address, records[n], n * this.stepsPerEpoch * 16];
    };
    work.addStage(code.STAGE_CHECK_LOSS, []);
    if (assignments.length > 0) work.addAssignments(assignments);
    // the reduction and the update of the whole dense block cut it alike, so no barrier is needed between them
    if (dense.length > 0) work.addGradientReduction(clip || !dense[0].isWhole);
    if (clip) {
      for (const { address } of dense) work.addStage(code.STAGE_NORM_DENSE, [address]);
      for (const { address } of groups) work.addStage(code.STAGE_NORM_ROWS, [address]);
      work.barrierAfterLast();
    }
    for (const run of dense) work.addStage(code.STAGE_UPDATE_DENSE, withOptimizer(run));
    for (const group of groups) work.addStage(code.STAGE_UPDATE_ROWS, withOptimizer(group));
    work.barrierAfterLast();
  }

  /**
   * Runs steps [first, first + count) of an epoch on all threads.
   * @throws 'numeric' when a loss is not finite, naming the op where the first such value appeared
   */
  run(epoch: number, first: number, count: number): StepResult {
    this.state.prepare();
    if (epoch !== this.#scheduledEpoch) this.#fillSchedule(epoch);
    let lossSum = 0;
    for (let done = 0; done < count; ) {
      const { alone, steps } = this.#threads.next(count - done);
      // what feeds a window of unequal steps counts them from its beginning
      const piece = this.#options.unequalSteps ? count : steps;
      const started = performance.now();
      lossSum = this.#runSteps(epoch, first + done, piece, lossSum, alone);
      this.#threads.record(alone, piece, performance.now() - started);
      done += piece;
    }
    return { steps: count, lossSum };
  }

  /** Multiplies all learning rates of later steps, except those of FTRL and GRDA, whose weights are a function of theirs. 1 at the start. */
  setRateFactor(factor: number): void {
    this.#rateFactor = factor;
    this.#scheduledEpoch = -1;
  }

  /** Learning rates, Adam's corrections and GRDA's thresholds of an epoch's steps, so that a step itself computes none and allocates nothing. */
  #fillSchedule(epoch: number): void {
    for (let n = 0; n < this.#optimizers.length; n++) this.#fillRates(this.#optimizers[n], n, epoch);
    this.#scheduledEpoch = epoch;
  }

  #fillRates(optimizer: OptimizerOptions, n: number, epoch: number): void {
    const { engine, totalSteps } = this.#options;
    const steps = this.stepsPerEpoch;
    const schedule = engine.f32(this.#schedule + n * steps * 16, steps * 4);
    const factor = hasOneRate(optimizer) ? 1 : this.#rateFactor;
    for (let s = 0; s < steps; s++) {
      const t = epoch * steps + s;
      schedule[s * 4] = factor * learningRateAt(optimizer, t, totalSteps);
      schedule[s * 4 + 1] =
        optimizer.name === 'grda' ? grdaThreshold(optimizer, t) : 1 / (1 - optimizer.beta1 ** (t + 1));
      schedule[s * 4 + 2] = 1 / (1 - optimizer.beta2 ** (t + 1));
    }
  }

  /** @param lossSum of the steps before, to which theirs is added in order */
  #runSteps(epoch: number, first: number, steps: number, lossSum: number, alone: boolean): number {
    const { engine } = this.#options;
    const words = engine.i32(this.#header, code.PLAN_WORDS);
    words[code.PLAN_EPOCH] = epoch;
    words[code.PLAN_FIRST_STEP] = first;
    words[code.PLAN_N_STEPS] = steps;
    words[code.PLAN_SCHEDULE] = this.#schedule + first * 16;
    words[code.PLAN_STEPS_DONE] = 0;
    words[code.PLAN_NOT_FINITE] = 0;
    const loss = engine.f64(this.#header + code.PLAN_LOSS * 4, 1);
    loss[0] = lossSum;
    if (alone) engine.runAlone(code.JOB_STEPS, this.#header);
    else engine.run(code.JOB_STEPS, this.#header);
    if (words[code.PLAN_NOT_FINITE] === 0) return loss[0];
    throw this.#notFinite(epoch, first + words[code.PLAN_STEPS_DONE], words[code.PLAN_STEPS_DONE]);
  }

  #notFinite(epoch: number, step: number, inWindow: number): DeepTasteError {
    const { store, engine, batchSize, totalRows, unequalSteps } = this.#options;
    const slot = step * batchSize;
    const rows = unequalSteps
      ? engine.i32(unequalSteps.stepRows + inWindow * 4, 1)[0]
      : Math.min(batchSize, totalRows - slot);
    const culprit = findNotFinite(engine, store, this.#work, { epoch, slot, rows, step, inWindow });
    const where = `epoch ${epoch + 1}, step ${step + 1}`;
    return new DeepTasteError(
      'numeric',
      `training: the loss is not finite in ${where}; the first value that is not came from ${culprit} ` +
        '(lower the learning rate, or clip gradients with optimizer.clipNorm)',
      { epoch, step, op: culprit },
    );
  }

  /**
   * Runs steps like `run` and says what took the time.
   * @param events that a thread keeps; where they are fewer than ran, the profile is of fewer steps
   */
  profile(
    epoch: number,
    first: number,
    count: number,
    events?: number,
  ): { readonly result: StepResult; readonly profile: PlanProfile } {
    const { engine } = this.#options;
    const recording = new ProfileRecording(engine, events);
    try {
      const result = this.run(epoch, first, count);
      return { result, profile: recording.read(this.#work.timedParts(), count) };
    } finally {
      recording.free();
    }
  }

  /** The first values of a leaf that the caller fills, for the step that runs next. */
  write(leaf: Tensor, values: Int32Array | Float32Array): void {
    const { engine } = this.#options;
    const { offset } = this.#work.placement.read(leaf);
    if (values instanceof Int32Array) engine.i32(offset, values.length).set(values);
    else engine.f32(offset, values.length).set(values);
  }

  /** Copies of the carried rows as the last step left them, [batchSize × size] each, and of other state of the run. */
  readCarried(): Float32Array[] {
    return this.#carriedArrays().map((array) => array.slice());
  }

  /** Puts carried rows back, to go on where another plan stopped. */
  writeCarried(values: readonly Float32Array[]): void {
    this.#carriedArrays().forEach((array, n) => {
      array.set(values[n]);
    });
  }

  #carriedArrays(): Float32Array[] {
    const { engine, carried = [], batchSize, stateWords } = this.#options;
    const rows = carried.map(({ output }) => {
      const { offset, stride } = this.#work.placement.read(output);
      return engine.f32(offset, batchSize * stride);
    });
    return [...rows, ...(stateWords?.() ?? [])];
  }

  /** Arithmetic of the matrix products of a step on a full batch; a multiply-add counts as two operations. */
  get flopsOfStep(): number {
    return this.#work.flopsOfStep;
  }

  /** Bytes one worker needs for the activations of a tile. */
  get scratchBytes(): number {
    return this.#work.placement.scratchBytes;
  }

  get tileRows(): number {
    return this.#work.tileRows;
  }

  free(): void {
    this.#work.placement.free();
  }
}

/** Something to update, by which optimizer. */
interface Updated {
  readonly address: number;
  readonly optimizer: OptimizerOptions;
}
