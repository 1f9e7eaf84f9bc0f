/** How fast NeuMF trains, beside the limit of its step on this machine. */
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Effort } from './effort.ts';
import type { MachineLimits } from './machine-limits.ts';
import { type NeumfSize, NeumfTraining } from './neumf-training.ts';
import { limitsOf, type StepLimit, stepLimit } from './step-limit.ts';
import { interleave, median } from './timing.ts';

export interface TrainingSpeed {
  readonly threads: number;
  /** Whether matrix products went to the system BLAS. */
  readonly blas: boolean;
  readonly batchSize: number;
  /** Median of the rounds. */
  readonly examplesPerSecond: number;
  readonly stepMs: number;
  /** Median over the rounds of this rate by the rate of one thread in the same round; 1 for one thread. */
  readonly speedup: number;
  readonly limit: StepLimit;
  /** limit.limitMs / stepMs */
  readonly shareOfLimit: number;
  /** Memory of the engine that the training holds. */
  readonly heldBytes: number;
}

/** Rates on every engine and batch size; all are timed in turn. */
export function measureTraining(
  engines: readonly Engine[],
  size: NeumfSize,
  interactions: SparseRows,
  batchSizes: readonly number[],
  effort: Effort,
  machine: readonly MachineLimits[],
): TrainingSpeed[] {
  const trainings = batchSizes.flatMap((batch) =>
    engines.map((engine) => new NeumfTraining(engine, size, interactions, batch, 1)),
  );
  const tasks = Object.fromEntries(
    trainings.map((training, n) => {
      training.stepsFor(effort.trainingSeconds);
      return [`${n}`, () => training.rate(effort.trainingSeconds)];
    }),
  );
  const rates = interleave(effort.rounds, tasks);
  const speeds = trainings.map(({ engine, batchSize, cost, heldBytes }, n) => {
    // the engine of one thread that computes its products in the same way
    const ofBatch = n - (n % engines.length);
    const alone = engines.findIndex(({ threads, blas }) => threads === 1 && (blas === null) === (engine.blas === null));
    const single = rates[`${ofBatch + alone}`];
    const rate = median(rates[`${n}`]);
    const speedup = median(rates[`${n}`].map((each, round) => each / single[round]));
    const stepMs = (1000 * batchSize) / rate;
    const limit = stepLimit(cost, limitsOf(machine, engine.threads), engine.blas !== null);
    return {
      threads: engine.threads,
      blas: engine.blas !== null,
      batchSize,
      examplesPerSecond: rate,
      stepMs,
      speedup,
      limit,
      shareOfLimit: limit.limitMs / stepMs,
      heldBytes,
    };
  });
  for (const training of trainings) training.free();
  return speeds;
}
