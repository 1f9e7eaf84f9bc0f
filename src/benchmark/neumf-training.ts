/** NeuMF training of MovieLens-1M's size, put together as training/train-stage.ts does, in rounds of steps that can be timed. */
import { RandomStream } from '../core/random.ts';
import { type SparseRows, sparseRows } from '../data/sparse-rows.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { SamplerRecord } from '../engine/runtime/sampler.ts';
import { declareParameters, initialiseParameters, lossExpression } from '../models/expression.ts';
import type { GradientModel } from '../models/model.ts';
import { neumf } from '../models/neumf.ts';
import { resolveTraining } from '../training/options.ts';
import { expectedDistinct, type StepCost, updateBytes } from './step-limit.ts';
import { secondsOf } from './timing.ts';

export interface NeumfSize {
  readonly nUsers: number;
  readonly nItems: number;
  /** Pairs drawn; repeated ones count once. */
  readonly nInteractions: number;
  readonly factors: number;
  readonly layers: readonly number[];
}

export const movielens1m: NeumfSize = {
  nUsers: 6040,
  nItems: 3706,
  nInteractions: 1_200_000,
  factors: 64,
  layers: [128, 64, 32, 16],
};

export const NEGATIVES = 4;

/** Users and items with falling popularity: the most popular of a thousand items has about thirty times the average. */
export function skewedInteractions(size: NeumfSize, random: RandomStream): SparseRows {
  const draw = (n: number, exponent: number) => Math.floor(n * random.uniform() ** exponent);
  const users = Int32Array.from({ length: size.nInteractions }, () => draw(size.nUsers, 1.8));
  const items = Int32Array.from({ length: size.nInteractions }, () => draw(size.nItems, 2));
  return sparseRows(size.nUsers, users, items, true);
}

/** Lookups read a row of each table; the rows that a batch touches are updated, and so are all dense weights. */
export function costOf(
  size: NeumfSize,
  { rowStart, columns }: SparseRows,
  batchSize: number,
  flops: number,
  denseFloats: number,
): StepCost {
  const width = size.factors + size.layers[0] / 2;
  const users = Array.from({ length: size.nUsers }, (_, u) => (rowStart[u + 1] - rowStart[u]) / columns.length);
  const positives = new Float64Array(size.nItems);
  for (const item of columns) positives[item]++;
  // of NEGATIVES + 1 examples one holds a taken item, the others any
  const items = Array.from(positives, (n) => (n / columns.length + NEGATIVES / size.nItems) / (NEGATIVES + 1));
  const touched = expectedDistinct(users, batchSize) + expectedDistinct(items, batchSize);
  return { flops, bytes: 4 * width * 2 * batchSize + updateBytes(touched * width + denseFloats, 2) };
}

export class NeumfTraining {
  readonly engine: Engine;
  readonly batchSize: number;
  /** What a step must compute and move at least. */
  readonly cost: StepCost;
  /** Memory of the engine that it holds. */
  readonly heldBytes: number;
  readonly #store: ParameterStore;
  readonly #sampler: SamplerRecord;
  readonly #plan: StepPlan;
  #nextStep = 0;

  constructor(engine: Engine, size: NeumfSize, interactions: SparseRows, batchSize: number, seed: number) {
    this.engine = engine;
    this.batchSize = batchSize;
    const heldBefore = engine.heldBytes;
    const model = neumf as unknown as GradientModel;
    const config = neumf.options.parse({ factors: size.factors, layers: size.layers } as never);
    const declared = declareParameters(model, config, size);
    const random = new RandomStream(seed, 'bench');
    this.#store = new ParameterStore(engine, declared.list);
    initialiseParameters(declared, this.#store, random.child('init'));
    const users = new Int32Array(interactions.columns.length);
    for (let u = 0; u < size.nUsers; u++) users.fill(u, interactions.rowStart[u], interactions.rowStart[u + 1]);
    const training = resolveTraining(neumf.trainingDefaults, { batchSize, negatives: NEGATIVES });
    this.#sampler = new SamplerRecord(engine, {
      users,
      items: interactions.columns,
      nUsers: size.nUsers,
      nItems: size.nItems,
      rowStart: interactions.rowStart,
      columns: interactions.columns,
      negatives: training.negatives,
      reject: training.rejectTaken,
      popularityExponent: 0,
      key: random.child('examples').key,
    });
    const { loss, leaves } = lossExpression(model, declared.tensors, config);
    this.#plan = new StepPlan({
      engine,
      store: this.#store,
      loss,
      feed: this.#sampler.pointwise(...leaves),
      batchSize,
      totalRows: this.#sampler.rowsPointwise,
      optimizer: training.optimizer,
      totalSteps: 1_000_000,
    });
    this.heldBytes = engine.heldBytes - heldBefore;
    this.cost = costOf(size, interactions, batchSize, this.#plan.flopsOfStep, this.#store.denseLength);
  }

  /** Trains on the next full batches, from epoch to epoch. Returns the mean loss. */
  run(steps: number): number {
    const stepsOfEpoch = Math.floor(this.#sampler.rowsPointwise / this.batchSize);
    let lossSum = 0;
    for (let left = steps; left > 0; ) {
      const epoch = Math.floor(this.#nextStep / stepsOfEpoch);
      const first = this.#nextStep % stepsOfEpoch;
      const count = Math.min(left, stepsOfEpoch - first);
      lossSum += this.#plan.run(epoch, first, count).lossSum;
      this.#nextStep += count;
      left -= count;
    }
    return lossSum / (steps * this.batchSize);
  }

  /** Examples per second over about `seconds`. */
  rate(seconds: number): number {
    const steps = this.stepsFor(seconds);
    return (steps * this.batchSize) / secondsOf(() => this.run(steps));
  }

  /** Warms up and says how many steps take about `seconds`. */
  stepsFor(seconds: number): number {
    if (this.#stepSeconds === 0) {
      for (let n = 0; n < 8; n++) this.run(8);
      this.#stepSeconds = secondsOf(() => this.run(16)) / 16;
    }
    return Math.max(1, Math.round(seconds / this.#stepSeconds));
  }
  #stepSeconds = 0;

  free(): void {
    this.#plan.free();
    this.#sampler.free();
    this.#store.free();
  }
}
