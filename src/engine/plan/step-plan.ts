/**
 * The plan of a training step: forward and backward of every tile, reduction of the shared gradients, updates. Plain data in the
 * shared memory; the threads need nothing else.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { Tensor } from '../expression.ts';
import { gradientsOfMean } from '../gradient.ts';
import * as code from '../kernels/opcodes.ts';
import { learningRateAt, type OptimizerOptions, optimizerCode, stateArrays } from '../optimizers/optimizer.ts';
import type { Engine } from '../runtime/engine.ts';
import type { ParameterStore } from '../runtime/parameter-store.ts';
import type { Carried, Feed } from './feed.ts';
import { findNotFinite, RowWork } from './row-work.ts';
import { OptimizerState, writeDenseRecord, writeOptimizerRecord, writeRowGroups } from './updates.ts';

export interface StepPlanOptions {
  readonly engine: Engine;
  readonly store: ParameterStore;
  /** Loss of each row, batch [B, 1]; the mean over the batch is minimised. */
  readonly loss: Tensor;
  /** Parameters to update; default all of the store that the loss depends on. */
  readonly trainable?: readonly Tensor[];
  readonly feed: Feed;
  readonly batchSize: number;
  /** Rows of an epoch. */
  readonly totalRows: number;
  readonly optimizer: OptimizerOptions;
  /** Steps of the whole run, for learning-rate schedules. */
  readonly totalSteps: number;
  /** See RowWorkOptions. */
  readonly inBlocks?: boolean;
  readonly carried?: readonly Carried[];
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
  #scheduledEpoch = -1;

  constructor(options: StepPlanOptions) {
    this.#options = options;
    const { engine, store, loss, batchSize, totalRows, optimizer } = options;
    checkOptimizer(optimizer);
    this.stepsPerEpoch = options.unequalSteps?.stepsPerEpoch ?? Math.ceil(totalRows / batchSize);
    const gradients = gradientsOfMean(loss);
    const trainable = new Set(options.trainable ?? store.parameters);
    const dense = [...gradients.dense].filter(([parameter]) => trainable.has(parameter));
    if (dense.length > 0 && dense.length < gradients.dense.size)
      throw new DeepTasteError('config', 'plan: either all dense parameters are trainable or none of them');
    const rows = gradients.rows.filter(({ table }) => trainable.has(table));
    this.#work = new RowWork(engine, store, {
      batchSize,
      loss,
      feed: options.feed,
      kept: rows.map(({ values }) => values),
      denseGradients: dense,
      inBlocks: options.inBlocks,
      carried: options.carried,
      header: (header) => header + code.PLAN_INVERSE_ROWS * 4,
    });
    const placement = this.#work.placement;
    this.#header = this.#work.header;
    this.state = new OptimizerState(engine, store, placement, trainable, stateArrays[optimizer.name], optimizer);
    this.#schedule = placement.allocate(this.stepsPerEpoch * 16);
    const optimizerRecord = writeOptimizerRecord(engine, placement, optimizer, optimizerCode[optimizer.name]);
    const groups = writeRowGroups(engine, store, placement, this.state, rows, batchSize, optimizer.dense);
    const denseRecord = writeDenseRecord(engine, store, placement, this.state, this.#work.gradientBlock);
    this.#work.reserveScratch(groups.widest * 4 + 64);
    this.#addUpdateStages(dense.length > 0 ? denseRecord : null, groups.addresses, optimizerRecord);
    this.#work.finish();
    const words = engine.i32(this.#header, code.PLAN_WORDS);
    words[code.PLAN_TOTAL_ROWS] = totalRows;
    words[code.PLAN_STEP_ROWS] = options.unequalSteps?.stepRows ?? 0;
    words[code.PLAN_NOMINAL_MEAN] = options.unequalSteps ? 1 : 0;
    engine.f32(this.#header, code.PLAN_WORDS)[code.PLAN_CLIP_NORM] = optimizer.clipNorm;
  }

  #addUpdateStages(dense: number | null, groups: readonly number[], optimizer: number): void {
    const clip = this.#options.optimizer.clipNorm > 0;
    const work = this.#work;
    work.addStage(code.STAGE_CHECK_LOSS, []);
    // the reduction and the update of the dense block cut it alike, so no barrier is needed between them
    if (dense !== null) work.addGradientReduction(clip);
    if (clip) {
      if (dense !== null) work.addStage(code.STAGE_NORM_DENSE, [dense]);
      for (const group of groups) work.addStage(code.STAGE_NORM_ROWS, [group]);
      work.barrierAfterLast();
    }
    if (dense !== null) work.addStage(code.STAGE_UPDATE_DENSE, [dense, optimizer]);
    for (const group of groups) work.addStage(code.STAGE_UPDATE_ROWS, [group, optimizer]);
    work.barrierAfterLast();
  }

  /**
   * Runs steps [first, first + count) of an epoch on all threads.
   * @throws 'numeric' when a loss is not finite, naming the op where the first such value appeared
   */
  run(epoch: number, first: number, count: number): StepResult {
    if (epoch !== this.#scheduledEpoch) this.#fillSchedule(epoch);
    return { steps: count, lossSum: this.#runSteps(epoch, first, count) };
  }

  /** Learning rates and Adam's corrections of an epoch's steps, so that a step itself computes none and allocates nothing. */
  #fillSchedule(epoch: number): void {
    const { engine, optimizer, totalSteps } = this.#options;
    const schedule = engine.f32(this.#schedule, this.stepsPerEpoch * 4);
    for (let s = 0; s < this.stepsPerEpoch; s++) {
      const t = epoch * this.stepsPerEpoch + s;
      schedule[s * 4] = learningRateAt(optimizer, t, totalSteps);
      schedule[s * 4 + 1] = 1 / (1 - optimizer.beta1 ** (t + 1));
      schedule[s * 4 + 2] = 1 / (1 - optimizer.beta2 ** (t + 1));
    }
    this.#scheduledEpoch = epoch;
  }

  #runSteps(epoch: number, first: number, steps: number): number {
    const { engine } = this.#options;
    const words = engine.i32(this.#header, code.PLAN_WORDS);
    words[code.PLAN_EPOCH] = epoch;
    words[code.PLAN_FIRST_STEP] = first;
    words[code.PLAN_N_STEPS] = steps;
    words[code.PLAN_SCHEDULE] = this.#schedule + first * 16;
    words[code.PLAN_STEPS_DONE] = 0;
    words[code.PLAN_NOT_FINITE] = 0;
    const loss = engine.f64(this.#header + code.PLAN_LOSS * 4, 1);
    loss[0] = 0;
    engine.run(code.JOB_STEPS, this.#header);
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

  /** Copies of the carried rows as the last step left them, [batchSize × size] each. */
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
    const { engine, carried = [], batchSize } = this.#options;
    return carried.map(({ output }) => {
      const { offset, stride } = this.#work.placement.read(output);
      return engine.f32(offset, batchSize * stride);
    });
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

function checkOptimizer(optimizer: OptimizerOptions): void {
  if (optimizer.l2 > 0 && optimizer.l2Scope === 'all' && !optimizer.dense)
    throw new DeepTasteError(
      'config',
      'optimizer: l2Scope "all" regularises whole tables and needs dense: true; use l2Scope "touched" or set dense',
    );
}
