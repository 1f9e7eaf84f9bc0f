/**
 * Activations of gates and powers of two, with fewer instructions than the curves of vector-math.ts. Largest absolute errors
 * against float64: sigmoid 1.2 · 10⁻⁷, tanh 2.4 · 10⁻⁷ (near 0 it is absolute, not relative). NaN as arithmetic makes it stays NaN.
 *
 * Constants are loaded from memory: literal vectors would be built anew at each use, which takes three instructions.
 */
import { madd } from './simd';

const constants = memory.data<f32>([
  1, -126, 128,
  // 2^r on [−½, ½] by a polynomial of degree 5, off by 1.3 · 10⁻⁷ of itself at most
  1.340043217e-3, 9.672171736e-3, 5.550327214e-2, 2.402222815e-1, 6.931472067e-1,
  // −log₂ e and −2 log₂ e
  -1.44269504, -2.88539008,
  2,
  // 1.5 · 2²³: a small number added to it is rounded to a whole one, which then stands in the lowest bits
  12582912,
]);

/** Constants of `powerOfTwo4` by their numbers, for loops that keep them in registers. */
// @ts-ignore: decorator
@inline
export function powerConstant(n: usize): v128 {
  return v128.load32_splat(constants + (n << 2));
}

/** 2^y for −127 ≤ y ≤ 128 from its constants 0 and 3 … 7; 2^−127 is 0 and 2^128 is ∞. */
// @ts-ignore: decorator
@inline
export function powerOfTwo4(y: v128, one: v128, a5: v128, a4: v128, a3: v128, a2: v128, a1: v128): v128 {
  const shift = powerConstant(11), whole = f32x4.add(y, shift);
  const r = f32x4.sub(y, f32x4.sub(whole, shift));
  let p = madd(a5, r, a4);
  p = madd(p, r, a3);
  p = madd(p, r, a2);
  p = madd(p, r, a1);
  p = madd(p, r, one);
  // the whole number is added to the exponent; the other bits of `whole` are shifted out
  return i32x4.add(p, i32x4.shl(whole, 23));
}

/** 2^y for y cut to [−126, 128]: ∞ at the end, so that a closed gate is exactly 0. */
// @ts-ignore: decorator
@inline
function power(y: v128): v128 {
  return powerOfTwo4(
    f32x4.pmin(f32x4.pmax(y, powerConstant(1)), powerConstant(2)),
    powerConstant(0), powerConstant(3), powerConstant(4), powerConstant(5), powerConstant(6), powerConstant(7),
  );
}

/** 1 / (1 + e^(−x)) */
// @ts-ignore: decorator
@inline
export function gateSigmoid4(x: v128): v128 {
  const one = powerConstant(0);
  return f32x4.div(one, f32x4.add(one, power(f32x4.mul(x, powerConstant(8)))));
}

/** 2 / (1 + e^(−2x)) − 1 */
// @ts-ignore: decorator
@inline
export function gateTanh4(x: v128): v128 {
  const one = powerConstant(0);
  return f32x4.sub(f32x4.div(powerConstant(10), f32x4.add(one, power(f32x4.mul(x, powerConstant(9))))), one);
}
