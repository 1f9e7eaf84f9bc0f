/**
 * NeuMF — neural matrix factorisation: GMF and MLP with embeddings of their own, joined in the last layer.
 * He, Liao, Zhang, Nie, Hu, Chua: Neural Collaborative Filtering. WWW 2017, §3.4.
 *
 *   ŷ(u, i) = σ( hᵀ [ (p_u ⊙ q_i) ⊕ x_L ] + b )          x_L as in MLP
 *
 * With `pretrain`, GMF and MLP are trained alone first; then h ← [α h_GMF ⊕ (1 − α) h_MLP], b ← α b_GMF + (1 − α) b_MLP, and
 * training goes on with plain SGD, since the moments of Adam do not belong to the joined model (§3.4.1).
 */
import { z } from 'zod';
import { float32Tensor, type NamedTensor } from '../core/named-tensors.ts';
import { add, broadcastRow, lookup, multiply, rowDot } from '../engine/ops/index.ts';
import type { ModelHead } from '../examples/model.ts';
import { type PairParts, pairModel } from '../examples/pairs.ts';
import { ratingModel } from '../examples/ratings.ts';
import { lecunUniform, normal, zeros } from '../layers/initializer.ts';
import { deviationOption, factorsOption } from '../layers/options.ts';
import type { PairScoring } from '../scoring/pair-scorer.ts';
import {
  formerLayers,
  itemHalf,
  lastOf,
  mlpDeclarations,
  mlpDropoutOption,
  mlpHiddenOption,
  topOfTower,
  userHalf,
} from './mlp.ts';

const stageEpochs = z.int().min(1).max(100_000).default(20);
const stageRate = z.number().positive().default(0.001);
const stageL2 = z.number().min(0).default(0);

const options = z.strictObject({
  factors: factorsOption
    .default(64)
    .meta({ doc: 'f, length of the vectors of the GMF branch', search: [8, 16, 32, 64] }),
  mlpFactors: factorsOption.default(64).meta({ doc: 'length of the vectors of the MLP branch', search: [16, 32, 64] }),
  hidden: mlpHiddenOption.default([64, 32, 16]),
  dropout: mlpDropoutOption,
  deviation: deviationOption.default(0.01),
  pretrain: z.boolean().default(false).meta({ doc: 'train GMF and MLP first and start from both' }),
  alpha: z.number().min(0).max(1).default(0.5).meta({ doc: 'α, weight of GMF in the joined output layer' }),
  gmfEpochs: stageEpochs.meta({ doc: 'epochs of GMF alone, at most' }),
  gmfLearningRate: stageRate.meta({ doc: 'learning rate of Adam for GMF alone' }),
  gmfL2: stageL2.meta({ doc: 'optimizer.l2 for GMF alone' }),
  mlpEpochs: stageEpochs.meta({ doc: 'epochs of MLP alone, at most' }),
  mlpLearningRate: stageRate.meta({ doc: 'learning rate of Adam for MLP alone' }),
  mlpL2: stageL2.meta({ doc: 'optimizer.l2 for MLP alone' }),
  fusedLearningRate: z.number().positive().default(0.001).meta({ doc: 'learning rate of SGD after the fusion' }),
});

/** Parameters of one branch as a model of its own: renamed, with its half of the output layer. */
const scaled = (tensor: NamedTensor, factor: number): Float32Array =>
  Float32Array.from(tensor.data as Float32Array, (x) => factor * x);

type Options = z.output<typeof options>;

const parts: ModelHead<Options> & PairScoring<Options> & Pick<PairParts<Options>, 'pretraining' | 'fuse'> = {
  name: 'neumf',
  title: 'NeuMF',
  paper: {
    authors: 'He, Liao, Zhang, Nie, Hu, Chua',
    title: 'Neural Collaborative Filtering',
    venue: 'WWW',
    year: 2017,
  },
  options,
  former: {
    layers: (value) => {
      const { factors, hidden } = formerLayers(value);
      return { mlpFactors: factors, hidden };
    },
  },
  parameters: ({ factors, mlpFactors, hidden, deviation }, sizes) => {
    const last = lastOf(hidden);
    const output = lecunUniform(factors + last);
    return [
      { name: 'gmf.P', shape: [sizes.nUsers, factors], table: 'user', initializer: normal(deviation) },
      { name: 'gmf.Q', shape: [sizes.nItems, factors], table: 'item', initializer: normal(deviation) },
      ...mlpDeclarations({ factors: mlpFactors, hidden, deviation }, sizes),
      { name: 'h.gmf', shape: [factors], initializer: output },
      { name: 'h.mlp', shape: [last], initializer: output },
      { name: 'b', shape: [1], initializer: zeros },
    ];
  },
  userParts: (p, user) => [multiply(lookup(p['gmf.P'], user), broadcastRow(p['h.gmf'])), userHalf(p, user)],
  itemParts: (p, item) => [lookup(p['gmf.Q'], item), itemHalf(p, item)],
  score: (p, [hp, userLayer], [q, itemLayer], config, pass) => {
    const gmf = rowDot(hp, q);
    const mlp = rowDot(topOfTower(p, config, userLayer, itemLayer, pass), broadcastRow(p['h.mlp']));
    return add(add(gmf, mlp), broadcastRow(p.b));
  },
  pretraining: ({ pretrain, factors, mlpFactors, hidden, dropout, deviation, ...stage }) => {
    if (!pretrain) return [];
    const training = (epochs: number, learningRate: number, l2: number) => ({
      epochs,
      optimizer: { name: 'adam', learningRate, l2, schedule: 'constant' },
    });
    return [
      {
        model: 'gmf',
        config: { factors, deviation },
        training: training(stage.gmfEpochs, stage.gmfLearningRate, stage.gmfL2),
      },
      {
        model: 'mlp',
        config: { factors: mlpFactors, hidden, dropout, deviation },
        training: training(stage.mlpEpochs, stage.mlpLearningRate, stage.mlpL2),
      },
    ];
  },
  fuse: ({ alpha, factors, hidden, fusedLearningRate }, [gmf, mlp]) => {
    const last = lastOf(hidden);
    const weights = new Map<string, NamedTensor>();
    for (const [name, tensor] of mlp) if (name !== 'h' && name !== 'b') weights.set(name, tensor);
    weights.set('gmf.P', gmf.get('P') as NamedTensor);
    weights.set('gmf.Q', gmf.get('Q') as NamedTensor);
    weights.set('h.gmf', { shape: [factors], data: scaled(gmf.get('h') as NamedTensor, alpha) });
    weights.set('h.mlp', { shape: [last], data: scaled(mlp.get('h') as NamedTensor, 1 - alpha) });
    const b = alpha * float32Tensor(gmf, 'b', [1])[0] + (1 - alpha) * float32Tensor(mlp, 'b', [1])[0];
    weights.set('b', { shape: [1], data: Float32Array.of(b) });
    return { weights, training: { optimizer: { name: 'sgd', learningRate: fusedLearningRate } } };
  },
};

export const neumf = pairModel({
  ...parts,
  loss: 'pointwise',
  trainingDefaults: { negatives: 4 },
  rating: ratingModel({ ...parts, trainingDefaults: { optimizer: { l2: 0.003 } } }),
});
