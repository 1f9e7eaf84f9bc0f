/** Dropout, of examples and of lanes: where a step has the same rows whatever they hold. */
import { DeepTasteError } from '../../core/errors.ts';
import { philox } from '../../core/random.ts';
import { type KernelCall, shapeError, Tensor, type Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { floatBits, opFamily } from './op.ts';

/**
 * Sets each element to 0 with probability `rate` and divides the others by 1 − rate (Srivastava et al., JMLR 2014, inverted),
 * [B, n] → [B, n]. What is dropped is a function of (key, epoch, number of the example in the epoch, column) alone: the same on
 * any number of threads and after a resumed run. A dropped NaN is 0.
 * @param key of a random stream of its own, one for every place where something is dropped
 * @param bits of a draw: 32, or 16 for a third of the work, with the rate rounded down to a multiple of 2⁻¹⁶
 */
export function dropout(x: Tensor, rate: number, key: readonly [number, number], bits: 16 | 32 = 32): Tensor {
  if (x.rows !== 'batch') throw shapeError('dropout', 'needs a batch tensor', [x]);
  if (!(rate >= 0 && rate < 1)) throw new DeepTasteError('config', `dropout: the rate must lie in [0, 1), got ${rate}`);
  return rate === 0
    ? x
    : new Tensor(dropoutOps.dropout, [x], 'batch', x.shape, { rate, key0: key[0], key1: key[1], bits });
}

/**
 * x[r, j] / (1 − rate) with probability 1 − rate, else 0. Whether an element is kept is a pure function of (key, epoch, step, row,
 * column), so it does not depend on threads and is the same in the gradient and after a resumed run.
 * @param rate probability of 0, in [0, 1)
 * @param key of the layer's own random stream
 */
export function laneDropout(x: Tensor, rate: number, key: readonly [number, number]): Tensor {
  if (x.rows !== 'batch' || !(rate >= 0 && rate < 1))
    throw new DeepTasteError('shape', `laneDropout: needs batch rows and a rate in [0, 1), got ${x} and ${rate}`);
  if (rate === 0) return x;
  return new Tensor(dropoutOps.laneDropout, [x], 'batch', x.shape, { rate, key0: key[0], key1: key[1] });
}

interface Rate {
  readonly rate: number;
  readonly key: readonly [number, number];
}

function rateOf(y: Tensor): Rate {
  const { rate, key0, key1 } = y.attributes as { rate: number; key0: number; key1: number };
  return { rate, key: [key0, key1] };
}

/** Elements are kept whose 32-bit draw reaches this. */
const thresholdOf = (y: Tensor): number => Math.floor(rateOf(y).rate * 2 ** 32);
const scaleOf = (y: Tensor): number => Math.fround(1 / (1 - rateOf(y).rate));

/** 16-bit draws below it drop. */
export const coarseLimit = (rate: number): number => Math.floor(rate * 65_536);

/** What a column is multiplied by where 16-bit draws decide: 0, or 1 / the share that is kept. Counter and key as in the kernel. */
export function coarseFactor(
  limit: number,
  column: number,
  [c0, c1, c2, c3]: readonly [number, number, number, number],
  key: readonly [number, number],
): number {
  const block = c1 + 4 * (column >> 5) + (column & 3);
  const word = philox([c0, block, c2, c3], key, new Uint32Array(4), 7)[(column & 31) >> 3];
  const draw = (column & 7) < 4 ? word & 0xffff : word >>> 16;
  return draw >= limit ? 65_536 / (65_536 - limit) : 0;
}

function coarseReference(y: Tensor, x: Values): Values {
  const { rate, key } = rateOf(y);
  return x.map((v, k) => {
    const factor = coarseFactor(coarseLimit(rate), k % y.size, [Math.floor(k / y.size), 0, 0, 4], key);
    return factor === 0 ? 0 : v * factor;
  });
}

function dropoutCall(y: Tensor): KernelCall {
  const { rate, key } = rateOf(y);
  const operands = [y.inputs[0], y];
  if (y.attributes.bits === 16) {
    const parameters = [y.size, coarseLimit(rate), key[0] | 0, key[1] | 0];
    return { opcode: code.DROPOUT_COARSE, parameters, operands };
  }
  return { opcode: code.DROPOUT, parameters: [y.size, floatBits(scaleOf(y)), thresholdOf(y), ...key], operands };
}

const sameMask = (y: Tensor, dy: Tensor): Tensor => new Tensor(y.op, [dy], 'batch', y.shape, y.attributes);

export const dropoutOps = opFamily({
  dropout: {
    formula: 'y = x ⊙ mask / (1 − rate)',
    derivative: '∂x = dy ⊙ mask / (1 − rate), the same mask',
    gradient: (y, dy) => [sameMask(y, dy)],
    kernel: dropoutCall,
    // the rows are the first examples of epoch 0
    reference: (y, [x]) => {
      if (y.attributes.bits === 16) return coarseReference(y, x);
      const block = new Uint32Array(4);
      return x.map((v, k) => {
        const column = k % y.size;
        const counter = [Math.floor(k / y.size), 4 * (column >> 4) + (column & 3), 0, 2] as const;
        return philox(counter, rateOf(y).key, block)[(column & 15) >> 2] >= thresholdOf(y) ? v * scaleOf(y) : 0;
      });
    },
  },
  laneDropout: {
    formula: 'y[r, j] = x[r, j] m[r, j] / (1 − rate), m ∈ {0, 1} from (key, epoch, step, r, j)',
    derivative: '∂x = dy m / (1 − rate)',
    gradient: (y, dy) => [sameMask(y, dy)],
    kernel: (y) => {
      const { rate, key } = rateOf(y);
      const parameters = [y.size, thresholdOf(y) | 0, floatBits(1 / (1 - rate)), key[0] | 0, key[1] | 0];
      return { opcode: code.LANE_DROPOUT, parameters, operands: [y.inputs[0], y] };
    },
    // of step 0 of epoch 0
    reference: (y, [x], rows) => {
      const { rate, key } = rateOf(y);
      const block = new Uint32Array(4);
      const out = new Float64Array(rows * y.size);
      for (let r = 0; r < rows; r++)
        for (let j = 0; j < y.size; j++) {
          if (j % 4 === 0) philox([j / 4, r, 0, 0], key, block);
          if (block[j % 4] >= thresholdOf(y)) out[r * y.size + j] = x[r * y.size + j] / (1 - rate);
        }
      return out;
    },
  },
});
