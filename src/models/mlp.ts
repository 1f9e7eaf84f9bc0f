/**
 * MLP — a learned similarity, the other half of NCF.
 * He, Liao, Zhang, Nie, Hu, Chua: Neural Collaborative Filtering. WWW 2017, §3.3.
 *
 *   x₀ = p_u ⊕ q_i          x_l = max(0, x_{l−1} W_l + b_l)          ŷ(u, i) = σ( hᵀ x_L + b )
 *
 * W₁ acts on two halves, x₀ W₁ = p_u W₁ᵘ + q_i W₁ⁱ, so that ranking all items computes neither half again.
 * `factors` is the length of p_u and of q_i, so that x₀ has twice as many numbers; `hidden` = [n₁, …, n_L].
 */
import { z } from 'zod';
import type { Tensor } from '../engine/expression.ts';
import { add, broadcastRow, linear, linearRelu, lookup, relu, rowDot } from '../engine/ops/index.ts';
import type { ModelHead } from '../examples/model.ts';
import { pairModel } from '../examples/pairs.ts';
import { ratingModel } from '../examples/ratings.ts';
import { dropoutLayer, type ForwardPass } from '../layers/forward-pass.ts';
import { glorotUniform, lecunUniform, normal, zeros } from '../layers/initializer.ts';
import { mlpParameters } from '../layers/mlp.ts';
import { deviationOption, dropoutOption, factorsOption, hiddenOption } from '../layers/options.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import type { PairScoring } from '../scoring/pair-scorer.ts';
import type { Sizes } from '../scoring/scorer.ts';

/** At least one layer: without any there is no likeness of a user and an item. */
export const mlpHiddenOption = hiddenOption.min(1).meta({
  doc: '[n₁, …, n_L], sizes of the hidden layers',
  search: [
    [32, 16, 8],
    [64, 32, 16],
    [256, 128, 64],
  ],
});

export const mlpDropoutOption = dropoutOption
  .default(0)
  .meta({ doc: 'share of the hidden units that a training step leaves out', search: [0, 0.1, 0.2, 0.5] });

const options = z.strictObject({
  factors: factorsOption.default(128).meta({ doc: 'length of p and of q', search: [16, 32, 64, 128] }),
  hidden: mlpHiddenOption.default([128, 64]),
  dropout: mlpDropoutOption,
  deviation: deviationOption.default(0.01),
});

type Config = z.output<typeof options>;

/** Of [width of p ⊕ q, n₁, …, n_L], the form of version 0.1; the factors are NaN where it is none. */
export function formerLayers(layers: unknown): Pick<Config, 'factors' | 'hidden'> {
  const [width, ...hidden] = Array.isArray(layers) ? layers : [Number.NaN];
  return { factors: width / 2, hidden };
}

/** Width of x_L. */
export const lastOf = (hidden: readonly number[]): number => hidden[hidden.length - 1];

/** Embeddings and layers; shared with NeuMF, whose second branch this is. */
export function mlpDeclarations(
  { factors, hidden, deviation }: Pick<Config, 'factors' | 'hidden' | 'deviation'>,
  sizes: Sizes,
): ParameterDeclaration[] {
  const first = { shape: [factors, hidden[0]], initializer: glorotUniform(2 * factors, hidden[0]) };
  return [
    { name: 'mlp.P', shape: [sizes.nUsers, factors], table: 'user', initializer: normal(deviation) },
    { name: 'mlp.Q', shape: [sizes.nItems, factors], table: 'item', initializer: normal(deviation) },
    { name: 'layer1.Wu', ...first },
    { name: 'layer1.Wi', ...first },
    { name: 'layer1.b', shape: [hidden[0]], initializer: zeros },
    ...mlpParameters('layer', hidden, 2),
  ];
}

/** p_u W₁ᵘ */
export const userHalf = (p: Parameters, user: Tensor): Tensor => linear(lookup(p['mlp.P'], user), p['layer1.Wu']);

/** q_i W₁ⁱ + b₁ */
export const itemHalf = (p: Parameters, item: Tensor): Tensor =>
  linear(lookup(p['mlp.Q'], item), p['layer1.Wi'], { bias: p['layer1.b'] });

/** x_L from the two halves of the first layer. */
export function topOfTower(
  p: Parameters,
  { hidden, dropout }: Pick<Config, 'hidden' | 'dropout'>,
  user: Tensor,
  item: Tensor,
  pass: ForwardPass,
): Tensor {
  let x = dropoutLayer(relu(add(user, item)), dropout, 'layer1', pass);
  for (let l = 2; l <= hidden.length; l++)
    x = dropoutLayer(linearRelu(x, p[`layer${l}.W`], p[`layer${l}.b`]), dropout, `layer${l}`, pass);
  return x;
}

type Options = z.output<typeof options>;

const parts: ModelHead<Options> & PairScoring<Options> = {
  name: 'mlp',
  title: 'MLP',
  paper: {
    authors: 'He, Liao, Zhang, Nie, Hu, Chua',
    title: 'Neural Collaborative Filtering',
    venue: 'WWW',
    year: 2017,
  },
  options,
  former: { layers: formerLayers },
  parameters: (config, sizes) => {
    const last = lastOf(config.hidden);
    return [
      ...mlpDeclarations(config, sizes),
      { name: 'h', shape: [last], initializer: lecunUniform(last) },
      { name: 'b', shape: [1], initializer: zeros },
    ];
  },
  userParts: (p, user) => [userHalf(p, user)],
  itemParts: (p, item) => [itemHalf(p, item)],
  score: (p, [user], [item], config, pass) =>
    add(rowDot(topOfTower(p, config, user, item, pass), broadcastRow(p.h)), broadcastRow(p.b)),
};

export const mlp = pairModel({
  ...parts,
  loss: 'pointwise',
  trainingDefaults: { negatives: 4 },
  rating: ratingModel({ ...parts, trainingDefaults: { optimizer: { l2: 0.003 } } }),
});
