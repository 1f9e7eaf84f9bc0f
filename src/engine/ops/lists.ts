/**
 * Lists of rows that the whole step shares: candidates that every row of the batch is scored against. And batch rows that are
 * carried from one step to the next.
 */
import { DeepTasteError } from '../../core/errors.ts';
import { shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { isTable } from './leaves.ts';
import { leafOp, noGradients, opFamily } from './op.ts';

/** n row numbers of a table for the whole step, shared [n]; −1 = no row. */
export function listInput(name: string, n: number): Tensor {
  if (!Number.isInteger(n) || n < 1)
    throw new DeepTasteError('shape', `"${name}": a list must hold at least one entry, got ${n}`);
  return new Tensor(listOps.list, [], 'shared', [n], { name });
}

/** y[j] = E[list[j]], zeros where the list says −1: table [N, d] and list [n] → shared [n, d]. Another index gives NaN. */
export function listLookup(e: Tensor, list: Tensor): Tensor {
  if (!isTable(e) || !isList(list)) throw shapeError('listLookup', 'needs a table and a list', [e, list]);
  return new Tensor(listOps.listLookup, [e, list], 'shared', [list.size, e.shape[1]], {
    name: e.attributes.name as string,
  });
}

/**
 * What a row of the batch left in the step before, [B, n]: the step plan fills it from the tensor it is paired with. A constant
 * of the step: no gradient flows through it (backpropagation through time is truncated after one step).
 */
export function carried(name: string, shape: readonly number[]): Tensor {
  return new Tensor(listOps.carried, [], 'batch', shape, { name });
}

export const isList = (tensor: Tensor): boolean => tensor.op === listOps.list;

export const listOps = opFamily({
  list: { ...leafOp('y = (i₁ … i_n), row numbers'), integers: true },
  carried: leafOp('y[r] = what the row left in the step before'),
  listLookup: {
    formula: 'y[j] = E[list[j]], 0 where list[j] = −1',
    derivative: '∂E[i] = Σ over the entries j with list[j] = i of dy[j] (row-sparse)',
    gradient: noGradients,
    rowGradient: (y, dy) => ({ table: y.inputs[0], index: y.inputs[1], values: dy }),
    kernel: (y) => {
      const [e, list] = y.inputs;
      return {
        opcode: code.GATHER_LIST,
        rows: list.size,
        parameters: [e.shape[1], e.shape[0]],
        operands: [e, list, y],
      };
    },
    blocks: (y) => {
      const [e, list] = y.inputs;
      const operands = [{ tensor: e }, { tensor: list, advance: 1 }, { tensor: y, advance: e.shape[1] }];
      return {
        opcode: code.GATHER_LIST,
        rows: list.size,
        multiple: 1,
        parameters: [e.shape[1], e.shape[0]],
        operands,
      };
    },
    reference: (y, [e, list]) => {
      const [rows, width] = y.inputs[0].shape;
      const value = (i: number, j: number) => (i === -1 ? 0 : i >= 0 && i < rows ? e[i * width + j] : Number.NaN);
      return Float64Array.from({ length: y.size }, (_, k) => value(list[Math.floor(k / width)], k % width));
    },
  },
});
