/** The linear part that all feature models share: w₀ + Σ_i w_i x_i. */
import type { FieldLayout } from '../data/features/field-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { add, broadcastRow, rowSum } from '../engine/ops/index.ts';
import type { FieldInputs } from './field-inputs.ts';
import { type Initializer, normal, zeros } from './initializer.ts';
import { factorsOption } from './options.ts';
import type { ParameterDeclaration, Parameters } from './parameters.ts';

/** Length of the vector of a feature, for models over fields. */
export const featureFactorsOption = factorsOption
  .default(10)
  .meta({ doc: 'd, length of the vector of a feature', search: [8, 10, 16, 32, 64] });

/** w₀ [1] and w [n, 1], both 0 at the start. */
export function linearParameters({ nRows }: FieldLayout): ParameterDeclaration[] {
  return [
    { name: 'w0', shape: [1], initializer: zeros },
    { name: 'w', shape: [nRows, 1], table: 'field', initializer: zeros },
  ];
}

/** V [n, d]. */
export function embeddingParameter({ nRows }: FieldLayout, d: number, deviation: number): ParameterDeclaration {
  const initializer: Initializer = normal(deviation);
  return { name: 'V', shape: [nRows, d], table: 'field', initializer };
}

/** w₀ + Σ_i w_i x_i, [B, 1]. */
export function linearTerms(p: Parameters, inputs: FieldInputs): Tensor {
  return add(rowSum(inputs.embed(p.w)), broadcastRow(p.w0));
}
