/** Gated linear units: one half of a row opens and closes the other. */
import { shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { fusedGradient, opFamily, sigma } from './op.ts';

/** a σ(a) ⊙ b of the halves of each row, [B, 2n] → [B, n]: SwiGLU (Shazeer: GLU Variants Improve Transformer. 2020, arXiv:2002.05202). */
export function swiglu(x: Tensor): Tensor {
  if (x.rows !== 'batch' || x.size % 2 !== 0) throw shapeError('swiglu', 'needs [B, 2n]', [x]);
  return new Tensor(gatedOps.swiglu, [x], 'batch', [x.size / 2]);
}

function swigluGradient(y: Tensor, dy: Tensor): Tensor {
  const [x] = y.inputs;
  return new Tensor(gatedOps.swigluGradient, [x, dy], 'batch', x.shape);
}

export const gatedOps = opFamily({
  swiglu: {
    formula: 'y = a σ(a) ⊙ b, (a, b) the halves of x',
    derivative: '∂a = dy ⊙ b ⊙ σ(a) (1 + a (1 − σ(a))), ∂b = dy ⊙ a σ(a)',
    gradient: (y, dy) => [swigluGradient(y, dy)],
    kernel: (y) => ({ opcode: code.SWIGLU, parameters: [y.size], operands: [...y.inputs, y] }),
    reference: (y, [x], rows) => {
      const n = y.size;
      return Float64Array.from({ length: rows * n }, (_, k) => {
        const at = Math.floor(k / n) * 2 * n + (k % n);
        return x[at] * sigma(x[at]) * x[at + n];
      });
    },
  },
  swigluGradient: {
    formula: 'y = (d ⊙ b ⊙ σ(a) (1 + a (1 − σ(a))), d ⊙ a σ(a)) of `swiglu`',
    ...fusedGradient,
    kernel: (y) => ({ opcode: code.SWIGLU_GRADIENT, parameters: [y.size / 2], operands: [...y.inputs, y] }),
    reference: (y, [x, d], rows) => {
      const n = y.size / 2;
      const out = new Float64Array(rows * 2 * n);
      for (let k = 0; k < rows * n; k++) {
        const at = Math.floor(k / n) * 2 * n + (k % n);
        const s = sigma(x[at]);
        out[at] = d[k] * x[at + n] * s * (1 + x[at] * (1 - s));
        out[at + n] = d[k] * x[at] * s;
      }
      return out;
    },
  },
});
