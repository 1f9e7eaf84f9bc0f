/** Tensors that are given, not computed: parameters, batch inputs, index inputs, and step constants. */
import { DeepTasteError } from '../../core/errors.ts';
import { Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { leafOp, opFamily } from './op.ts';

/** A dense trainable (or fixed) weight, shared by all rows. */
export function parameter(name: string, shape: readonly number[]): Tensor {
  return new Tensor(leafOps.parameter, [], 'shared', checkedShape(name, shape), { name });
}

/** A table of rows [rows, width] that is read through `lookup`; its gradient is row-sparse. */
export function table(name: string, rows: number, width: number): Tensor {
  return new Tensor(leafOps.table, [], 'shared', checkedShape(name, [rows, width]), { name });
}

/** Real numbers that come with the batch, [B, …shape]. */
export function input(name: string, shape: readonly number[]): Tensor {
  return new Tensor(leafOps.input, [], 'batch', checkedShape(name, shape), { name });
}

/** Row numbers of a table for every example: one, [B], or one a slot, [B, slots]. */
export function indexInput(name: string, slots = 1): Tensor {
  return new Tensor(leafOps.index, [], 'batch', checkedShape(name, [slots]), { name });
}

/** Numbers that are part of the plan itself, shared [n]. */
export function constant(values: readonly number[]): Tensor {
  return new Tensor(leafOps.constant, [], 'shared', checkedShape('constant', [values.length]), {
    values: values.join(),
  });
}

/** 1 / number of rows of the current batch, shared [1]: turns sums over the batch into means. */
export function inverseRows(): Tensor {
  return new Tensor(leafOps.inverseRows, [], 'shared', [1]);
}

/** The numbers 0 … n − 1 of all rows of a table, a list that the plan fills once. */
function allRows(e: Tensor): Tensor {
  return new Tensor(leafOps.allRows, [], 'shared', [e.shape[0]]);
}

export const isTable = (tensor: Tensor): boolean => tensor.op === leafOps.table;

/** Whether a tensor holds `slots` row numbers an example: an index input, or row numbers that a step chooses. */
export const isIndex = (tensor: Tensor, slots = tensor.size): boolean =>
  tensor.rows === 'batch' && tensor.op.integers === true && tensor.size === slots;

function checkedShape(name: string, shape: readonly number[]): readonly number[] {
  if (shape.every((n) => Number.isInteger(n) && n > 0)) return shape;
  throw new DeepTasteError('shape', `"${name}": every size must be a positive integer, got [${shape.join(', ')}]`);
}

const numbersOf = (y: Tensor): number[] => (y.attributes.values as string).split(',').map(Number);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, k) => k);

export const leafOps = opFamily({
  parameter: { ...leafOp('y = W'), storage: 'dense' },
  // all rows of a table that is read as a matrix
  table: {
    ...leafOp('y = E'),
    storage: 'table',
    readAs: 'a row',
    rowGradient: (y, dy) => ({ table: y, index: allRows(y), values: dy }),
  },
  input: leafOp('y = x'),
  index: { ...leafOp('y = i'), integers: true },
  inverseRows: {
    ...leafOp('y = 1 / B'),
    headerWord: code.PLAN_INVERSE_ROWS,
    reference: (_y, _inputs, rows) => Float64Array.of(1 / rows),
  },
  constant: {
    ...leafOp('y = c'),
    constant: (y) => Float32Array.from(numbersOf(y)),
    reference: (y) => Float64Array.from(numbersOf(y)),
  },
  allRows: {
    ...leafOp('y = (0, 1, …, n − 1)'),
    integers: true,
    constant: (y) => Int32Array.from(upTo(y.size)),
    reference: (y) => Float64Array.from(upTo(y.size)),
  },
});
