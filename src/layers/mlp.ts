/** Parameters of a tower of fully connected layers, x_l = max(0, x_{l−1} W_l + b_l). */
import { glorotUniform, zeros } from './initializer.ts';
import type { ParameterDeclaration } from './parameters.ts';

/** Parameters `<prefix><l>.W` [n_{l−1}, n_l] and `<prefix><l>.b` [n_l], l = first, first + 1, … */
export function mlpParameters(prefix: string, sizes: readonly number[], first = 1): ParameterDeclaration[] {
  return sizes.slice(1).flatMap((n, l) => [
    { name: `${prefix}${first + l}.W`, shape: [sizes[l], n], initializer: glorotUniform(sizes[l], n) },
    { name: `${prefix}${first + l}.b`, shape: [n], initializer: zeros },
  ]);
}
