/** The rules by which optimizers change weights, element by element. */
import * as op from './opcodes';
import { real, word } from './record';

/**
 * Updates n contiguous weights from their gradient: g = clip(factor · gradient + l2 · w), then
 *   SGD       w −= η g
 *   momentum  v = β₁ v + g;  w −= η v
 *   Adagrad   a += g²;  w −= η g / √(a + ε)
 *   Adagrad with momentum  a += g²;  v = β₁ v − η g / √(a + ε);  w += v
 *   RMSprop   a = β₂ a + (1 − β₂) g²;  w −= η g / (√a + ε)
 *   Adam      m = β₁ m + (1 − β₁) g;  v = β₂ v + (1 − β₂) g²;  w −= η c₁ m / (√(c₂ v) + ε)
 *   GRDA      v −= η g;  w = sgn(v) max(|v| − c₁, 0), c₁ the threshold of the step
 *   FTRL      see applyFtrl
 */
export function applyUpdate(
  optimizer: usize, w: usize, gradient: usize, s1: usize, s2: usize, n: i32,
  rate: f32, correction1: f32, correction2: f32, factor: f32, l2: f32,
): void {
  const kind = <i32>word(optimizer, op.OPTIMIZER_KIND);
  const clip = real(optimizer, op.OPTIMIZER_CLIP_VALUE);
  if (kind == op.ADAM && clip <= 0 && factor == 1 && l2 == 0) {
    applyAdam(optimizer, w, gradient, s1, s2, n, rate * correction1, correction2);
    return;
  }
  if (kind == op.FTRL) {
    applyFtrl(optimizer, w, gradient, s1, s2, n, rate, factor, clip);
    return;
  }
  if (kind == op.ADAGRAD && clip <= 0 && factor == 1 && l2 == 0) {
    applyAdagrad(optimizer, w, gradient, s1, n, rate);
    return;
  }
  const b1 = f32x4.splat(real(optimizer, op.OPTIMIZER_BETA_1)), b2 = f32x4.splat(real(optimizer, op.OPTIMIZER_BETA_2));
  const d1 = f32x4.splat(1 - real(optimizer, op.OPTIMIZER_BETA_1)), d2 = f32x4.splat(1 - real(optimizer, op.OPTIMIZER_BETA_2));
  const epsilon = f32x4.splat(real(optimizer, op.OPTIMIZER_EPSILON));
  const step = f32x4.splat(rate), c1 = f32x4.splat(rate * correction1), c2 = f32x4.splat(correction2);
  const scale = f32x4.splat(factor), decay = f32x4.splat(l2);
  const high = f32x4.splat(clip), low = f32x4.splat(-clip);
  const threshold = f32x4.splat(correction1), zero = f32x4.splat(0), sign = f32x4.splat(-0.0);
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    // a row is padded to a multiple of four elements, so the last load and store stay inside it
    let weight = v128.load(w + at);
    let g = f32x4.add(f32x4.mul(v128.load(gradient + at), scale), f32x4.mul(decay, weight));
    if (clip > 0) g = f32x4.pmax(f32x4.pmin(g, high), low);
    if (kind == op.ADAM) {
      const m = f32x4.add(f32x4.mul(b1, v128.load(s1 + at)), f32x4.mul(d1, g));
      const v = f32x4.add(f32x4.mul(b2, v128.load(s2 + at)), f32x4.mul(d2, f32x4.mul(g, g)));
      v128.store(s1 + at, m);
      v128.store(s2 + at, v);
      weight = f32x4.sub(weight, f32x4.div(f32x4.mul(c1, m), f32x4.add(f32x4.sqrt(f32x4.mul(c2, v)), epsilon)));
    } else if (kind == op.ADAGRAD) {
      const a = f32x4.add(v128.load(s1 + at), f32x4.mul(g, g));
      v128.store(s1 + at, a);
      weight = f32x4.sub(weight, f32x4.div(f32x4.mul(step, g), f32x4.sqrt(f32x4.add(a, epsilon))));
    } else if (kind == op.ADAGRAD_MOMENTUM) {
      const a = f32x4.add(v128.load(s1 + at), f32x4.mul(g, g));
      v128.store(s1 + at, a);
      const change = f32x4.div(f32x4.mul(step, g), f32x4.sqrt(f32x4.add(a, epsilon)));
      const v = f32x4.sub(f32x4.mul(b1, v128.load(s2 + at)), change);
      v128.store(s2 + at, v);
      weight = f32x4.add(weight, v);
    } else if (kind == op.RMSPROP) {
      const a = f32x4.add(f32x4.mul(b2, v128.load(s1 + at)), f32x4.mul(d2, f32x4.mul(g, g)));
      v128.store(s1 + at, a);
      weight = f32x4.sub(weight, f32x4.div(f32x4.mul(step, g), f32x4.add(f32x4.sqrt(a), epsilon)));
    } else if (kind == op.MOMENTUM) {
      const v = f32x4.add(f32x4.mul(b1, v128.load(s1 + at)), g);
      v128.store(s1 + at, v);
      weight = f32x4.sub(weight, f32x4.mul(step, v));
    } else if (kind == op.GRDA) {
      const v = f32x4.sub(v128.load(s1 + at), f32x4.mul(step, g));
      v128.store(s1 + at, v);
      const size = f32x4.pmax(f32x4.sub(f32x4.abs(v), threshold), zero);
      // the sum with 0 makes −0 a 0
      weight = f32x4.add(v128.or(size, v128.and(sign, v)), zero);
    } else weight = f32x4.sub(weight, f32x4.mul(step, g));
    v128.store(w + at, weight);
  }
}

/**
 * FTRL-proximal (McMahan et al., KDD 2013, algorithm 1) with s1 = n, the sum of squared gradients, and s2 = z:
 *   σ = (√(n + g²) − √n) / α;  z += g − σ w;  n += g²
 *   w = 0 where |z| ≤ λ₁, else −(z − sgn(z) λ₁) / ((β + √n) / α + λ₂)
 */
function applyFtrl(
  optimizer: usize, w: usize, gradient: usize, s1: usize, s2: usize, n: i32, rate: f32, factor: f32, clip: f32,
): void {
  const zero = f32x4.splat(0), scale = f32x4.splat(factor), perRate = f32x4.splat(1 / rate);
  const l1 = f32x4.splat(real(optimizer, op.OPTIMIZER_L1)), l2 = f32x4.splat(real(optimizer, op.OPTIMIZER_L2));
  const beta = f32x4.splat(real(optimizer, op.OPTIMIZER_BETA_1));
  const high = f32x4.splat(clip), low = f32x4.splat(-clip), sign = f32x4.splat(-0.0);
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    let g = f32x4.mul(v128.load(gradient + at), scale);
    if (clip > 0) g = f32x4.pmax(f32x4.pmin(g, high), low);
    const before = v128.load(s1 + at);
    const squares = f32x4.add(before, f32x4.mul(g, g));
    const root = f32x4.sqrt(squares);
    const sigma = f32x4.mul(f32x4.sub(root, f32x4.sqrt(before)), perRate);
    const old = v128.load(w + at);
    const z = f32x4.sub(f32x4.add(v128.load(s2 + at), g), f32x4.mul(sigma, old));
    v128.store(s1 + at, squares);
    v128.store(s2 + at, z);
    const excess = f32x4.sub(z, v128.or(l1, v128.and(sign, z)));
    const weight = f32x4.neg(f32x4.div(excess, f32x4.add(f32x4.mul(f32x4.add(beta, root), perRate), l2)));
    // NaN in z must stay NaN, so the zeros are chosen by |z| ≤ λ₁; without a gradient nothing moves, not even by rounding
    const next = v128.bitselect(zero, weight, f32x4.le(f32x4.abs(z), l1));
    v128.store(w + at, v128.bitselect(old, next, f32x4.eq(g, zero)));
  }
}

/** Whether a rule is Adam or Adagrad on the gradient as it is: without clipping, scaling or l2. */
export function isPlain(optimizer: usize, factor: f32): bool {
  const kind = <i32>word(optimizer, op.OPTIMIZER_KIND);
  return (kind == op.ADAM || kind == op.ADAGRAD) && real(optimizer, op.OPTIMIZER_CLIP_VALUE) <= 0 && factor == 1 &&
    real(optimizer, op.OPTIMIZER_L2) == 0;
}

/**
 * Adam on n bytes of weights and the gradient as it is. Vectors go in pairs, whose loads come before their stores, so that they can
 * be joined.
 */
// @ts-ignore: decorator
@inline
export function adamRow(
  w: usize, gradient: usize, s1: usize, s2: usize, n: usize, b1: v128, b2: v128, d1: v128, d2: v128, epsilon: v128, c1: v128, c2: v128,
): void {
  let at: usize = 0;
  for (; at + 32 <= n; at += 32) {
    const g0 = v128.load(gradient + at), g1 = v128.load(gradient + at, 16);
    const w0 = v128.load(w + at), w1 = v128.load(w + at, 16);
    const m0 = f32x4.add(f32x4.mul(b1, v128.load(s1 + at)), f32x4.mul(d1, g0));
    const m1 = f32x4.add(f32x4.mul(b1, v128.load(s1 + at, 16)), f32x4.mul(d1, g1));
    const v0 = f32x4.add(f32x4.mul(b2, v128.load(s2 + at)), f32x4.mul(d2, f32x4.mul(g0, g0)));
    const v1 = f32x4.add(f32x4.mul(b2, v128.load(s2 + at, 16)), f32x4.mul(d2, f32x4.mul(g1, g1)));
    v128.store(s1 + at, m0); v128.store(s1 + at, m1, 16);
    v128.store(s2 + at, v0); v128.store(s2 + at, v1, 16);
    const change0 = f32x4.div(f32x4.mul(c1, m0), f32x4.add(f32x4.sqrt(f32x4.mul(c2, v0)), epsilon));
    const change1 = f32x4.div(f32x4.mul(c1, m1), f32x4.add(f32x4.sqrt(f32x4.mul(c2, v1)), epsilon));
    v128.store(w + at, f32x4.sub(w0, change0)); v128.store(w + at, f32x4.sub(w1, change1), 16);
  }
  if (at < n) {
    const g = v128.load(gradient + at);
    const m = f32x4.add(f32x4.mul(b1, v128.load(s1 + at)), f32x4.mul(d1, g));
    const v = f32x4.add(f32x4.mul(b2, v128.load(s2 + at)), f32x4.mul(d2, f32x4.mul(g, g)));
    v128.store(s1 + at, m);
    v128.store(s2 + at, v);
    const change = f32x4.div(f32x4.mul(c1, m), f32x4.add(f32x4.sqrt(f32x4.mul(c2, v)), epsilon));
    v128.store(w + at, f32x4.sub(v128.load(w + at), change));
  }
}

function applyAdam(
  optimizer: usize, w: usize, gradient: usize, s1: usize, s2: usize, n: i32, rate: f32, correction2: f32,
): void {
  const b1 = f32x4.splat(real(optimizer, op.OPTIMIZER_BETA_1)), b2 = f32x4.splat(real(optimizer, op.OPTIMIZER_BETA_2));
  const d1 = f32x4.splat(1 - real(optimizer, op.OPTIMIZER_BETA_1)), d2 = f32x4.splat(1 - real(optimizer, op.OPTIMIZER_BETA_2));
  const epsilon = f32x4.splat(real(optimizer, op.OPTIMIZER_EPSILON)), c1 = f32x4.splat(rate), c2 = f32x4.splat(correction2);
  adamRow(w, gradient, s1, s2, <usize>n << 2, b1, b2, d1, d2, epsilon, c1, c2);
}

/** Adagrad on n bytes of weights and the gradient as it is, vectors in pairs as above. */
// @ts-ignore: decorator
@inline
export function adagradRow(w: usize, gradient: usize, s1: usize, n: usize, epsilon: v128, step: v128): void {
  let at: usize = 0;
  for (; at + 32 <= n; at += 32) {
    const g0 = v128.load(gradient + at), g1 = v128.load(gradient + at, 16);
    const w0 = v128.load(w + at), w1 = v128.load(w + at, 16);
    const a0 = f32x4.add(v128.load(s1 + at), f32x4.mul(g0, g0));
    const a1 = f32x4.add(v128.load(s1 + at, 16), f32x4.mul(g1, g1));
    v128.store(s1 + at, a0); v128.store(s1 + at, a1, 16);
    const change0 = f32x4.div(f32x4.mul(step, g0), f32x4.sqrt(f32x4.add(a0, epsilon)));
    const change1 = f32x4.div(f32x4.mul(step, g1), f32x4.sqrt(f32x4.add(a1, epsilon)));
    v128.store(w + at, f32x4.sub(w0, change0)); v128.store(w + at, f32x4.sub(w1, change1), 16);
  }
  if (at < n) {
    const g = v128.load(gradient + at);
    const a = f32x4.add(v128.load(s1 + at), f32x4.mul(g, g));
    v128.store(s1 + at, a);
    const change = f32x4.div(f32x4.mul(step, g), f32x4.sqrt(f32x4.add(a, epsilon)));
    v128.store(w + at, f32x4.sub(v128.load(w + at), change));
  }
}

function applyAdagrad(optimizer: usize, w: usize, gradient: usize, s1: usize, n: i32, rate: f32): void {
  adagradRow(w, gradient, s1, <usize>n << 2, f32x4.splat(real(optimizer, op.OPTIMIZER_EPSILON)), f32x4.splat(rate));
}
