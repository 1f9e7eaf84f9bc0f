/**
 * Biases of users and items beside a network that predicts what they leave: those of the model `bias`, fitted before its training and
 * read by the score as numbers of the pair. In training a row reads what they would be without it: fitted on the very rating that is to
 * be predicted they leave too little of it, so that the network would learn of smaller differences than it meets in predictions.
 *
 *   b_u without (u, i)  =  ( (λ_u + n_u) b_u − (r_ui − μ − b_i) ) / (λ_u + n_u − 1)          and b_i the same way
 *
 * which is one step of the alternation without the row, all other biases as they are.
 */
import { z } from 'zod';
import type { Tensor } from '../engine/expression.ts';
import { add, rowSum } from '../engine/ops/index.ts';
import type { RatedRows } from '../examples/forms.ts';
import type { FittedBiases } from '../examples/neighbourhoods.ts';
import { zeros } from '../layers/initializer.ts';
import type { ParameterDeclaration } from '../layers/parameters.ts';
import type { Sizes } from '../scoring/scorer.ts';
import { biasOptions, fitBiases } from './bias.ts';

export const ratingBiasOptions = {
  biases: z
    .boolean()
    .default(true)
    .meta({ doc: 'add b_u + b_i, so that the network learns what they leave; false: the literal form' }),
  ...biasOptions,
};

interface BiasConfig {
  readonly biases: boolean;
  readonly userRegularization: number;
  readonly itemRegularization: number;
}

export function ratingBiasParameters({ biases }: BiasConfig, { nUsers, nItems }: Sizes): ParameterDeclaration[] {
  if (!biases) return [];
  return [
    { name: 'userBias', shape: [nUsers, 1], table: 'user', initializer: zeros },
    { name: 'itemBias', shape: [nItems, 1], table: 'item', initializer: zeros },
  ];
}

/** b_u and b_i, and what they are without each row. */
export function fittedBiases(ratings: RatedRows, sizes: Sizes, config: BiasConfig): FittedBiases {
  const { users, items } = fitBiases(ratings, sizes.nUsers, sizes.nItems, config);
  return {
    users: Float32Array.from(users),
    items: Float32Array.from(items),
    withoutRow: biasesWithoutRow(ratings, { users, items }, config),
  };
}

/** (b_u, b_i) without each row, [rows × 2]. */
function biasesWithoutRow(
  { user, item, value, mean }: RatedRows,
  { users, items }: { readonly users: Float64Array; readonly items: Float64Array },
  { userRegularization, itemRegularization }: BiasConfig,
): Float32Array {
  const [ofUser, ofItem] = [counts(user, users.length), counts(item, items.length)];
  const without = (bias: number, weight: number, rest: number): number =>
    weight > 1 ? (weight * bias - rest) / (weight - 1) : 0;
  const pairs = new Float32Array(2 * value.length);
  value.forEach((rating, row) => {
    const [u, i] = [user[row], item[row]];
    // a row that is alone leaves nothing, whatever λ
    if (ofUser[u] > 1) pairs[2 * row] = without(users[u], userRegularization + ofUser[u], rating - mean - items[i]);
    if (ofItem[i] > 1) pairs[2 * row + 1] = without(items[i], itemRegularization + ofItem[i], rating - mean - users[u]);
  });
  return pairs;
}

function counts(index: Int32Array, n: number): Int32Array {
  const count = new Int32Array(n);
  for (const row of index) count[row]++;
  return count;
}

/** The output and b_u + b_i, [B, 1]. @param biases [B, 2]; null in the literal form */
export function withBiases(output: Tensor, biases: Tensor | null): Tensor {
  return biases ? add(output, rowSum(biases)) : output;
}
