/**
 * A block of self-attention (Kang & McAuley, ICDM 2018, §III-B, §III-C; Vaswani et al., NeurIPS 2017): every position looks at those
 * before it, then a layer of its own.
 *
 *   before (the paper)                          after
 *   x ← x + Attention(LayerNorm(x))             x ← LayerNorm(x + Attention(x))
 *   x ← x + FFN(LayerNorm(x))                   x ← LayerNorm(x + FFN(x))
 *
 *   Attention: q, k, v = x W + b, heads side by side, weights dropped after the softmax
 *   FFN(x) = dropout(dropout(max(0, x W₁ + b₁)) W₂ + b₂)
 *
 * feedForward "swiglu" (Shazeer, arXiv:2002.05202) and gated sums (LiGR: Borisyuk et al., arXiv:2502.03417, §3):
 *   FFN(x) = dropout(dropout(a σ(a) ⊙ b) W₂ + b₂), (a, b) = x W₁ + b₁
 *   x ← x + σ(x W_g + b_g) ⊙ g(LayerNorm(x))    in place of x + g(LayerNorm(x)), both times, with dropout of the attention's output
 */
import type { Tensor } from '../engine/expression.ts';
import { add, causalAttention, layerNorm, linear, linearRelu, multiply, sigmoid, swiglu } from '../engine/ops/index.ts';
import { dropoutLayer, type ForwardPass } from './forward-pass.ts';
import { glorotUniform, ones, zeros } from './initializer.ts';
import type { ParameterDeclaration, Parameters } from './parameters.ts';

export interface BlockOptions {
  readonly heads: number;
  readonly dropout: number;
  readonly normalise: 'before' | 'after';
  readonly feedForward: 'relu' | 'swiglu';
  /** Whether what a layer adds is gated by its input. */
  readonly gates: boolean;
  readonly epsilon: number;
}

/** γ and β of a normalisation. */
export function normParameters(prefix: string, width: number): ParameterDeclaration[] {
  return [
    { name: `${prefix}.gamma`, shape: [width], initializer: ones },
    { name: `${prefix}.beta`, shape: [width], initializer: zeros },
  ];
}

export function normLayer(p: Parameters, prefix: string, x: Tensor, epsilon: number): Tensor {
  return layerNorm(x, p[`${prefix}.gamma`], p[`${prefix}.beta`], epsilon);
}

/** Parameters of one block; queries, keys and values start as matrices of their own (Glorot). @param inner units inside the feed-forward layer */
export function blockParameters(
  prefix: string,
  width: number,
  inner: number,
  { feedForward, gates }: Pick<BlockOptions, 'feedForward' | 'gates'>,
): ParameterDeclaration[] {
  const weights = (name: string, rows: number, columns: number, parts = 1): ParameterDeclaration[] => [
    { name: `${prefix}.${name}`, shape: [rows, parts * columns], initializer: glorotUniform(rows, columns) },
  ];
  const bias = (name: string, columns: number): ParameterDeclaration[] => [
    { name: `${prefix}.${name}`, shape: [columns], initializer: zeros },
  ];
  const parts = feedForward === 'swiglu' ? 2 : 1;
  return [
    ...normParameters(`${prefix}.norm1`, width),
    ...weights('qkv', width, width, 3),
    ...bias('qkv.b', 3 * width),
    ...normParameters(`${prefix}.norm2`, width),
    ...weights('W1', width, inner, parts),
    ...bias('b1', parts * inner),
    ...weights('W2', inner, width),
    ...bias('b2', width),
    ...(gates ? [1, 2].flatMap((n) => [...weights(`gate${n}`, width, width), ...bias(`gate${n}.b`, width)]) : []),
  ];
}

/** @param x [B, width], positions as rows; `back` and `window` as for `causalAttention` */
export function selfAttentionBlock(
  p: Parameters,
  prefix: string,
  x: Tensor,
  { back, window }: { readonly back: Tensor; readonly window: number },
  { heads, dropout, normalise, feedForward, gates, epsilon }: BlockOptions,
  pass: ForwardPass,
): Tensor {
  const norm = (name: string, y: Tensor): Tensor => normLayer(p, `${prefix}.${name}`, y, epsilon);
  const drop = (name: string, y: Tensor): Tensor => dropoutLayer(y, dropout, `${prefix}/${name}`, pass, 16);
  const weighed = (y: Tensor, w: string, b: string): Tensor =>
    linear(y, p[`${prefix}.${w}`], { bias: p[`${prefix}.${b}`] });
  const key = pass.random?.child(`${prefix}/attention`).key;
  const attend = (y: Tensor): Tensor => {
    const attended = causalAttention(weighed(y, 'qkv', 'qkv.b'), back, {
      heads,
      window,
      ...(key ? { dropout, key } : {}),
    });
    return gates ? drop('attended', attended) : attended;
  };
  const forward = (y: Tensor): Tensor => {
    const inner =
      feedForward === 'swiglu' ? swiglu(weighed(y, 'W1', 'b1')) : linearRelu(y, p[`${prefix}.W1`], p[`${prefix}.b1`]);
    return drop('outer', weighed(drop('inner', inner), 'W2', 'b2'));
  };
  /** z + g, g gated by z where that is wanted */
  const sum = (z: Tensor, g: Tensor, gate: string): Tensor =>
    add(z, gates ? multiply(sigmoid(weighed(z, gate, `${gate}.b`)), g) : g);
  if (normalise === 'before') {
    const z = sum(x, attend(norm('norm1', x)), 'gate1');
    return sum(z, forward(norm('norm2', z)), 'gate2');
  }
  const z = norm('norm1', sum(x, attend(x), 'gate1'));
  return norm('norm2', sum(z, forward(z), 'gate2'));
}
