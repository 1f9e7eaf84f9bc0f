/** A tower of fully connected layers with ReLU: x_l = max(0, x_{l−1} W_l + b_l). */
import type { Tensor } from '../engine/expression.ts';
import { linearRelu } from '../engine/ops/index.ts';
import { glorotUniform, zeros } from './initializer.ts';
import type { ParameterDeclaration, Parameters } from './parameters.ts';

/** Parameters `<prefix><l>.W` [n_{l−1}, n_l] and `<prefix><l>.b` [n_l], l = first, first + 1, … */
export function mlpParameters(prefix: string, sizes: readonly number[], first = 1): ParameterDeclaration[] {
  return sizes.slice(1).flatMap((n, l) => [
    { name: `${prefix}${first + l}.W`, shape: [sizes[l], n], initializer: glorotUniform(sizes[l], n) },
    { name: `${prefix}${first + l}.b`, shape: [n], initializer: zeros },
  ]);
}

/** Applies `layers` layers to x, [B, n₀] → [B, n_L]. */
export function mlp(parameters: Parameters, prefix: string, layers: number, x: Tensor, first = 1): Tensor {
  for (let l = first; l < first + layers; l++)
    x = linearRelu(x, parameters[`${prefix}${l}.W`], parameters[`${prefix}${l}.b`]);
  return x;
}
