/**
 * A tower of fully connected layers as feature models use it: a_l = dropout(σ(BN(a_{l−1} W_l + b_l))), σ = ReLU. Batch
 * normalisation and dropout are options.
 */
import type { Tensor } from '../engine/expression.ts';
import { add, broadcastRow, linear, relu, rowDot } from '../engine/ops/index.ts';
import { batchNorm, batchNormParameters } from './batch-norm.ts';
import { dropoutLayer, type ForwardPass } from './forward-pass.ts';
import { glorotNormal, zeros } from './initializer.ts';
import type { ParameterDeclaration, Parameters } from './parameters.ts';

export interface TowerOptions {
  readonly dropout: number;
  readonly batchNorm: boolean;
}

/** Parameters `<prefix><l>.W` [n_{l−1}, n_l], `<prefix><l>.b` [n_l] and those of the normalisation, l = 1, 2, … */
export function towerParameters(
  prefix: string,
  sizes: readonly number[],
  options: TowerOptions,
): ParameterDeclaration[] {
  return sizes
    .slice(1)
    .flatMap((n, l) => [
      { name: `${prefix}${l + 1}.W`, shape: [sizes[l], n], initializer: glorotNormal(sizes[l], n) },
      { name: `${prefix}${l + 1}.b`, shape: [n], initializer: zeros },
      ...(options.batchNorm ? batchNormParameters(`${prefix}${l + 1}`, n) : []),
    ]);
}

/** A tower named `layer`, `h` [n_L] and `b` [1], by which it becomes a part of a logit: a_Lᵀ h + b. */
export function deepPartParameters(sizes: readonly number[], options: TowerOptions): ParameterDeclaration[] {
  const last = sizes[sizes.length - 1];
  return [
    ...towerParameters('layer', sizes, options),
    { name: 'h', shape: [last], initializer: glorotNormal(last, 1) },
    { name: 'b', shape: [1], initializer: zeros },
  ];
}

/** a_Lᵀ h + b of x, [B, n₀] → [B, 1]. */
export function deepPart(p: Parameters, layers: number, x: Tensor, options: TowerOptions, pass: ForwardPass): Tensor {
  const top = tower(p, 'layer', layers, x, options, pass);
  return add(rowDot(top, broadcastRow(p.h)), broadcastRow(p.b));
}

/** Applies `layers` layers to x, [B, n₀] → [B, n_L]. */
export function tower(
  p: Parameters,
  prefix: string,
  layers: number,
  x: Tensor,
  options: TowerOptions,
  pass: ForwardPass,
): Tensor {
  for (let l = 1; l <= layers; l++) {
    const name = `${prefix}${l}`;
    const layer = { bias: p[`${name}.b`], relu: !options.batchNorm };
    const z = linear(x, p[`${name}.W`], layer);
    const a = options.batchNorm ? relu(batchNorm(p, name, z, pass)) : z;
    x = dropoutLayer(a, options.dropout, name, pass);
  }
  return x;
}
