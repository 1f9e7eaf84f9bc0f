/** Dropout. */
import { DeepTasteError } from '../../core/errors.ts';
import { philox } from '../../core/random.ts';
import { shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { floatBits } from './elementwise.ts';
import type { OpDefinition, Values } from './op.ts';

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
  return rate === 0 ? x : new Tensor('dropout', [x], 'batch', x.shape, { rate, key0: key[0], key1: key[1], bits });
}

const thresholdOf = (y: Tensor): number => Math.floor((y.attributes.rate as number) * 2 ** 32);
const scaleOf = (y: Tensor): number => Math.fround(1 / (1 - (y.attributes.rate as number)));

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
  const { rate, key0, key1 } = y.attributes as { rate: number; key0: number; key1: number };
  return x.map((v, k) => {
    const factor = coarseFactor(coarseLimit(rate), k % y.size, [Math.floor(k / y.size), 0, 0, 4], [key0, key1]);
    return factor === 0 ? 0 : v * factor;
  });
}

export const dropoutOps: Record<'dropout', OpDefinition> = {
  dropout: {
    formula: 'y = x ⊙ mask / (1 − rate)',
    derivative: '∂x = dy ⊙ mask / (1 − rate), the same mask',
    gradient: (y, dy) => [new Tensor('dropout', [dy], 'batch', y.shape, y.attributes)],
    kernel: (y) => {
      const { key0, key1, rate, bits } = y.attributes as Record<'key0' | 'key1' | 'rate' | 'bits', number>;
      const operands = [y.inputs[0], y];
      if (bits === 16)
        return { opcode: code.DROPOUT_COARSE, parameters: [y.size, coarseLimit(rate), key0 | 0, key1 | 0], operands };
      const parameters = [y.size, floatBits(scaleOf(y)), thresholdOf(y), key0, key1];
      return { opcode: code.DROPOUT, parameters, operands };
    },
    // the rows are the first examples of epoch 0
    reference: (y, [x]) => {
      if (y.attributes.bits === 16) return coarseReference(y, x);
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
