/**
 * Biased MF — matrix factorisation of ratings with biases.
 * Koren, Bell, Volinsky: Matrix Factorization Techniques for Recommender Systems. IEEE Computer 42(8), 2009.
 *
 *   r̂(u, i) = μ + b_u + b_i + p_uᵀ q_i
 *   min Σ_{(u,i)} (r_ui − r̂(u, i))² + λ (b_u² + b_i² + ‖p_u‖² + ‖q_i‖²)
 *
 * μ is the mean rating of training. By mini-batches with Adam; λ is half the optimizer's `l2`, which every rating puts on the rows that it uses.
 */
import { z } from 'zod';
import type { Tensor } from '../engine/expression.ts';
import { add, lookup, rowDot } from '../engine/ops/index.ts';
import { ratingModel } from '../examples/ratings.ts';
import { normal, zeros } from '../layers/initializer.ts';
import { factorsOption } from '../layers/options.ts';
import type { ParameterDeclaration } from '../layers/parameters.ts';
import type { Sizes } from '../scoring/scorer.ts';

export const factorOptions = {
  factors: factorsOption.default(64).meta({ doc: 'length of the user and item vectors', search: [16, 32, 64, 128] }),
  deviation: z.number().min(0).default(0.01).meta({ doc: 'standard deviation of the initial vectors' }),
};

const options = z.strictObject(factorOptions);

/** Vectors and biases; shared with SVD++, which adds to the user's vector. */
export function factorDeclarations(
  { factors, deviation }: z.output<typeof options>,
  { nUsers, nItems }: Sizes,
): ParameterDeclaration[] {
  return [
    { name: 'P', shape: [nUsers, factors], table: 'user', initializer: normal(deviation) },
    { name: 'Q', shape: [nItems, factors], table: 'item', initializer: normal(deviation) },
    { name: 'userBias', shape: [nUsers, 1], table: 'user', initializer: zeros },
    { name: 'itemBias', shape: [nItems, 1], table: 'item', initializer: zeros },
  ];
}

/** p_uᵀ q_i + b_u + b_i */
export const biasedDot = ([p, userBias]: readonly Tensor[], [q, itemBias]: readonly Tensor[]): Tensor =>
  add(add(rowDot(p, q), userBias), itemBias);

export const biasedMf = ratingModel({
  name: 'biased-mf',
  title: 'Biased MF',
  paper: {
    authors: 'Koren, Bell, Volinsky',
    title: 'Matrix Factorization Techniques for Recommender Systems',
    venue: 'IEEE Computer',
    year: 2009,
  },
  options,
  trainingDefaults: { optimizer: { learningRate: 0.002, l2: 0.2 } },
  parameters: factorDeclarations,
  userParts: ({ P, userBias }, user) => [lookup(P, user), lookup(userBias, user)],
  itemParts: ({ Q, itemBias }, item) => [lookup(Q, item), lookup(itemBias, item)],
  score: (_, user, item) => biasedDot(user, item),
});
