/** The workload that all peers are timed on: NeuMF at the size of MovieLens-1M, on random examples made beforehand. */
import { DeepTasteError } from '../../src/core/errors.ts';
import type { RandomStream } from '../../src/core/random.ts';
import type { NeumfBatch, NeumfWeights } from './neumf-step.ts';

export interface NeumfShape {
  nUsers: number;
  nItems: number;
  /** embedding size in both branches */
  dim: number;
  /** sizes of the MLP's layers above its input of 2·dim */
  hidden: readonly number[];
}

export interface PeerOptions {
  /** examples a step */
  batchSize?: number;
  /** timed seconds, after warm-up */
  seconds?: number;
  seed?: number;
  shape?: NeumfShape;
}

export interface PeerTiming {
  examplesPerSecond: number;
  stepMs: number;
  steps: number;
}

/** A peer that this machine cannot run. */
export interface PeerSkipped {
  skipped: string;
}

export const learningRate = 0.001;
export const nPoolBatches = 64;
export const movielens1m: NeumfShape = { nUsers: 6040, nItems: 3706, dim: 64, hidden: [64, 32, 16] };

export function peerDefaults(where: string, options: PeerOptions): Required<PeerOptions> {
  const { batchSize = 2048, seconds = 2, seed = 1, shape = movielens1m } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new DeepTasteError('config', `${where}: batchSize must be an integer ≥ 1, got ${batchSize}`, { batchSize });
  if (!(seconds > 0 && seconds < Number.POSITIVE_INFINITY))
    throw new DeepTasteError('config', `${where}: seconds must be a positive number, got ${seconds}`, { seconds });
  return { batchSize, seconds, seed, shape };
}

/** Embeddings N(0, 0.01²), layers uniform in ±√(6 / (in + out)), biases 0; float32. */
export function randomWeights(shape: NeumfShape, random: RandomStream): NeumfWeights {
  const { nUsers, nItems, dim, hidden } = shape;
  const table = (name: string, rows: number) => {
    const stream = random.child(name);
    return new Float32Array(rows * dim).map(() => 0.01 * stream.normal());
  };
  const dense = (name: string, fanIn: number, fanOut: number) => {
    const stream = random.child(name);
    const limit = Math.sqrt(6 / (fanIn + fanOut));
    return new Float32Array(fanIn * fanOut).map(() => limit * (2 * stream.uniform() - 1));
  };
  const widths = [2 * dim, ...hidden];
  return {
    userGmf: table('userGmf', nUsers),
    itemGmf: table('itemGmf', nItems),
    userMlp: table('userMlp', nUsers),
    itemMlp: table('itemMlp', nItems),
    layers: hidden.map((out, l) => ({ W: dense(`layer${l}`, widths[l], out), b: new Float32Array(out) })),
    h: dense('h', dim + widths[widths.length - 1], 1),
    bias: new Float32Array(1),
  };
}

/** `n` batches of uniform users and items and fair-coin labels. */
export function randomBatches(shape: NeumfShape, batchSize: number, n: number, random: RandomStream): NeumfBatch[] {
  return Array.from({ length: n }, () => ({
    users: new Int32Array(batchSize).map(() => random.below(shape.nUsers)),
    items: new Int32Array(batchSize).map(() => random.below(shape.nItems)),
    labels: new Float32Array(batchSize).map(() => random.below(2)),
  }));
}
