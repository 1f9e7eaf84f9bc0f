/** How fast models other than NeuMF train: workloads of invented data in the sizes of public sets. */
import type { RandomStream } from '../core/random.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { type DeepfmSize, deepfmSizes, deepfmTraining } from './deepfm-training.ts';
import type { Effort } from './effort.ts';
import { type Gru4recSize, gru4recSizes, gru4recTraining, inventedSessions, SAMPLES } from './gru4rec-training.ts';
import { type LstmSize, lstmSize, lstmTraining } from './lstm-training.ts';
import type { MachineLimits } from './machine-limits.ts';
import { type PolicySize, policySize, policyTraining } from './policy-training.ts';
import {
  type DscfSize,
  dscfSize,
  dscfTraining,
  type GraphrecSize,
  graphrecSize,
  graphrecTraining,
} from './social-training.ts';
import { limitsOf, type StepLimit, stepLimit } from './step-limit.ts';
import { TimedTraining, type TrainingSteps } from './timed-training.ts';
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
  readonly limit: StepLimit;
  /** limit.limitMs / stepMs */
  readonly shareOfLimit: number;
  /** Memory of the engine that the training holds. */
  readonly heldBytes: number;
  /** Our rate by PyTorch's best setting, timed between two rounds of ours; on the rows of the most threads. */
  readonly torch: TorchRate | null;
}

export interface TorchRate {
  readonly setting: string;
  readonly examplesPerSecond: number;
  readonly ratio: number;
}

/** Workloads that the scripts of the peers know. */
export type TorchWorkload = 'deepfm' | 'gru4rec' | 'lstm' | 'policy' | 'dscf' | 'graphrec';

/** PyTorch's best rate on a workload, or why there is none. */
export type TorchPeer = (
  workload: TorchWorkload,
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
  readonly lstm?: LstmSize;
  readonly policy?: PolicySize;
  readonly dscf?: DscfSize;
  readonly graphrec?: GraphrecSize;
  readonly sessions?: { readonly n: number; readonly nItems: number };
}

export const modelSizes: ModelSizes = {
  deepfm: deepfmSizes,
  gru4rec: gru4recSizes,
  lstm: lstmSize,
  policy: policySize,
  dscf: dscfSize,
  graphrec: graphrecSize,
};

interface Workload {
  readonly name: string;
  readonly peer: { readonly workload: TorchWorkload; readonly size: object };
  readonly make: (engine: Engine) => TrainingSteps;
}

const lstmWorkload = (size: LstmSize, random: RandomStream): Workload => ({
  name: 'Bi-LSTM with attention',
  peer: { workload: 'lstm', size },
  make: (engine) => lstmTraining(engine, size, random),
});

const policyWorkload = (size: PolicySize, random: RandomStream): Workload => ({
  name: 'Policy gradient, all items',
  peer: { workload: 'policy', size },
  make: (engine) => policyTraining(engine, size, random),
});

const dscfWorkload = (size: DscfSize, random: RandomStream): Workload => ({
  name: 'DSCF',
  peer: { workload: 'dscf', size },
  make: (engine) => dscfTraining(engine, size, random),
});

const graphrecWorkload = (size: GraphrecSize, random: RandomStream): Workload => ({
  name: 'GraphRec',
  peer: { workload: 'graphrec', size },
  make: (engine) => graphrecTraining(engine, size, random),
});

/** One workload after the other, so that their memory is not needed together; its engines in turn. */
export async function measureModels(
  engines: readonly Engine[],
  { deepfm, gru4rec, lstm, policy, dscf, graphrec, sessions }: ModelSizes,
  effort: Effort,
  random: RandomStream,
  torch: TorchPeer | null,
  machine: readonly MachineLimits[],
): Promise<ModelSpeed[]> {
  const events = inventedSessions(random.child('sessions'), sessions?.n, sessions?.nItems);
  const workloads: Workload[] = [
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
    ...(lstm ? [lstmWorkload(lstm, random.child('lstm'))] : []),
    ...(policy ? [policyWorkload(policy, random.child('policy'))] : []),
    ...(dscf ? [dscfWorkload(dscf, random.child('dscf'))] : []),
    ...(graphrec ? [graphrecWorkload(graphrec, random.child('graphrec'))] : []),
  ];
  const found: ModelSpeed[] = [];
  for (const { name, make, peer } of workloads) {
    const trainings = engines.map((engine) => new TimedTraining(name, engine, make));
    const speeds = speedsOf(trainings, effort, machine);
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

export function speedsOf(
  trainings: readonly TimedTraining[],
  { trainingSeconds, rounds }: Effort,
  machine: readonly MachineLimits[],
): ModelSpeed[] {
  for (const training of trainings) training.stepsFor(trainingSeconds);
  const tasks = Object.fromEntries(trainings.map((training, n) => [`${n}`, () => training.rate(trainingSeconds)]));
  const rates = interleave(Math.min(rounds, 5), tasks);
  const speeds = trainings.map(({ workload, engine, heldBytes, steps: { batchSize, cost } }, n) => {
    const alone = trainings.findIndex(
      (each) => each.engine.threads === 1 && (each.engine.blas === null) === (engine.blas === null),
    );
    const rate = median(rates[`${n}`]);
    const speedup = median(rates[`${n}`].map((value, round) => value / rates[`${alone}`][round]));
    const stepMs = (1000 * batchSize) / rate;
    const limit = stepLimit(cost, limitsOf(machine, engine.threads), engine.blas !== null);
    return {
      workload,
      batchSize,
      threads: engine.threads,
      blas: engine.blas !== null,
      examplesPerSecond: rate,
      stepMs,
      speedup,
      torch: null,
      limit,
      shareOfLimit: limit.limitMs / stepMs,
      heldBytes,
    };
  });
  return speeds;
}
