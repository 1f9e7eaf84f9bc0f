/** Tensors that are given, not computed: parameters, batch inputs, index inputs, and step constants. */
import { DeepTasteError } from '../../core/errors.ts';
import { type LeafName, Tensor } from '../expression.ts';
import type { OpDefinition } from './op.ts';

/** A dense trainable (or fixed) weight, shared by all rows. */
export function parameter(name: string, shape: readonly number[]): Tensor {
  return new Tensor('parameter', [], 'shared', checkedShape(name, shape), { name });
}

/** A table of rows [rows, width] that is read through `lookup`; its gradient is row-sparse. */
export function table(name: string, rows: number, width: number): Tensor {
  return new Tensor('table', [], 'shared', checkedShape(name, [rows, width]), { name });
}

/** Real numbers that come with the batch, [B, …shape]. */
export function input(name: string, shape: readonly number[]): Tensor {
  return new Tensor('input', [], 'batch', checkedShape(name, shape), { name });
}

/** Row numbers of a table for every example: one, [B], or one a slot, [B, slots]. */
export function indexInput(name: string, slots = 1): Tensor {
  return new Tensor('index', [], 'batch', checkedShape(name, [slots]), { name });
}

/** Numbers that are part of the plan itself, shared [n]. */
export function constant(values: readonly number[]): Tensor {
  return new Tensor('constant', [], 'shared', checkedShape('constant', [values.length]), { values: values.join() });
}

export const valuesOf = (constant: Tensor): Float64Array =>
  Float64Array.from((constant.attributes.values as string).split(','), Number);

/** 1 / number of rows of the current batch, shared [1]: turns sums over the batch into means. */
export function inverseRows(): Tensor {
  return new Tensor('inverseRows', [], 'shared', [1]);
}

function checkedShape(name: string, shape: readonly number[]): readonly number[] {
  if (shape.every((n) => Number.isInteger(n) && n > 0)) return shape;
  throw new DeepTasteError('shape', `"${name}": every size must be a positive integer, got [${shape.join(', ')}]`);
}

const given = (formula: string): OpDefinition => ({
  formula,
  derivative: 'none: a leaf',
  gradient: () => [],
  kernel: () => null,
  reference: (y) => {
    throw new DeepTasteError('shape', `${y.label}: no value was given for this leaf`);
  },
});

export const leafOps: Record<LeafName, OpDefinition> = {
  parameter: given('y = W'),
  table: given('y = E'),
  input: given('y = x'),
  index: given('y = i'),
  inverseRows: {
    ...given('y = 1 / B'),
    reference: (_y, _inputs, rows) => Float64Array.of(1 / rows),
  },
  constant: { ...given('y = c'), reference: valuesOf },
};
