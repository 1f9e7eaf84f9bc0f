/**
 * Attention pooling: of the T vectors of each sequence one, their mean weighted by how well they fit a query.
 *
 *   a_t = w₂ · tanh(W₁ h_t + V q + b₁)     α = softmax(a_1 … a_length)     s = Σ_t α_t h_t
 *
 * The two attentions of DSCF (Fan et al., IJCAI 2019): over the steps of a walk, and over the walks of a person; the query is the
 * pair of user and item. Without a query it is that of Yang et al., NAACL 2016. A sequence of length 0 gives zeros.
 */
import type { Tensor } from '../engine/expression.ts';
import { add, affine, linear, maskedSoftmax, poolSteps, repeatFields, slice, tanh } from '../engine/ops/index.ts';
import { glorotUniform, zeros } from './initializer.ts';
import type { ParameterDeclaration, Parameters } from './parameters.ts';

export interface AttentionSizes {
  /** Width m of the vectors. */
  readonly width: number;
  /** Hidden units of the score. */
  readonly units: number;
  /** Width of the query; absent = there is none. */
  readonly query?: number;
}

/** `<prefix>.W` [m, a], `<prefix>.b` [a], `<prefix>.w` [a, 1], and `<prefix>.V` [q, a] where there is a query. */
export function attentionParameters(prefix: string, { width, units, query }: AttentionSizes): ParameterDeclaration[] {
  return [
    { name: `${prefix}.W`, shape: [width, units], initializer: glorotUniform(width, units) },
    { name: `${prefix}.b`, shape: [units], initializer: zeros },
    { name: `${prefix}.w`, shape: [units, 1], initializer: glorotUniform(units, 1) },
    ...(query ? [{ name: `${prefix}.V`, shape: [query, units], initializer: glorotUniform(query, units) }] : []),
  ];
}

/**
 * [B, S · T · m] → [B, S · m].
 * @param h T vectors of each of S sequences a row
 * @param lengths [B, S]: vectors of each sequence that are there
 * @param query [B, q], the same for all sequences of a row
 */
export function attentionPooling(
  parameters: Parameters,
  prefix: string,
  h: Tensor,
  lengths: Tensor,
  query?: Tensor,
): Tensor {
  const of = (name: string): Tensor => parameters[`${prefix}.${name}`];
  const groups = h.size / of('W').shape[0];
  const ofSteps = linear(h, of('W'), { bias: of('b'), groups });
  const hidden = query ? add(ofSteps, repeatFields(linear(query, of('V')), groups)) : ofSteps;
  const scores = linear(tanh(hidden), of('w'), { groups });
  return poolSteps(maskedSoftmax(scores, lengths), h, groups / lengths.size);
}

/**
 * The mean of the vectors in place of the attention, [B, S · T · m] → [B, S · m]; of a sequence of length 0 zeros.
 * @param width m
 * @param lengths [B, S]: vectors of each sequence that are there
 */
export function meanPooling(h: Tensor, width: number, lengths: Tensor): Tensor {
  const groups = h.size / width;
  const alike = affine(slice(h, 0, groups), 0);
  return poolSteps(maskedSoftmax(alike, lengths), h, groups / lengths.size);
}
