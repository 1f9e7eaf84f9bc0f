/**
 * A layer of gated recurrent units, one step: from the input and the state before it to the new state.
 *
 *   original (Cho et al., EMNLP 2014)            framework (cuDNN and those that use it)
 *   r = σ(x W_r + h U_r + b_r)                   r = σ(x W_r + h U_r + b_r + c_r)
 *   z = σ(x W_z + h U_z + b_z)                   z = σ(x W_z + h U_z + b_z + c_z)
 *   n = tanh(x W_n + (r ⊙ h) U_n + b_n)          n = tanh(x W_n + b_n + r ⊙ (h U_n + c_n))
 *   h′ = (1 − z) ⊙ h + z ⊙ n                     h′ = (1 − z) ⊙ n + z ⊙ h
 */
import type { Tensor } from '../engine/expression.ts';
import { add, broadcastRow, gruCell, gruOriginal, gruReset, linear, lookup } from '../engine/ops/index.ts';
import { glorotUniform, zeros } from './initializer.ts';
import type { ParameterDeclaration, Parameters } from './parameters.ts';

export type GruForm = 'original' | 'framework';

/**
 * Parameters of one layer, columns in the order of the gates r, z, n. Every gate's block starts as a matrix of its own (Glorot).
 * @param oneHot the input is one row of `inputs` rows: W is then a table
 */
export function gruParameters(
  prefix: string,
  inputs: number,
  units: number,
  form: GruForm,
  oneHot = false,
): ParameterDeclaration[] {
  const recurrent = glorotUniform(units, units);
  const input = { name: `${prefix}.W`, shape: [inputs, 3 * units], initializer: glorotUniform(inputs, units) };
  return [
    oneHot ? { ...input, table: 'item' as const } : input,
    { name: `${prefix}.b`, shape: [3 * units], initializer: zeros },
    ...(form === 'original'
      ? [
          { name: `${prefix}.U`, shape: [units, 2 * units], initializer: recurrent },
          { name: `${prefix}.Un`, shape: [units, units], initializer: recurrent },
        ]
      : [
          { name: `${prefix}.U`, shape: [units, 3 * units], initializer: recurrent },
          { name: `${prefix}.c`, shape: [3 * units], initializer: zeros },
        ]),
  ];
}

/**
 * h′ [B, H].
 * @param x [B, n], or the index of a row where the input is one-hot
 * @param h [B, H]
 */
export function gruLayer(parameters: Parameters, prefix: string, form: GruForm, x: Tensor, h: Tensor): Tensor {
  const of = (name: string): Tensor => parameters[`${prefix}.${name}`];
  const gx = x.op.integers ? add(lookup(of('W'), x), broadcastRow(of('b'))) : linear(x, of('W'), { bias: of('b') });
  if (form === 'framework') return gruCell(gx, linear(h, of('U'), { bias: of('c') }), h);
  const gu = linear(h, of('U'));
  return gruOriginal(gx, gu, linear(gruReset(gx, gu, h), of('Un')), h);
}
