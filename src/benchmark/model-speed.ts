/** How fast models other than NeuMF train: workloads of invented data in the sizes of public sets. */
import type { RandomStream } from '../core/random.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { type DeepfmSize, deepfmSizes, deepfmTraining } from './deepfm-training.ts';
import type { Effort } from './effort.ts';
import { type Gru4recSize, gru4recSizes, gru4recTraining, inventedSessions } from './gru4rec-training.ts';
import { TimedTraining } from './timed-training.ts';
import { interleave, median } from './timing.ts';

export interface ModelSpeed {
  readonly workload: string;
  readonly batchSize: number;
  readonly threads: number;
  readonly blas: boolean;
  readonly examplesPerSecond: number;
  readonly stepMs: number;
  /** By one thread with the same products, median over the rounds. */
  readonly speedup: number;
}

export interface ModelSizes {
  readonly deepfm: Readonly<Record<string, DeepfmSize>>;
  readonly gru4rec: readonly Gru4recSize[];
  readonly sessions?: { readonly n: number; readonly nItems: number };
}

export const modelSizes: ModelSizes = { deepfm: deepfmSizes, gru4rec: gru4recSizes };

/** One workload after the other, so that their memory is not needed together; its engines in turn. */
export function measureModels(
  engines: readonly Engine[],
  { deepfm, gru4rec, sessions }: ModelSizes,
  effort: Effort,
  random: RandomStream,
): ModelSpeed[] {
  const events = inventedSessions(random.child('sessions'), sessions?.n, sessions?.nItems);
  const workloads = [
    ...Object.entries(deepfm).map(([name, size]) => ({
      name: `DeepFM ${name}`,
      make: (engine: Engine) => deepfmTraining(engine, size, random.child(name)),
    })),
    ...gru4rec.map((size) => ({
      name: `GRU4Rec, ${size.units} units, ${size.loss}`,
      make: (engine: Engine) => gru4recTraining(engine, size, events, random.child('gru4rec')),
    })),
  ];
  return workloads.flatMap(({ name, make }) =>
    speedsOf(
      engines.map((engine) => new TimedTraining(name, engine, make(engine))),
      effort,
    ),
  );
}

function speedsOf(trainings: readonly TimedTraining[], { trainingSeconds, rounds }: Effort): ModelSpeed[] {
  for (const training of trainings) training.stepsFor(trainingSeconds);
  const tasks = Object.fromEntries(trainings.map((training, n) => [`${n}`, () => training.rate(trainingSeconds)]));
  const rates = interleave(Math.min(rounds, 5), tasks);
  const speeds = trainings.map(({ workload, engine, steps: { batchSize } }, n) => {
    const alone = trainings.findIndex(
      (each) => each.engine.threads === 1 && (each.engine.blas === null) === (engine.blas === null),
    );
    const rate = median(rates[`${n}`]);
    const speedup = median(rates[`${n}`].map((value, round) => value / rates[`${alone}`][round]));
    return {
      ...{ workload, batchSize, threads: engine.threads, blas: engine.blas !== null },
      ...{ examplesPerSecond: rate, stepMs: (1000 * batchSize) / rate, speedup },
    };
  });
  for (const training of trainings) training.free();
  return speeds;
}
