/** Dropout and the exponential linear unit of GRU4Rec's scores. */
import { DeepTasteError } from '../../core/errors.ts';
import { philox } from '../../core/random.ts';
import { Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { floatBits } from './elementwise.ts';
import type { OpDefinition } from './op.ts';

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
  return new Tensor('laneDropout', [x], 'batch', x.shape, { rate, key0: key[0], key1: key[1] });
}

/** x where x ≥ 0, else p (eˣ − 1): Hidasi & Karatzoglou, CIKM 2018, "elu-p". */
export function elu(x: Tensor, p: number): Tensor {
  if (!(p > 0)) throw new DeepTasteError('shape', `elu: p must be above 0, got ${p}`);
  return new Tensor('elu', [x], x.rows, x.shape, { p });
}

/** Elements are kept whose 32-bit draw reaches this. */
function dropLimit(rate: number): number {
  return Math.floor(rate * 2 ** 32);
}

export const rowNoiseOps: Record<'laneDropout' | 'elu' | 'eluGradient', OpDefinition> = {
  laneDropout: {
    formula: 'y[r, j] = x[r, j] m[r, j] / (1 − rate), m ∈ {0, 1} from (key, epoch, step, r, j)',
    derivative: '∂x = dy m / (1 − rate)',
    gradient: (y, dy) => {
      const { rate, key0, key1 } = y.attributes as { rate: number; key0: number; key1: number };
      return [laneDropout(dy, rate, [key0, key1])];
    },
    kernel: (y) => {
      const { rate, key0, key1 } = y.attributes as { rate: number; key0: number; key1: number };
      const parameters = [y.size, dropLimit(rate) | 0, floatBits(1 / (1 - rate)), key0 | 0, key1 | 0];
      return { opcode: code.LANE_DROPOUT, parameters, operands: [y.inputs[0], y] };
    },
    // of step 0 of epoch 0
    reference: (y, [x], rows) => {
      const { rate, key0, key1 } = y.attributes as { rate: number; key0: number; key1: number };
      const block = new Uint32Array(4);
      const out = new Float64Array(rows * y.size);
      for (let r = 0; r < rows; r++)
        for (let j = 0; j < y.size; j++) {
          if (j % 4 === 0) philox([j / 4, r, 0, 0], [key0, key1], block);
          if (block[j % 4] >= dropLimit(rate)) out[r * y.size + j] = x[r * y.size + j] / (1 - rate);
        }
      return out;
    },
  },
  elu: {
    formula: 'y = x where x ≥ 0, else p (eˣ − 1)',
    derivative: '∂x = dy · (1 where y ≥ 0, else y + p)',
    gradient: (y, dy) => [new Tensor('eluGradient', [dy, y], y.rows, y.shape, y.attributes)],
    kernel: (y) => eluCall(y, code.ELU),
    reference: (y, [x]) => x.map((v) => (v < 0 ? (y.attributes.p as number) * Math.expm1(v) : v)),
  },
  eluGradient: {
    formula: 'y = a · (1 where b ≥ 0, else b + p)',
    derivative: 'none: a fused gradient',
    gradient: (y) => {
      throw new DeepTasteError('shape', `${y.label}: a fused gradient has no derivative of its own`);
    },
    kernel: (y) => eluCall(y, code.ELU_GRADIENT),
    reference: (y, [a, b]) => a.map((v, k) => (b[k] < 0 ? v * (b[k] + (y.attributes.p as number)) : v)),
  },
};

function eluCall(y: Tensor, opcode: number) {
  const width = y.rows === 'batch' ? y.size : y.shape[y.shape.length - 1];
  const rows = y.rows === 'batch' ? undefined : y.size / width;
  return { opcode, rows, parameters: [width, floatBits(y.attributes.p as number)], operands: [...y.inputs, y] };
}
