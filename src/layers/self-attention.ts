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
 */
import type { Tensor } from '../engine/expression.ts';
import { add, causalAttention, layerNorm, linear, linearRelu } from '../engine/ops/index.ts';
import { dropoutLayer, type ForwardPass } from './forward-pass.ts';
import { glorotUniform, ones, zeros } from './initializer.ts';
import type { ParameterDeclaration, Parameters } from './parameters.ts';

export interface BlockOptions {
  readonly heads: number;
  readonly dropout: number;
  readonly normalise: 'before' | 'after';
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

/** Parameters of one block; queries, keys and values start as matrices of their own (Glorot). */
export function blockParameters(prefix: string, width: number): ParameterDeclaration[] {
  const square = glorotUniform(width, width);
  return [
    ...normParameters(`${prefix}.norm1`, width),
    { name: `${prefix}.qkv`, shape: [width, 3 * width], initializer: square },
    { name: `${prefix}.qkv.b`, shape: [3 * width], initializer: zeros },
    ...normParameters(`${prefix}.norm2`, width),
    { name: `${prefix}.W1`, shape: [width, width], initializer: square },
    { name: `${prefix}.b1`, shape: [width], initializer: zeros },
    { name: `${prefix}.W2`, shape: [width, width], initializer: square },
    { name: `${prefix}.b2`, shape: [width], initializer: zeros },
  ];
}

/** @param x [B, width], positions as rows; `back` and `window` as for `causalAttention` */
export function selfAttentionBlock(
  p: Parameters,
  prefix: string,
  x: Tensor,
  { back, window }: { readonly back: Tensor; readonly window: number },
  { heads, dropout, normalise, epsilon }: BlockOptions,
  pass: ForwardPass,
): Tensor {
  const norm = (name: string, y: Tensor): Tensor => normLayer(p, `${prefix}.${name}`, y, epsilon);
  const drop = (name: string, y: Tensor): Tensor => dropoutLayer(y, dropout, `${prefix}/${name}`, pass, 16);
  const key = pass.random?.child(`${prefix}/attention`).key;
  const attend = (y: Tensor): Tensor =>
    causalAttention(linear(y, p[`${prefix}.qkv`], { bias: p[`${prefix}.qkv.b`] }), back, {
      heads,
      window,
      ...(key ? { dropout, key } : {}),
    });
  const feedForward = (y: Tensor): Tensor => {
    const inner = drop('inner', linearRelu(y, p[`${prefix}.W1`], p[`${prefix}.b1`]));
    return drop('outer', linear(inner, p[`${prefix}.W2`], { bias: p[`${prefix}.b2`] }));
  };
  if (normalise === 'before') {
    const z = add(x, attend(norm('norm1', x)));
    return add(z, feedForward(norm('norm2', z)));
  }
  const z = norm('norm1', add(x, attend(x)));
  return norm('norm2', add(z, feedForward(z)));
}
