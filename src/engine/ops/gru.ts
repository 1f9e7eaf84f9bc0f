/**
 * Gated recurrent units, fused: what stands between the matrix products of a cell, forward and backward each in one pass. The
 * gates of a row lie side by side, (r, z, n): reset, update, new state.
 *
 * Two forms exist. Original (Cho et al., EMNLP 2014): r acts on h before the product, n = tanh(x W + (r ⊙ h) U),
 * h′ = (1 − z) h + z n. Framework (cuDNN and those that use it): r acts on the product, n = tanh(x W + r ⊙ (h U)),
 * h′ = (1 − z) n + z h. These ops have no second derivatives.
 */
import { type Op, shapeError, Tensor, type Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { concat, place, slice } from './layout.ts';
import { fusedGradient, opFamily, sigma } from './op.ts';

function check(op: string, must: string, tensors: readonly Tensor[], widths: readonly number[]): void {
  const fits = tensors.every((tensor, n) => tensor.rows === 'batch' && tensor.size === widths[n]);
  if (!fits) throw shapeError(op, must, tensors);
}

/** r ⊙ h with r = σ(gx_r + gu_r): gx [B, 3H] = x W + b, gu [B, 2H] = h (U_r, U_z), h [B, H] → [B, H]. */
export function gruReset(gx: Tensor, gu: Tensor, h: Tensor): Tensor {
  check('gruReset', 'needs [B, 3H], [B, 2H] and [B, H]', [gx, gu, h], [3 * h.size, 2 * h.size, h.size]);
  return new Tensor(gruOps.gruReset, [gx, gu, h], 'batch', h.shape, { units: h.size });
}

/** h′ = (1 − z) h + z tanh(gx_n + gn), z = σ(gx_z + gu_z): gx [B, 3H], gu [B, 2H], gn [B, H] = (r ⊙ h) U_n, h [B, H]. */
export function gruOriginal(gx: Tensor, gu: Tensor, gn: Tensor, h: Tensor): Tensor {
  const widths = [3 * h.size, 2 * h.size, h.size, h.size];
  check('gruOriginal', 'needs [B, 3H], [B, 2H], [B, H] and [B, H]', [gx, gu, gn, h], widths);
  return new Tensor(gruOps.gruOriginal, [gx, gu, gn, h], 'batch', h.shape, { units: h.size });
}

/** h′ = (1 − z) n + z h, r and z = σ(gx + gh), n = tanh(gx_n + r gh_n): gx [B, 3H] = x W + b, gh [B, 3H] = h U + c, h [B, H]. */
export function gruCell(gx: Tensor, gh: Tensor, h: Tensor): Tensor {
  check('gruCell', 'needs [B, 3H], [B, 3H] and [B, H]', [gx, gh, h], [3 * h.size, 3 * h.size, h.size]);
  return new Tensor(gruOps.gruCell, [gx, gh, h], 'batch', h.shape, { units: h.size });
}

/** Evaluates `f` for every row r and unit j; f writes into `out` at its own places. */
function eachUnit(
  rows: number,
  width: number,
  outWidth: number,
  f: (r: number, j: number, out: Values) => void,
): Values {
  const out = new Float64Array(rows * outWidth);
  for (let r = 0; r < rows; r++) for (let j = 0; j < width; j++) f(r, j, out);
  return out;
}

/** A fused gradient of `parts` pieces of H columns. */
function gradientOf(op: Op, inputs: readonly Tensor[], parts: number, units: number): Tensor {
  return new Tensor(op, inputs, 'batch', [parts * units], { units });
}

const kernelOf = (opcode: number) => (y: Tensor) => ({
  opcode,
  parameters: [y.attributes.units as number],
  operands: [...y.inputs, y],
});

const gruResetGradient = (inputs: readonly Tensor[], units: number): Tensor =>
  gradientOf(gruOps.gruResetGradient, inputs, 2, units);
const gruOriginalGradient = (inputs: readonly Tensor[], units: number): Tensor =>
  gradientOf(gruOps.gruOriginalGradient, inputs, 3, units);
const gruCellGradient = (inputs: readonly Tensor[], units: number): Tensor =>
  gradientOf(gruOps.gruCellGradient, inputs, 4, units);
const gruStateGradient = (inputs: readonly Tensor[], units: number): Tensor =>
  gradientOf(gruOps.gruStateGradient, inputs, 1, units);

export const gruOps = opFamily({
  gruReset: {
    formula: 'y = σ(gx_r + gu_r) h',
    derivative: '∂gx_r = ∂gu_r = dy h r (1 − r), ∂h = dy r',
    gradient: (y, dy) => {
      const [gx, gu, h] = y.inputs;
      const both = gruResetGradient([gx, gu, h, dy], h.size);
      const dr = slice(both, 0, h.size);
      return [place(dr, 0, gx.size), place(dr, 0, gu.size), slice(both, h.size, 2 * h.size)];
    },
    kernel: kernelOf(code.GRU_RESET),
    reference: (y, [gx, gu, h], rows) => {
      const n = y.size;
      return eachUnit(rows, n, n, (r, j, out) => {
        out[r * n + j] = sigma(gx[r * 3 * n + j] + gu[r * 2 * n + j]) * h[r * n + j];
      });
    },
  },
  gruResetGradient: {
    formula: 'y = (dy h r (1 − r), dy r), r = σ(gx_r + gu_r)',
    ...fusedGradient,
    kernel: kernelOf(code.GRU_RESET_GRADIENT),
    reference: (y, [gx, gu, h, dy], rows) => {
      const n = y.size / 2;
      return eachUnit(rows, n, 2 * n, (k, j, out) => {
        const r = sigma(gx[k * 3 * n + j] + gu[k * 2 * n + j]);
        out[k * 2 * n + j] = dy[k * n + j] * h[k * n + j] * r * (1 - r);
        out[k * 2 * n + n + j] = dy[k * n + j] * r;
      });
    },
  },
  gruOriginal: {
    formula: 'y = (1 − z) h + z n, z = σ(gx_z + gu_z), n = tanh(gx_n + gn)',
    derivative: '∂gx_z = ∂gu_z = dy (n − h) z (1 − z), ∂gx_n = ∂gn = dy z (1 − n²), ∂h = dy (1 − z)',
    gradient: (y, dy) => {
      const [gx, gu, gn, h] = y.inputs;
      const n = h.size;
      const all = gruOriginalGradient([gx, gu, gn, h, dy], n);
      const dgx = place(slice(all, 0, 2 * n), n, 3 * n);
      const dgu = place(slice(all, 0, n), n, 2 * n);
      return [dgx, dgu, slice(all, n, 2 * n), slice(all, 2 * n, 3 * n)];
    },
    kernel: kernelOf(code.GRU_ORIGINAL),
    reference: (y, [gx, gu, gn, h], rows) => {
      const n = y.size;
      return eachUnit(rows, n, n, (r, j, out) => {
        const z = sigma(gx[r * 3 * n + n + j] + gu[r * 2 * n + n + j]);
        const state = Math.tanh(gx[r * 3 * n + 2 * n + j] + gn[r * n + j]);
        out[r * n + j] = (1 - z) * h[r * n + j] + z * state;
      });
    },
  },
  gruOriginalGradient: {
    formula: 'y = (dy (n − h) z (1 − z), dy z (1 − n²), dy (1 − z))',
    ...fusedGradient,
    kernel: kernelOf(code.GRU_ORIGINAL_GRADIENT),
    reference: (y, [gx, gu, gn, h, dy], rows) => {
      const n = y.size / 3;
      return eachUnit(rows, n, 3 * n, (r, j, out) => {
        const z = sigma(gx[r * 3 * n + n + j] + gu[r * 2 * n + n + j]);
        const state = Math.tanh(gx[r * 3 * n + 2 * n + j] + gn[r * n + j]);
        const d = dy[r * n + j];
        out[r * 3 * n + j] = d * (state - h[r * n + j]) * z * (1 - z);
        out[r * 3 * n + n + j] = d * z * (1 - state * state);
        out[r * 3 * n + 2 * n + j] = d * (1 - z);
      });
    },
  },
  gruCell: {
    formula: 'y = (1 − z) n + z h, r and z = σ(gx + gh), n = tanh(gx_n + r gh_n)',
    derivative:
      '∂gx_n = a = dy (1 − z)(1 − n²), ∂gh_n = a r, ∂gx_r = ∂gh_r = a gh_n r (1 − r), ∂gx_z = ∂gh_z = dy (h − n) z (1 − z), ∂h = dy z',
    gradient: (y, dy) => {
      const [gx, gh, h] = y.inputs;
      const n = h.size;
      const all = gruCellGradient([gx, gh, h, dy], n);
      const dgh = concat(slice(all, 0, 2 * n), slice(all, 3 * n, 4 * n));
      return [slice(all, 0, 3 * n), dgh, gruStateGradient([gx, gh, dy], n)];
    },
    kernel: kernelOf(code.GRU_CELL),
    reference: (y, [gx, gh, h], rows) => {
      const n = y.size;
      return eachUnit(rows, n, n, (k, j, out) => {
        const at = k * 3 * n + j;
        const r = sigma(gx[at] + gh[at]);
        const z = sigma(gx[at + n] + gh[at + n]);
        const state = Math.tanh(gx[at + 2 * n] + r * gh[at + 2 * n]);
        out[k * n + j] = (1 - z) * state + z * h[k * n + j];
      });
    },
  },
  gruCellGradient: {
    formula: 'y = (a gh_n r (1 − r), dy (h − n) z (1 − z), a, a r), a = dy (1 − z)(1 − n²)',
    ...fusedGradient,
    kernel: kernelOf(code.GRU_CELL_GRADIENT),
    reference: (y, [gx, gh, h, dy], rows) => {
      const n = y.size / 4;
      return eachUnit(rows, n, 4 * n, (k, j, out) => {
        const at = k * 3 * n + j;
        const to = k * 4 * n + j;
        const r = sigma(gx[at] + gh[at]);
        const z = sigma(gx[at + n] + gh[at + n]);
        const state = Math.tanh(gx[at + 2 * n] + r * gh[at + 2 * n]);
        const a = dy[k * n + j] * (1 - z) * (1 - state * state);
        out[to] = a * gh[at + 2 * n] * r * (1 - r);
        out[to + n] = dy[k * n + j] * (h[k * n + j] - state) * z * (1 - z);
        out[to + 2 * n] = a;
        out[to + 3 * n] = a * r;
      });
    },
  },
  gruStateGradient: {
    formula: 'y = dy z, z = σ(gx_z + gh_z)',
    ...fusedGradient,
    kernel: kernelOf(code.GRU_STATE_GRADIENT),
    reference: (y, [gx, gh, dy], rows) => {
      const n = y.size;
      return eachUnit(rows, n, n, (k, j, out) => {
        const at = k * 3 * n + n + j;
        out[k * n + j] = dy[k * n + j] * sigma(gx[at] + gh[at]);
      });
    },
  },
});
