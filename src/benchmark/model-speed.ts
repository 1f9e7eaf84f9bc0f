/** How fast models other than NeuMF train: workloads of invented data in the sizes of public sets. */
import type { RandomStream } from '../core/random.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { type DeepfmSize, deepfmSizes, deepfmTraining } from './deepfm-training.ts';
import type { Effort } from './effort.ts';
import { type Gru4recSize, gru4recSizes, gru4recTraining, inventedSessions, SAMPLES } from './gru4rec-training.ts';
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
  /** Our rate by PyTorch's best setting, timed between two rounds of ours; on the rows of the most threads. */
  readonly torch: TorchRate | null;
}

export interface TorchRate {
  readonly setting: string;
  readonly examplesPerSecond: number;
  readonly ratio: number;
}

/** PyTorch's best rate on a workload, or why there is none. */
export type TorchPeer = (
  workload: 'deepfm' | 'gru4rec',
  size: object,
  /** The best setting of an earlier round; absent = all are tried. */
  known: TorchTiming | undefined,
) => Promise<TorchTiming | string>;

/** The rate of PyTorch's best setting, and how that setting is asked for again. */
export interface TorchTiming {
  readonly rate: number;
  readonly setting: string;
  readonly mode: string;
  readonly threads: number;
}

export interface ModelSizes {
  readonly deepfm: Readonly<Record<string, DeepfmSize>>;
  readonly gru4rec: readonly Gru4recSize[];
  readonly sessions?: { readonly n: number; readonly nItems: number };
}

export const modelSizes: ModelSizes = { deepfm: deepfmSizes, gru4rec: gru4recSizes };

/** One workload after the other, so that their memory is not needed together; its engines in turn. */
export async function measureModels(
  engines: readonly Engine[],
  { deepfm, gru4rec, sessions }: ModelSizes,
  effort: Effort,
  random: RandomStream,
  torch: TorchPeer | null,
): Promise<ModelSpeed[]> {
  const events = inventedSessions(random.child('sessions'), sessions?.n, sessions?.nItems);
  const workloads = [
    ...Object.entries(deepfm).map(([name, size]) => ({
      name: `DeepFM ${name}`,
      peer: { workload: 'deepfm' as const, size },
      make: (engine: Engine) => deepfmTraining(engine, size, random.child(name)),
    })),
    ...gru4rec.map((size) => ({
      name: `GRU4Rec, ${size.units} units, ${size.loss}`,
      peer: { workload: 'gru4rec' as const, size: { ...size, samples: SAMPLES, items: events.nItems } },
      make: (engine: Engine) => gru4recTraining(engine, size, events, random.child('gru4rec')),
    })),
  ];
  const found: ModelSpeed[] = [];
  for (const { name, make, peer } of workloads) {
    const trainings = engines.map((engine) => new TimedTraining(name, engine, make(engine)));
    const speeds = speedsOf(trainings, effort);
    found.push(
      ...(torch
        ? await besideTorch(trainings, speeds, effort, (known) => torch(peer.workload, peer.size, known))
        : speeds),
    );
    for (const training of trainings) training.free();
  }
  return found;
}

/** Ours, PyTorch, ours, … for the trainings on the most threads. */
export async function besideTorch(
  trainings: readonly TimedTraining[],
  speeds: readonly ModelSpeed[],
  { trainingSeconds, rounds }: Effort,
  time: (known: TorchTiming | undefined) => Promise<TorchTiming | string>,
): Promise<ModelSpeed[]> {
  const most = Math.max(...trainings.map(({ engine }) => engine.threads));
  const ours = () => trainings.map((each) => (each.engine.threads === most ? each.rate(trainingSeconds) : 0));
  const ratios: number[][] = trainings.map(() => []);
  const peers: TorchTiming[] = [];
  let before = ours();
  for (let round = 0; round < Math.min(3, rounds); round++) {
    const peer = await time(peers[0]);
    if (typeof peer === 'string') return [...speeds];
    const after = ours();
    ratios.forEach((each, n) => {
      each.push((before[n] + after[n]) / 2 / peer.rate);
    });
    peers.push(peer);
    before = after;
  }
  const examplesPerSecond = median(peers.map(({ rate }) => rate));
  const { setting } = peers.find(({ rate }) => rate === examplesPerSecond) ?? peers[0];
  return speeds.map((speed, n) =>
    speed.threads === most ? { ...speed, torch: { setting, examplesPerSecond, ratio: median(ratios[n]) } } : speed,
  );
}

export function speedsOf(trainings: readonly TimedTraining[], { trainingSeconds, rounds }: Effort): ModelSpeed[] {
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
      ...{ examplesPerSecond: rate, stepMs: (1000 * batchSize) / rate, speedup, torch: null },
    };
  });
  return speeds;
}
