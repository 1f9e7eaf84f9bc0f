/** How fast NeuMF trains, what a step could cost at best on this machine, and what a step allocates. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Effort } from './effort.ts';
import type { MachineLimits } from './machine-limits.ts';
import { NEGATIVES, type NeumfSize, NeumfTraining } from './neumf-training.ts';
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
}

/** Rates on every engine and batch size; all are timed in turn. */
export function measureTraining(
  engines: readonly Engine[],
  size: NeumfSize,
  interactions: SparseRows,
  batchSizes: readonly number[],
  effort: Effort,
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
  const speeds = trainings.map(({ engine, batchSize }, n) => {
    // the engine of one thread that computes its products in the same way
    const ofBatch = n - (n % engines.length);
    const alone = engines.findIndex(({ threads, blas }) => threads === 1 && (blas === null) === (engine.blas === null));
    const single = rates[`${ofBatch + alone}`];
    const rate = median(rates[`${n}`]);
    const speedup = median(rates[`${n}`].map((each, round) => each / single[round]));
    const stepMs = (1000 * batchSize) / rate;
    return {
      ...{ threads: engine.threads, blas: engine.blas !== null, batchSize },
      ...{ examplesPerSecond: rate, stepMs, speedup },
    };
  });
  for (const training of trainings) training.free();
  return speeds;
}

export interface StepLimit {
  /** Arithmetic of the matrix products, FLOP a step. */
  readonly flop: number;
  /** Bytes of tables that a step must read and write: the touched rows with both moments, and their lookups. */
  readonly bytes: number;
  readonly arithmeticMs: number;
  readonly memoryMs: number;
  /** max(arithmetic, memory): a step cannot be shorter on one thread. */
  readonly limitMs: number;
}

/** What one thread needs at the machine's measured peak rates. */
export function stepLimit(
  size: NeumfSize,
  interactions: SparseRows,
  batchSize: number,
  machine: MachineLimits,
): StepLimit {
  const flop = 3 * forwardFlop(size) * batchSize;
  const width = size.factors + size.layers[0] / 2;
  const touched = expectedTouchedRows(size, interactions, batchSize);
  // lookups read a row of each table; updates read and write weight and two moments and read the gradient
  const bytes = 4 * width * (2 * batchSize + touched * 6 + 2 * batchSize);
  const arithmeticMs = (1000 * flop) / machine.flopPerSecond;
  const memoryMs = (1000 * bytes) / Math.max(machine.copyBytesPerSecond, machine.gatherBytesPerSecond);
  return { flop, bytes, arithmeticMs, memoryMs, limitMs: Math.max(arithmeticMs, memoryMs) };
}

/** FLOP of one example's forward matrix products; both gradients cost as much each. */
function forwardFlop({ layers }: NeumfSize): number {
  return layers.slice(1).reduce((sum, outputs, l) => sum + 2 * layers[l] * outputs, 0);
}

/** Σ over users and items of the chance to occur in a batch, 1 − (1 − p)^B. */
function expectedTouchedRows(size: NeumfSize, { rowStart, columns }: SparseRows, batchSize: number): number {
  const itemCounts = new Float64Array(size.nItems);
  for (const item of columns) itemCounts[item]++;
  const occurs = (p: number) => 1 - (1 - p) ** batchSize;
  let rows = 0;
  for (let u = 0; u < size.nUsers; u++) rows += occurs((rowStart[u + 1] - rowStart[u]) / columns.length);
  for (const count of itemCounts) rows += occurs((count / columns.length + NEGATIVES / size.nItems) / (NEGATIVES + 1));
  return rows;
}

/** Steps of a call, about as many as the training loop runs between two looks at the event loop. */
const STEPS_OF_CALL = 50;

/** Bytes of JavaScript heap that 1,000 steps allocate, garbage included, after a warm-up of as many. */
export function heapBytesPerThousandSteps(
  engine: Engine,
  size: NeumfSize,
  interactions: SparseRows,
  batchSize: number,
): number {
  const training = new NeumfTraining(engine, size, interactions, batchSize, 1);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const thousandSteps = () => {
    for (let steps = 0; steps < 1000; steps += STEPS_OF_CALL) training.run(STEPS_OF_CALL);
  };
  thousandSteps();
  collect();
  const before = getHeapStatistics().used_heap_size;
  thousandSteps();
  const after = getHeapStatistics().used_heap_size;
  training.free();
  return Math.max(0, after - before);
}
