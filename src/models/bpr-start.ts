/** Players that start from a BPR-MF: the stage that is trained before the game, and its weights in the players' tables. */
import { z } from 'zod';
import { float32Tensor, type NamedTensor, type NamedTensors } from '../core/named-tensors.ts';
import type { PretrainingStage } from '../examples/model.ts';

export const pretrainOptions = {
  pretrain: z.boolean().default(true).meta({ doc: 'train a BPR-MF first and start from its weights' }),
  pretrainEpochs: z.int().min(1).max(100_000).default(100).meta({ doc: 'epochs of the BPR-MF at most' }),
  pretrainLearningRate: z.number().positive().default(0.002).meta({ doc: 'step size of the BPR-MF (Adam)' }),
  pretrainL2: z.number().min(0).default(0.01).meta({ doc: 'weight of ½‖w‖² of the BPR-MF' }),
};

export interface PretrainOptions {
  readonly factors: number;
  readonly deviation: number;
  readonly pretrain: boolean;
  readonly pretrainEpochs: number;
  readonly pretrainLearningRate: number;
  readonly pretrainL2: number;
}

export function bprStage(config: PretrainOptions): readonly PretrainingStage[] {
  const { pretrain, pretrainEpochs: epochs, pretrainLearningRate: learningRate, pretrainL2: l2 } = config;
  if (!pretrain) return [];
  const { factors, deviation } = config;
  const training = { epochs, negatives: 1, rejectTaken: true, optimizer: { name: 'adam', learningRate, l2 } };
  return [{ model: 'bpr-mf', config: { factors, deviation }, training }];
}

/** Vectors of the users, and those of the items with their biases behind them. */
export function tablesOfBpr(weights: NamedTensors): { readonly user: NamedTensor; readonly item: NamedTensor } {
  const user = weights.get('P');
  const vectors = weights.get('Q');
  if (!user || !vectors) throw new Error('internal: the weights are not those of a BPR-MF');
  const [n, factors] = vectors.shape;
  const q = float32Tensor(weights, 'Q', [n, factors]);
  const b = float32Tensor(weights, 'itemBias', [n, 1]);
  const width = factors + 1;
  const data = Float32Array.from({ length: n * width }, (_, k) => {
    const [row, column] = [Math.floor(k / width), k % width];
    return column < factors ? q[row * factors + column] : b[row];
  });
  return { user, item: { shape: [n, width], data } };
}
