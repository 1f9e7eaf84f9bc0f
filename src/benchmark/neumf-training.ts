/** NeuMF training of MovieLens-1M's size, in rounds of steps that can be timed. */
import { RandomStream } from '../core/random.ts';
import { type SparseRows, sparseRows } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { OpenExamples } from '../examples/open-examples.ts';
import { overDefaults } from '../examples/settings.ts';
import { neumf } from '../models/neumf.ts';
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
  readonly #examples: OpenExamples<'pairs'>;
  readonly #stepsOfEpoch: number;
  #nextStep = 0;

  constructor(engine: Engine, size: NeumfSize, interactions: SparseRows, batchSize: number, seed: number) {
    this.engine = engine;
    this.batchSize = batchSize;
    const heldBefore = engine.heldBytes;
    const { learn, options, trainingDefaults } = neumf;
    this.#examples = learn.open({
      engine,
      config: options.parse({ factors: size.factors, mlpFactors: size.layers[0] / 2, hidden: size.layers.slice(1) }),
      training: overDefaults(learn.examples, trainingDefaults, { batchSize, negatives: NEGATIVES }),
      data: { sizes: size, rows: interactions },
      random: new RandomStream(seed, 'bench'),
    });
    const { plan, store, nRows } = this.#examples;
    this.#stepsOfEpoch = Math.floor(nRows / batchSize);
    this.heldBytes = engine.heldBytes - heldBefore;
    this.cost = costOf(size, interactions, batchSize, plan.flopsOfStep, store.denseLength);
  }

  /** Trains on the next full batches, from epoch to epoch. Returns the mean loss. */
  run(steps: number): number {
    let lossSum = 0;
    for (let left = steps; left > 0; ) {
      const epoch = Math.floor(this.#nextStep / this.#stepsOfEpoch);
      const first = this.#nextStep % this.#stepsOfEpoch;
      const count = Math.min(left, this.#stepsOfEpoch - first);
      lossSum += this.#examples.run(epoch, first, count).lossSum;
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
    this.#examples.free();
  }
}
