/**
 * Pairs of fields behind gates (Liu, Zhu, Li, et al.: AutoFIS. KDD 2020, eq. 5 and 8):
 *
 *   Σ_{i<j} α_ij m_ij BN(⟨e_i, e_j⟩)
 *
 * e_f is the sum of the vectors of a field's values, BN a batch normalisation without scale and shift, so that the size of α_ij alone
 * says how much a pair adds. m_ij is 1 for the pairs that are there and 0 for those that are left out.
 */
import { DeepTasteError } from '../core/errors.ts';
import type { EncodedField, FieldLayout } from '../data/features/field-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { concat, constant, dotSteps, multiply, rowSum, slice } from '../engine/ops/index.ts';
import { normaliseBatch } from './batch-norm.ts';
import { type FieldInputs, fieldsInOrder } from './field-inputs.ts';
import type { ForwardPass } from './forward-pass.ts';
import { ones, zeros } from './initializer.ts';
import type { ParameterDeclaration, Parameters } from './parameters.ts';

/** α at the start; the authors' code draws from U(.599, .601). */
const START = 0.6;
/** Products of small vectors have variances far below the usual ε. */
const EPSILON = 1e-12;

/** The pairs of fields i < j in the order of their gates. @throws 'config' for a layout of less than two fields */
export function fieldPairs(layout: FieldLayout): (readonly [EncodedField, EncodedField])[] {
  const fields = fieldsInOrder(layout);
  if (fields.length < 2)
    throw new DeepTasteError(
      'config',
      `features: pairs of fields are searched among at least two fields, found ${fields.length}; name more columns as fields, or ` +
        'take model lr',
    );
  return fields.flatMap((first, i) => fields.slice(i + 1).map((second) => [first, second] as const));
}

/** α `pairs.gate`, m `pairs.mask` and the statistics of the products, [P] each. */
export function gatedPairParameters(layout: FieldLayout): ParameterDeclaration[] {
  const shape = [fieldPairs(layout).length];
  return [
    { name: 'pairs.gate', shape, initializer: { kind: 'constant', value: START } },
    { name: 'pairs.mask', shape, initializer: ones, kept: true },
    { name: 'pairs.mean', shape, initializer: zeros, kept: true },
    { name: 'pairs.variance', shape, initializer: zeros, kept: true },
  ];
}

/** Σ_{i<j} α_ij m_ij BN(⟨e_i, e_j⟩) of vectors of d numbers, [B, 1]. */
export function gatedPairs(p: Parameters, inputs: FieldInputs, table: Tensor, pass: ForwardPass): Tensor {
  const products = pairProducts(inputs, table);
  const beta = constant(Array<number>(products.size).fill(0));
  const gamma = multiply(p['pairs.gate'], p['pairs.mask']);
  return rowSum(normaliseBatch(p, 'pairs', products, pass, { gamma, beta, epsilon: EPSILON }));
}

/** ⟨e_i, e_j⟩ of all pairs i < j in their order, [B, P]. */
function pairProducts(inputs: FieldInputs, table: Tensor): Tensor {
  const d = table.shape[1];
  const blocks = (['user', 'item', 'context'] as const).flatMap((owner) => inputs.embedOwner(owner, table) ?? []);
  const products = blocks.flatMap((block, b) =>
    Array.from({ length: block.size / d }, (_, field) => {
      const e = slice(block, field * d, (field + 1) * d);
      const behind = (field + 1) * d < block.size ? [slice(block, (field + 1) * d, block.size)] : [];
      return [...behind, ...blocks.slice(b + 1)].map((others) => dotSteps(e, others, others.size / d));
    }).flat(),
  );
  return concat(...products);
}
