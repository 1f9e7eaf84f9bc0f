/** Rows of a table by index; the gradient is row-sparse and goes straight to the optimizer. */
import { shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { isIndex, isTable } from './leaves.ts';
import { noGradients, opFamily } from './op.ts';

/** y[r] = E[i[r]]: table [n, d] and index [B] → [B, d]. An index outside the table gives NaN, which stops the run. */
export function lookup(e: Tensor, index: Tensor): Tensor {
  if (!isTable(e) || !isIndex(index, 1))
    throw shapeError('lookup', 'needs a table and an index input [B]', [e, index], 'lookupFields reads many slots');
  return new Tensor(lookupOps.lookup, [e, index], 'batch', [e.shape[1]], { name: e.attributes.name as string });
}

export const lookupOps = opFamily({
  lookup: {
    formula: 'y[r] = E[i[r]]',
    derivative: '∂E[i] = Σ over the rows r with i[r] = i of dy[r] (row-sparse)',
    gradient: noGradients,
    rowGradient: (y, dy) => ({ table: y.inputs[0], index: y.inputs[1], values: dy }),
    kernel: (y) => {
      const [e, index] = y.inputs;
      return { opcode: code.GATHER, parameters: [y.size, e.shape[0]], operands: [e, index, y] };
    },
    reference: (y, [e, index], rows) => {
      const out = new Float64Array(rows * y.size);
      for (let r = 0; r < rows; r++) {
        const known = index[r] >= 0 && index[r] < y.inputs[0].shape[0];
        for (let j = 0; j < y.size; j++) out[r * y.size + j] = known ? e[index[r] * y.size + j] : Number.NaN;
      }
      return out;
    },
  },
});
