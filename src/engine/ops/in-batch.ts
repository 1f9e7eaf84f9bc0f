/**
 * Each row of a batch against what its rows have brought: in-batch softmax, as retrieval models are trained (Yi et al., RecSys 2019).
 * What a row brings is a negative of all others; nothing is drawn.
 */
import { shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { fullSoftmaxCrossEntropy } from './full-softmax.ts';
import { scatterRows } from './graph.ts';
import { noGradients, opFamily } from './op.ts';

/** The number of each row in its batch, 0 … B − 1: an index [B]. @param of any tensor of the batch */
function rowNumber(of: Tensor): Tensor {
  return new Tensor(inBatchOps.rowNumber, [of], 'batch', [1]);
}

/**
 * −log softmax(x_r · v_j over the rows j of the batch)[r] of each row, [B, d] and [B, d] → [B, 1].
 * @param capacity rows that a batch has at most (the batch size of the plan)
 */
export function inBatchCrossEntropy(x: Tensor, v: Tensor, capacity: number): Tensor {
  if (x.rows !== 'batch' || v.rows !== 'batch' || x.size !== v.size)
    throw shapeError('inBatchCrossEntropy', 'needs two batch tensors of the same width', [x, v]);
  const own = rowNumber(v);
  const matrix = scatterRows([{ y: v, index: own, first: 0, count: capacity }], [capacity, v.size]);
  return fullSoftmaxCrossEntropy(x, matrix, own, capacity, { asBatch: true });
}

export const inBatchOps = opFamily({
  rowNumber: {
    formula: 'y[r] = r',
    derivative: 'none: row numbers',
    gradient: noGradients,
    integers: true,
    kernel: (y) => ({ opcode: code.ROW_NUMBER, operands: [...y.inputs, y] }),
    reference: (_y, _inputs, rows) => Float64Array.from({ length: rows }, (_, r) => r),
  },
});
