/**
 * The peer that JavaScript users know: NeuMF's training step in TensorFlow.js on its WebAssembly backend.
 *
 * tfjs has no sparse optimizer, so Adam updates whole tables. Its WebAssembly backend has no kernel for the gradient of
 * `gather` either (`UnsortedSegmentSum`); the lookup here brings its own gradient, `scatterND`, which the backend has.
 * tfjs is no dependency of this project: it is imported from a folder that the caller names, or skipped.
 */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RandomStream } from '../../src/core/random.ts';
import type { Floats, NeumfBatch, NeumfWeights } from './neumf-step.ts';
import {
  learningRate,
  nPoolBatches,
  type PeerOptions,
  type PeerSkipped,
  type PeerTiming,
  peerDefaults,
  randomBatches,
  randomWeights,
} from './workload.ts';

export interface TfjsOptions extends PeerOptions {
  /** Folder whose `node_modules` holds `@tensorflow/tfjs` and `@tensorflow/tfjs-backend-wasm` (default: current). */
  from?: string;
}

export interface TfjsTiming extends PeerTiming {
  tfjs: string;
  backend: string;
}

/** The part of tfjs's API that the model needs. */
interface Tensor {
  readonly shape: number[];
  dispose(): void;
  data(): Promise<Float32Array>;
}
type Variable = Tensor & { readonly isVariable: true };
type Gradients = { value: Tensor; gradFunc: (dy: Tensor) => Tensor };
interface Tensorflow {
  version: { tfjs: string };
  setBackend(name: string): Promise<boolean>;
  getBackend(): string;
  ready(): Promise<void>;
  tensor(values: Float32Array, shape: number[]): Tensor;
  tensor1d(values: Int32Array, dtype: 'int32'): Tensor;
  tensor2d(values: Int32Array, shape: [number, number], dtype: 'int32'): Tensor;
  variable(initial: Tensor, trainable: boolean): Variable;
  gather(table: Tensor, rows: Tensor): Tensor;
  scatterND(rows: Tensor, updates: Tensor, shape: number[]): Tensor;
  customGrad(rule: (table: Tensor) => Gradients): (table: Tensor) => Tensor;
  concat(parts: Tensor[], axis: number): Tensor;
  mul(a: Tensor, b: Tensor): Tensor;
  fused: { matMul(call: { a: Tensor; b: Tensor; bias: Tensor; activation: 'relu' | 'linear' }): Tensor };
  losses: { sigmoidCrossEntropy(labels: Tensor, logits: Tensor): Tensor };
  train: {
    adam(
      rate: number,
      beta1: number,
      beta2: number,
      epsilon: number,
    ): { minimize(loss: () => Tensor, returnCost: true): Tensor; dispose(): void };
  };
}

interface TensorBatch {
  users: Tensor;
  items: Tensor;
  /** The same rows as [B, 1], as `scatterND` wants them. */
  userRows: Tensor;
  itemRows: Tensor;
  /** [B, 1] */
  labels: Tensor;
}

const nWarmUpSteps = 4;

/** Times training steps for `seconds` after a short warm-up; making the batches is not timed. */
export async function tfjsPeer(options: TfjsOptions = {}): Promise<TfjsTiming | PeerSkipped> {
  const { batchSize, seconds, seed, shape } = peerDefaults('tfjsPeer', options);
  const tf = await loadTfjs(options.from ?? '.');
  if ('skipped' in tf) return tf;

  const random = new RandomStream(seed, 'bench/tfjs');
  const weights = randomWeights(shape, random.child('weights'));
  const batches = randomBatches(shape, batchSize, nPoolBatches, random.child('batches'));
  const { train, dispose } = tfjsTrainer(tf, weights, batches);
  for (let step = 0; step < nWarmUpSteps; step++) await train(step);
  const start = performance.now();
  let steps = 0;
  let elapsedMs = 0;
  do {
    await train(nWarmUpSteps + steps++);
    elapsedMs = performance.now() - start;
  } while (elapsedMs < 1000 * seconds);
  dispose();
  const examplesPerSecond = (1000 * steps * batchSize) / elapsedMs;
  return { examplesPerSecond, stepMs: elapsedMs / steps, steps, tfjs: tf.version.tfjs, backend: tf.getBackend() };
}

/** tfjs with its WebAssembly backend ready, or why there is none. */
export async function loadTfjs(from: string): Promise<Tensorflow | PeerSkipped> {
  const find = createRequire(pathToFileURL(resolve(from, 'package.json')));
  try {
    const tf = find('@tensorflow/tfjs') as Tensorflow;
    find('@tensorflow/tfjs-backend-wasm');
    if (!(await tf.setBackend('wasm'))) return { skipped: 'tfjs: the WebAssembly backend did not start' };
    await tf.ready();
    return tf;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { skipped: `tfjs cannot be imported: ${reason}` };
  }
}

/** `train(step)` does one step on batch `step` (modulo the pool) and resolves to its mean loss before the update. */
export function tfjsTrainer(tf: Tensorflow, initial: NeumfWeights, batches: NeumfBatch[]) {
  const weights = toVariables(tf, initial);
  const pool = batches.map((batch) => toTensors(tf, batch));
  const adam = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
  const train = async (step: number): Promise<number> => {
    const cost = adam.minimize(() => meanLoss(tf, weights, pool[step % pool.length]), true);
    const [loss] = await cost.data();
    cost.dispose();
    return loss;
  };
  const dispose = () => {
    adam.dispose();
    const { userGmf, itemGmf, userMlp, itemMlp, layers, h, bias } = weights;
    const dense = layers.flatMap(({ W, b }) => [W, b]);
    for (const each of [userGmf, itemGmf, userMlp, itemMlp, ...dense, h, bias]) each.dispose();
    for (const batch of pool) for (const each of Object.values(batch) as Tensor[]) each.dispose();
  };
  return { train, dispose, weights };
}

type Variables = ReturnType<typeof toVariables>;

function toVariables(tf: Tensorflow, weights: NeumfWeights) {
  const top = weights.layers[weights.layers.length - 1].b.length;
  const gmfDim = weights.h.length - top;
  const mlpDim = weights.layers[0].W.length / weights.layers[0].b.length / 2;
  const variable = (values: Floats, shape: number[]): Variable => {
    const start = tf.tensor(Float32Array.from(values), shape);
    const made = tf.variable(start, true);
    start.dispose();
    return made;
  };
  const matrix = (values: Floats, width: number) => variable(values, [values.length / width, width]);
  const vector = (values: Floats) => variable(values, [values.length]);
  return {
    userGmf: matrix(weights.userGmf, gmfDim),
    itemGmf: matrix(weights.itemGmf, gmfDim),
    userMlp: matrix(weights.userMlp, mlpDim),
    itemMlp: matrix(weights.itemMlp, mlpDim),
    layers: weights.layers.map(({ W, b }) => ({ W: matrix(W, b.length), b: vector(b) })),
    h: matrix(weights.h, 1),
    bias: vector(weights.bias),
  };
}

function toTensors(tf: Tensorflow, { users, items, labels }: NeumfBatch): TensorBatch {
  const n = users.length;
  return {
    users: tf.tensor1d(users, 'int32'),
    items: tf.tensor1d(items, 'int32'),
    userRows: tf.tensor2d(users, [n, 1], 'int32'),
    itemRows: tf.tensor2d(items, [n, 1], 'int32'),
    labels: tf.tensor(Float32Array.from(labels), [n, 1]),
  };
}

function meanLoss(tf: Tensorflow, weights: Variables, batch: TensorBatch): Tensor {
  const user = (table: Tensor) => lookup(tf, table, batch.users, batch.userRows);
  const item = (table: Tensor) => lookup(tf, table, batch.items, batch.itemRows);
  let deep = tf.concat([user(weights.userMlp), item(weights.itemMlp)], 1);
  for (const { W, b } of weights.layers) deep = tf.fused.matMul({ a: deep, b: W, bias: b, activation: 'relu' });
  const both = tf.concat([tf.mul(user(weights.userGmf), item(weights.itemGmf)), deep], 1);
  const logit = tf.fused.matMul({ a: both, b: weights.h, bias: weights.bias, activation: 'linear' });
  return tf.losses.sigmoidCrossEntropy(batch.labels, logit);
}

/** Rows of a table, [U, d] → [B, d], with a gradient that the WebAssembly backend can compute. */
function lookup(tf: Tensorflow, table: Tensor, indices: Tensor, rows: Tensor): Tensor {
  return tf.customGrad((whole) => ({
    value: tf.gather(whole, indices),
    gradFunc: (dy) => tf.scatterND(rows, dy, whole.shape),
  }))(table);
}
