/** The exponential linear unit of GRU4Rec's scores. */
import { DeepTasteError } from '../../core/errors.ts';
import { type KernelCall, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { floatBits, fusedGradient, kernelRows, opFamily } from './op.ts';

/** x where x ≥ 0, else p (eˣ − 1): Hidasi & Karatzoglou, CIKM 2018, "elu-p". */
export function elu(x: Tensor, p: number): Tensor {
  if (!(p > 0)) throw new DeepTasteError('shape', `elu: p must be above 0, got ${p}`);
  return new Tensor(eluOps.elu, [x], x.rows, x.shape, { p });
}

function eluGradient(y: Tensor, dy: Tensor): Tensor {
  return new Tensor(eluOps.eluGradient, [dy, y], y.rows, y.shape, y.attributes);
}

function eluCall(y: Tensor, opcode: number): KernelCall {
  const { rows, width } = kernelRows(y);
  return { opcode, rows, parameters: [width, floatBits(y.attributes.p as number)], operands: [...y.inputs, y] };
}

export const eluOps = opFamily({
  elu: {
    formula: 'y = x where x ≥ 0, else p (eˣ − 1)',
    derivative: '∂x = dy · (1 where y ≥ 0, else y + p)',
    gradient: (y, dy) => [eluGradient(y, dy)],
    kernel: (y) => eluCall(y, code.ELU),
    reference: (y, [x]) => x.map((v) => (v < 0 ? (y.attributes.p as number) * Math.expm1(v) : v)),
  },
  eluGradient: {
    formula: 'y = a · (1 where b ≥ 0, else b + p)',
    ...fusedGradient,
    kernel: (y) => eluCall(y, code.ELU_GRADIENT),
    reference: (y, [a, b]) => a.map((v, k) => (b[k] < 0 ? v * (b[k] + (y.attributes.p as number)) : v)),
  },
});
