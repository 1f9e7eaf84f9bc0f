/** Dropout. */
import { DeepTasteError } from '../../core/errors.ts';
import { philox } from '../../core/random.ts';
import { shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { floatBits } from './elementwise.ts';
import type { OpDefinition } from './op.ts';

/**
 * Sets each element to 0 with probability `rate` and divides the others by 1 − rate (Srivastava et al., JMLR 2014, inverted),
 * [B, n] → [B, n]. What is dropped is a function of (key, epoch, number of the example in the epoch, column) alone: the same on
 * any number of threads and after a resumed run. A dropped NaN is 0.
 * @param key of a random stream of its own, one for every place where something is dropped
 */
export function dropout(x: Tensor, rate: number, key: readonly [number, number]): Tensor {
  if (x.rows !== 'batch') throw shapeError('dropout', 'needs a batch tensor', [x]);
  if (!(rate >= 0 && rate < 1)) throw new DeepTasteError('config', `dropout: the rate must lie in [0, 1), got ${rate}`);
  return rate === 0 ? x : new Tensor('dropout', [x], 'batch', x.shape, { rate, key0: key[0], key1: key[1] });
}

const thresholdOf = (y: Tensor): number => Math.floor((y.attributes.rate as number) * 2 ** 32);
const scaleOf = (y: Tensor): number => Math.fround(1 / (1 - (y.attributes.rate as number)));

export const dropoutOps: Record<'dropout', OpDefinition> = {
  dropout: {
    formula: 'y = x ⊙ mask / (1 − rate)',
    derivative: '∂x = dy ⊙ mask / (1 − rate), the same mask',
    gradient: (y, dy) => [new Tensor('dropout', [dy], 'batch', y.shape, y.attributes)],
    kernel: (y) => {
      const { key0, key1 } = y.attributes as { key0: number; key1: number };
      const parameters = [y.size, floatBits(scaleOf(y)), thresholdOf(y), key0, key1];
      return { opcode: code.DROPOUT, parameters, operands: [y.inputs[0], y] };
    },
    // the rows are the first examples of epoch 0
    reference: (y, [x]) => {
      const { key0, key1 } = y.attributes as { key0: number; key1: number };
      const block = new Uint32Array(4);
      return x.map((v, k) => {
        const column = k % y.size;
        const counter = [Math.floor(k / y.size), 4 * (column >> 4) + (column & 3), 0, 2] as const;
        return philox(counter, [key0, key1], block)[(column & 15) >> 2] >= thresholdOf(y) ? v * scaleOf(y) : 0;
      });
    },
  },
};
