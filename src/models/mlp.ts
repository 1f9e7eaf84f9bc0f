/**
 * MLP — a learned similarity, the other half of NCF.
 * He, Liao, Zhang, Nie, Hu, Chua: Neural Collaborative Filtering. WWW 2017, §3.3.
 *
 *   x₀ = p_u ⊕ q_i          x_l = max(0, x_{l−1} W_l + b_l)          ŷ(u, i) = σ( hᵀ x_L + b )
 *
 * W₁ acts on two halves, x₀ W₁ = p_u W₁ᵘ + q_i W₁ⁱ, so that ranking all items computes neither half again.
 * `layers` = [width of x₀, n₁, …, n_L]; the embeddings have half the width of x₀.
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
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import type { PairScoring } from '../scoring/pair-scorer.ts';
import type { Sizes } from '../scoring/scorer.ts';

export const layersOption = z
  .array(z.int().min(1).max(8192))
  .min(2)
  .max(16)
  .refine((layers) => layers[0] % 2 === 0, 'the first entry is the width of p ⊕ q and must be even')
  .meta({
    doc: '[width of p ⊕ q, n₁, …, n_L]',
    search: [
      [64, 32, 16, 8],
      [128, 64, 32, 16],
      [512, 256, 128, 64],
    ],
  });

export const dropoutOption = z
  .number()
  .min(0)
  .lt(1)
  .default(0)
  .meta({ doc: 'share of the hidden units that a training step leaves out', search: [0, 0.1, 0.2, 0.5] });

const options = z.strictObject({
  layers: layersOption.default([256, 128, 64]),
  dropout: dropoutOption,
  deviation: z.number().min(0).default(0.01).meta({ doc: 'standard deviation of the initial embeddings' }),
});

/** Embeddings and layers; shared with NeuMF, whose second branch this is. */
export function mlpDeclarations(layers: readonly number[], deviation: number, sizes: Sizes): ParameterDeclaration[] {
  const half = layers[0] / 2;
  return [
    { name: 'mlp.P', shape: [sizes.nUsers, half], table: 'user', initializer: normal(deviation) },
    { name: 'mlp.Q', shape: [sizes.nItems, half], table: 'item', initializer: normal(deviation) },
    { name: 'layer1.Wu', shape: [half, layers[1]], initializer: glorotUniform(layers[0], layers[1]) },
    { name: 'layer1.Wi', shape: [half, layers[1]], initializer: glorotUniform(layers[0], layers[1]) },
    { name: 'layer1.b', shape: [layers[1]], initializer: zeros },
    ...mlpParameters('layer', layers.slice(1), 2),
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
  { layers, dropout }: { readonly layers: readonly number[]; readonly dropout: number },
  user: Tensor,
  item: Tensor,
  pass: ForwardPass,
): Tensor {
  let x = dropoutLayer(relu(add(user, item)), dropout, 'layer1', pass);
  for (let l = 2; l < layers.length; l++)
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
  parameters: ({ layers, deviation }, sizes) => {
    const last = layers[layers.length - 1];
    return [
      ...mlpDeclarations(layers, deviation, sizes),
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
