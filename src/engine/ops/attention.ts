/**
 * Causal multi-head self-attention (Vaswani et al., NeurIPS 2017; as Kang & McAuley, ICDM 2018, §III-B use it), fused. The rows of
 * the batch are positions; those of a sequence follow each other, and several short sequences may share a window of rows.
 */
import { DeepTasteError } from '../../core/errors.ts';
import { type KernelCall, shapeError, Tensor, type Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { coarseFactor, coarseLimit } from './dropout.ts';
import { isIndex } from './leaves.ts';
import { fusedGradient, opFamily } from './op.ts';

interface AttentionOptions {
  readonly heads: number;
  /** Rows [k · window, (k + 1) · window) are a window; no sequence goes beyond its window. */
  readonly window: number;
  /** Probability with which a weight is dropped after the softmax, in steps of 2⁻¹⁶. */
  readonly dropout?: number;
  /** Key of a random stream of its own; needed with dropout. */
  readonly key?: readonly [number, number];
}

/**
 * y[r] = Σ_c softmax_c(q[r] · k[c] / √(d / heads)) v[c] over the rows c ≤ r of r's sequence, head by head.
 * @param qkv batch [B, 3d]: queries, keys, values; the columns of a head lie side by side in each
 * @param back index [B]: how many rows before r its sequence begins; −1 = no event, the row is 0 and takes no gradient.
 *   Where the rows before r are not 0, 1, 2, … in r's window, the row is NaN, which stops the run
 * @returns batch [B, d]. What is dropped is a function of (key, epoch, number of the example, head, column of the sequence)
 */
export function causalAttention(qkv: Tensor, back: Tensor, options: AttentionOptions): Tensor {
  const { heads, window, dropout = 0, key = [0, 0] } = options;
  const width = qkv.size / 3;
  if (qkv.rows !== 'batch' || !isIndex(back, 1) || !Number.isInteger(width / heads))
    throw shapeError('causalAttention', `needs [B, 3d] with d a multiple of ${heads} heads, and an index [B]`, [
      qkv,
      back,
    ]);
  if (!(Number.isInteger(window) && window >= 1 && window <= 65_536))
    throw new DeepTasteError('shape', `causalAttention: the window must hold 1 to 65536 rows, got ${window}`);
  if (!(dropout >= 0 && dropout < 1) || (dropout > 0 && !options.key))
    throw new DeepTasteError('config', `causalAttention: dropout must lie in [0, 1) and needs a key, got ${dropout}`);
  const limit = coarseLimit(dropout);
  const attributes = { heads, window, limit, key0: key[0], key1: key[1] };
  return new Tensor(attentionOps.attention, [qkv, back], 'batch', [width], attributes);
}

function attentionGradient(y: Tensor, dy: Tensor): Tensor {
  const [qkv, back] = y.inputs;
  return new Tensor(attentionOps.attentionGradient, [qkv, back, dy], 'batch', qkv.shape, y.attributes);
}

type AttentionAttributes = Readonly<Record<'heads' | 'window' | 'limit' | 'key0' | 'key1', number>>;

const attributesOf = (y: Tensor): AttentionAttributes => y.attributes as AttentionAttributes;

/** Rows of a block in `kernels/attention.ts`, at most. */
const BLOCK = 72;

function callOf(y: Tensor, opcode: number, panels: number, blocks: number): KernelCall {
  const { heads, window, limit, key0, key1 } = attributesOf(y);
  const width = y.inputs[0].size / 3;
  const padded = Math.ceil(window / 8) * 8;
  return {
    opcode,
    parameters: [width, heads, window, limit, key0 | 0, key1 | 0],
    operands: [...y.inputs, y],
    workspace: padded * (panels * (width / heads) + blocks * BLOCK) + 16,
  };
}

/** First row of the sequence that row r belongs to; −1 = no event, NaN = not one whole sequence up to r. */
function beginning(back: Values, r: number, window: number): number {
  if (back[r] < 0) return -1;
  const first = r - back[r];
  if (first < r - (r % window)) return Number.NaN;
  for (let c = first; c <= r; c++) if (back[c] !== c - first) return Number.NaN;
  return first;
}

interface Weights {
  readonly first: number;
  readonly p: readonly number[];
  /** After dropout. */
  readonly kept: readonly number[];
}

/** The weights of row r in a head; `first` is NaN or −1 where there are none. */
function weightsOf(y: Tensor, qkv: Values, back: Values, r: number, head: number): Weights {
  const attributes = attributesOf(y);
  const width = y.inputs[0].size / 3;
  const depth = width / attributes.heads;
  const first = beginning(back, r, attributes.window);
  if (!(first >= 0)) return { first, p: [], kept: [] };
  const scores = Array.from({ length: r - first + 1 }, (_, c) => {
    let sum = 0;
    for (let j = head * depth; j < (head + 1) * depth; j++)
      sum += qkv[r * 3 * width + j] * qkv[(first + c) * 3 * width + width + j];
    return sum / Math.sqrt(depth);
  });
  const highest = scores.reduce((max, v) => (v > max ? v : max), -Infinity);
  const e = scores.map((v) => Math.exp(v - highest));
  const total = e.reduce((sum, v) => sum + v, 0);
  const p = e.map((v) => v / total);
  const { limit, key0, key1 } = attributes;
  // of epoch 0
  const factor = (c: number): number =>
    limit === 0 ? 1 : coarseFactor(limit, c, [r, 16_384 * head, 0, 3], [key0, key1]);
  return { first, p, kept: p.map((v, c) => v * factor(c)) };
}

function forward(y: Tensor, [qkv, back]: readonly Values[], rows: number): Values {
  const width = y.size;
  const { heads } = attributesOf(y);
  const depth = width / heads;
  const out = new Float64Array(rows * width);
  for (let r = 0; r < rows; r++)
    for (let h = 0; h < heads; h++) {
      const { first, kept } = weightsOf(y, qkv, back, r, h);
      for (let j = h * depth; j < (h + 1) * depth; j++) {
        let sum = Number.isNaN(first) ? Number.NaN : 0;
        kept.forEach((w, c) => {
          sum += w * qkv[(first + c) * 3 * width + 2 * width + j];
        });
        out[r * width + j] = sum;
      }
    }
  return out;
}

function backward(y: Tensor, [qkv, back, dy]: readonly Values[], rows: number): Values {
  const width = y.size / 3;
  const { heads } = attributesOf(y);
  const depth = width / heads;
  const out = new Float64Array(rows * 3 * width);
  for (let r = 0; r < rows; r++)
    for (let h = 0; h < heads; h++) {
      const { first, p, kept } = weightsOf(y, qkv, back, r, h);
      if (Number.isNaN(first)) out.fill(Number.NaN, r * 3 * width, (r + 1) * 3 * width);
      const columns = Array.from({ length: depth }, (_, j) => h * depth + j);
      const at = (c: number, part: number, j: number): number => (first + c) * 3 * width + part * width + j;
      const dKept = kept.map((_, c) => columns.reduce((sum, j) => sum + dy[r * width + j] * qkv[at(c, 2, j)], 0));
      const mean = kept.reduce((sum, w, c) => sum + w * dKept[c], 0);
      p.forEach((w, c) => {
        const ds = (kept[c] * dKept[c] - w * mean) / Math.sqrt(depth);
        for (const j of columns) {
          out[r * 3 * width + j] += ds * qkv[at(c, 1, j)];
          out[at(c, 1, j)] += ds * qkv[r * 3 * width + j];
          out[at(c, 2, j)] += kept[c] * dy[r * width + j];
        }
      });
    }
  return out;
}

const window = (y: Tensor): number => attributesOf(y).window;

export const attentionOps = opFamily({
  attention: {
    formula:
      'y[r] = Σ_c m p[r, c] v[c], p[r] = softmax_c(q[r] · k[c] / √(d / heads)) over the rows c ≤ r of the sequence',
    derivative:
      '∂v[c] = Σ_r m p[r, c] dy[r]; with g = m dy[r] · v[c], s = p ⊙ (g − Σ p g) / √(d / heads): ∂q = s k, ∂k = sᵀ q',
    gradient: (y, dy) => [attentionGradient(y, dy), null],
    kernel: (y) => callOf(y, code.ATTENTION, 1, 1),
    window,
    reference: forward,
  },
  attentionGradient: {
    formula: 'y = (∂q, ∂k, ∂v) of `attention`',
    ...fusedGradient,
    kernel: (y) => callOf(y, code.ATTENTION_GRADIENT, 2, 3),
    window,
    reference: backward,
  },
});
