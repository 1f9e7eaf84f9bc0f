/**
 * Softmax cross-entropy of each row against all rows of a matrix (all items of a catalogue): −log π(a | x) with
 * π(j | x) = exp(x · w_j) / Σ_i exp(x · w_i). Shares of the matrix, a fixed number, are passed over in tiles, first for the sums of
 * exponentials, then for the gradients, from the exponentials kept so far or, where they would take too much memory, from logits
 * computed again. Each row of the gradient of w is made by one thread over the batch in its order; so bytes do not depend on threads.
 *
 * Times a reward, its mean is the loss of REINFORCE (Williams 1992) and of its top-K correction (Chen et al., WSDM 2019), whose
 * factors are part of the reward: multiply the result by them. No second derivatives.
 */
import { type BlockCall, type KernelCall, shapeError, Tensor, type Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { matrixRows } from './layout.ts';
import { isIndex } from './leaves.ts';
import { fusedGradient, noGradients, opFamily } from './op.ts';

interface FullSoftmaxOptions {
  readonly keepBytes?: number;
  readonly asBatch?: boolean;
}

/**
 * −log softmax(x wᵀ)[target] of each row, [B, d] → [B, 1].
 * @param w a table or another shared matrix [n, d]; the gradient of a table goes to all its rows
 * @param target index [B]; outside 0 … n − 1 gives NaN, which stops the run
 * @param capacity rows that a batch has at most (the batch size of the plan)
 * @param options `keepBytes`: exponentials of the first pass are kept for the second when they take no more memory than this;
 *   `asBatch`: row j of w belongs to row j of the batch, and only as many rows of w count as the batch has
 */
export function fullSoftmaxCrossEntropy(
  x: Tensor,
  w: Tensor,
  target: Tensor,
  capacity: number,
  { keepBytes = KEEP_BYTES, asBatch = false }: FullSoftmaxOptions = {},
): Tensor {
  const isMatrix = w.rows === 'shared' && w.shape.length === 2 && w.shape[1] === x.size;
  const fits = x.rows === 'batch' && isMatrix && (!asBatch || w.shape[0] === capacity);
  if (!fits || !isIndex(target, 1) || !Number.isInteger(capacity) || capacity < 1)
    throw shapeError('fullSoftmaxLoss', 'needs [B, d], a shared matrix [n, d], an index [B] and a capacity ≥ 1', [
      x,
      w,
      target,
    ]);
  const kept = keptElements(w.shape[0], capacity);
  const keep = 4 * code.SOFTMAX_SHARES * kept <= keepBytes;
  const shareWords = 2 * capacity + (keep ? kept : 0);
  const attributes = { capacity, keep, shareWords, asBatch };
  const parts = new Tensor(
    fullSoftmaxOps.fullSoftmaxParts,
    [x, w],
    'shared',
    [code.SOFTMAX_SHARES, shareWords],
    attributes,
  );
  return new Tensor(fullSoftmaxOps.fullSoftmaxLoss, [x, w, target, parts], 'batch', [1], attributes);
}

/** 100,000 rows against a batch of 256 take 110 MB. */
const KEEP_BYTES = 256 * 1024 ** 2;

/** Columns of a tile and its rows at most, for batches of so many rows (see kernels/full-softmax.ts). */
function tileOf(rows: number): { columns: number; most: number } {
  const columns = (Math.ceil(rows / 16) | 1) * 16;
  return { columns, most: Math.max(8, Math.floor(code.SOFTMAX_TILE / columns)) };
}

/** Elements of the tiles of one share: its exponentials, and one more row for each tile. */
function keptElements(n: number, capacity: number): number {
  const { columns, most } = tileOf(capacity);
  const rows = Math.ceil(n / code.SOFTMAX_SHARES);
  return (rows + Math.ceil(rows / most)) * columns;
}

const capacityOf = (y: Tensor): number => y.attributes.capacity as number;
/** Parameters of all kernels of this family. */
const sizes = (y: Tensor): number[] => {
  const { capacity, shareWords, keep } = y.attributes as { capacity: number; shareWords: number; keep: boolean };
  return [...y.inputs[1].shape, capacity, shareWords, keep ? 1 : 0, y.attributes.asBatch ? 1 : 0];
};
/** Rows of w that count in a batch of so many rows. */
const countedRows = (y: Tensor, rows: number): number => (y.attributes.asBatch ? rows : y.inputs[1].shape[0]);

/** Bytes of a thread's working memory: three matrices as large as the batch, three numbers a column, and a tile of logits. */
function workBytes(y: Tensor): number {
  const { columns, most } = tileOf(capacityOf(y));
  return 4 * (columns * (3 * y.inputs[0].size + 3) + most * columns) + 128;
}

/** One block a share of the matrix. */
function shareCall(opcode: number, y: Tensor, output: BlockCall['operands'][number]): BlockCall {
  const operands = [...y.inputs.map((tensor) => ({ tensor })), output];
  const parameters = sizes(y);
  return { opcode, rows: code.SOFTMAX_SHARES, multiple: 1, blockRows: 1, parameters, operands };
}

const asCall = ({ opcode, rows, parameters, operands }: BlockCall): KernelCall => ({
  opcode,
  rows,
  parameters,
  operands: operands.map(({ tensor }) => tensor),
});

const partsCall = (y: Tensor): BlockCall => shareCall(code.FULL_SOFTMAX_PARTS, y, { tensor: y });
const gradientCall = (y: Tensor): BlockCall => shareCall(code.FULL_SOFTMAX_GRADIENT, y, { tensor: y });

/** Logits of row r in float64. */
function logitsOf(x: Values, w: Values, r: number, n: number, width: number): Float64Array {
  return Float64Array.from({ length: n }, (_, j) => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += x[r * width + k] * w[j * width + k];
    return sum;
  });
}

function logSumOf(logits: Float64Array): number {
  const top = logits.reduce((max, v) => (v > max ? v : max), Number.NEGATIVE_INFINITY);
  return top + Math.log(logits.reduce((sum, v) => sum + Math.exp(v - top), 0));
}

/** With respect to the matrix and, behind its rows, share by share to the rows of the batch. */
function gradientOfBoth(y: Tensor, dy: Tensor): Tensor {
  const [n, width] = y.inputs[1].shape;
  const shape = [n + code.SOFTMAX_SHARES * capacityOf(y), width];
  return new Tensor(fullSoftmaxOps.fullSoftmaxGradient, [...y.inputs, dy], 'shared', shape, y.attributes);
}

function inputGradient(both: Tensor, y: Tensor): Tensor {
  const [x, w] = y.inputs;
  const attributes = { capacity: capacityOf(y), n: w.shape[0] };
  return new Tensor(fullSoftmaxOps.fullSoftmaxInput, [both], 'batch', x.shape, attributes);
}

export const fullSoftmaxOps = opFamily({
  fullSoftmaxParts: {
    formula:
      'for each share of the rows of w: (max_j x · w_j, Σ_j exp(x · w_j − max)) of every row of the batch, and the exponentials where kept',
    derivative: 'none: `fullSoftmaxLoss` differentiates through it',
    gradient: noGradients,
    kernel: (y) => asCall(partsCall(y)),
    blocks: partsCall,
    onlyBlocks: true,
    capacity: capacityOf,
    workBytes,
    reduction: true,
    reference: (y, [x, w], rows) => {
      const [n, width] = [countedRows(y, rows), y.inputs[1].shape[1]];
      const capacity = capacityOf(y);
      const shareWords = y.attributes.shareWords as number;
      const out = new Float64Array(y.size);
      for (let share = 0; share < code.SOFTMAX_SHARES; share++)
        for (let r = 0; r < rows; r++) {
          const [from, to] = [share, share + 1].map((s) => Math.floor((n * s) / code.SOFTMAX_SHARES));
          const own = logitsOf(x, w, r, n, width).subarray(from, to);
          const top = own.reduce((max, v) => (v > max ? v : max), -3e38);
          out[share * shareWords + r] = top;
          out[share * shareWords + capacity + r] = own.reduce((sum, v) => sum + Math.exp(v - top), 0);
        }
      return out;
    },
  },
  fullSoftmaxLoss: {
    formula: 'y = ln Σ_j exp(x · w_j) − x · w_target',
    derivative: 'p_j = dy (softmax_j − [j = target]): ∂x = Σ_j p_j w_j, ∂w_j = Σ_r p_j[r] x[r]',
    gradient: (y, dy) => {
      const both = gradientOfBoth(y, dy);
      return [inputGradient(both, y), matrixRows(both, 0, y.inputs[1].shape[0]), null, null];
    },
    kernel: (y) => ({ opcode: code.FULL_SOFTMAX_LOSS, parameters: sizes(y), operands: [...y.inputs, y] }),
    capacity: capacityOf,
    reference: (y, [x, w, target], rows) => {
      const [n, width] = [countedRows(y, rows), y.inputs[1].shape[1]];
      return Float64Array.from({ length: rows }, (_, r) => {
        const logits = logitsOf(x, w, r, n, width);
        return logSumOf(logits) - (logits[target[r]] ?? Number.NaN);
      });
    },
  },
  fullSoftmaxGradient: {
    formula: 'rows j < n: Σ_r p_j[r] x[r]; behind them, for each share and row r of the batch: Σ_j p_j[r] w_j',
    ...fusedGradient,
    kernel: (y) => asCall(gradientCall(y)),
    blocks: gradientCall,
    onlyBlocks: true,
    capacity: capacityOf,
    workBytes,
    reduction: true,
    reference: (y, [x, w, target, , dy], rows) => {
      const [places, width] = y.inputs[1].shape;
      const n = countedRows(y, rows);
      const capacity = capacityOf(y);
      const out = new Float64Array(y.size);
      for (let r = 0; r < rows; r++) {
        const logits = logitsOf(x, w, r, n, width);
        const logSum = logSumOf(logits);
        for (let share = 0; share < code.SOFTMAX_SHARES; share++) {
          const [from, to] = [share, share + 1].map((s) => Math.floor((n * s) / code.SOFTMAX_SHARES));
          for (let j = from; j < to; j++) {
            const p = dy[r] * (Math.exp(logits[j] - logSum) - (j === target[r] ? 1 : 0));
            for (let k = 0; k < width; k++) {
              out[j * width + k] += p * x[r * width + k];
              out[(places + share * capacity + r) * width + k] += p * w[j * width + k];
            }
          }
        }
      }
      return out;
    },
  },
  fullSoftmaxInput: {
    formula: 'y[r] = Σ over the shares of what `fullSoftmaxGradient` left for row r',
    ...fusedGradient,
    kernel: (y) => {
      const parameters = [y.attributes.n as number, y.size, capacityOf(y)];
      return { opcode: code.FULL_SOFTMAX_INPUT, parameters, operands: [...y.inputs, y] };
    },
    capacity: capacityOf,
    reference: (y, [sums], rows) => {
      const { n, capacity } = y.attributes as { n: number; capacity: number };
      return Float64Array.from({ length: rows * y.size }, (_, k) => {
        let sum = 0;
        for (let share = 0; share < code.SOFTMAX_SHARES; share++) sum += sums[(n + share * capacity) * y.size + k];
        return sum;
      });
    },
  },
});
