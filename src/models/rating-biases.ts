/** Biases of users and items beside a network that predicts what they leave: those of the model `bias`, fitted before its training. */
import { z } from 'zod';
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Tensor } from '../engine/expression.ts';
import { add, lookup } from '../engine/ops/index.ts';
import type { RatedRows } from '../examples/forms.ts';
import { zeros } from '../layers/initializer.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
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

/** b_u and b_i; nothing in the literal form. */
export function fittedBiases(ratings: RatedRows, { nUsers, nItems }: Sizes, config: BiasConfig): NamedTensors {
  if (!config.biases) return new Map();
  const { users, items } = fitBiases(ratings, nUsers, nItems, config);
  return new Map([
    ['userBias', { shape: [nUsers, 1], data: Float32Array.from(users) }],
    ['itemBias', { shape: [nItems, 1], data: Float32Array.from(items) }],
  ]);
}

/** The output and b_u + b_i, [B, 1]. */
export function withBiases(
  p: Parameters,
  output: Tensor,
  user: Tensor,
  item: Tensor,
  { biases }: { readonly biases: boolean },
): Tensor {
  return biases ? add(output, add(lookup(p.userBias, user), lookup(p.itemBias, item))) : output;
}
