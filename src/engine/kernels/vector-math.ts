/**
 * Four-wide exp, log, tanh, sigmoid and softplus in single precision. Range reduction and minimax polynomials of the classic
 * single-precision libraries. Bounds against float64, held by test/engine/vector-math.test.ts: exp, log ≤ 1 ulp, tanh ≤ 1.5,
 * softplus ≤ 2, sigmoid ≤ 2.5; exp, sigmoid and softplus give 0 where the value is below the smallest normal number.
 * NaN stays NaN. No fused multiply-add is used, so both builds give the same bits.
 */

// @ts-ignore: decorator
@inline
function c(x: f32): v128 {
  return f32x4.splat(x);
}

// @ts-ignore: decorator
@inline
function fma(a: v128, b: v128, d: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), d);
}

/** e^x: x = n·ln 2 + r, e^r by a polynomial of degree 6. Overflows to ∞ above 88.72, underflows to 0 below −87.33. */
export function exp4(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, c(-87.4)), c(88.8));
  const n = f32x4.nearest(f32x4.mul(clamped, c(1.44269504088896341)));
  let r = f32x4.sub(clamped, f32x4.mul(n, c(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, c(-2.12194440e-4)));
  let p = c(1.9875691500e-4);
  p = fma(p, r, c(1.3981999507e-3));
  p = fma(p, r, c(8.3334519073e-3));
  p = fma(p, r, c(4.1665795894e-2));
  p = fma(p, r, c(1.6666665459e-1));
  p = fma(p, r, c(5.0000001201e-1));
  p = f32x4.add(fma(p, f32x4.mul(r, r), r), c(1));
  // scale by 2^n in two halves, so that n = 128 still works
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  const first = i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23);
  const second = i32x4.shl(i32x4.add(i32x4.sub(whole, half), i32x4.splat(127)), 23);
  let result = f32x4.mul(f32x4.mul(p, first), second);
  result = v128.bitselect(c(Infinity), result, f32x4.gt(x, c(88.722839)));
  result = v128.bitselect(c(0), result, f32x4.lt(x, c(-87.336544)));
  return v128.bitselect(result, x, f32x4.eq(x, x));
}

/** e^x for x ≤ 0 (a score less the largest one): as `exp4` there, without its care for large x. Other x are not asked for. */
// @ts-ignore: decorator
@inline
export function expOfNegative4(x: v128): v128 {
  const clamped = f32x4.pmax(x, c(-87.336544));
  const n = f32x4.nearest(f32x4.mul(clamped, c(1.44269504088896341)));
  let r = f32x4.sub(clamped, f32x4.mul(n, c(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, c(-2.12194440e-4)));
  let p = c(1.9875691500e-4);
  p = fma(p, r, c(1.3981999507e-3));
  p = fma(p, r, c(8.3334519073e-3));
  p = fma(p, r, c(4.1665795894e-2));
  p = fma(p, r, c(1.6666665459e-1));
  p = fma(p, r, c(5.0000001201e-1));
  p = f32x4.add(fma(p, f32x4.mul(r, r), r), c(1));
  const scale = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return v128.andnot(f32x4.mul(p, scale), f32x4.lt(x, c(-87.336544)));
}

/** ln x: x = m·2^e with m in [√½, √2), ln m by a polynomial of degree 9. ln 0 = −∞, negative numbers give NaN. */
export function log4(x: v128): v128 {
  const tiny = f32x4.lt(x, c(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, c(8388608)), x, tiny);
  let exponent = i32x4.sub(i32x4.shr_u(scaled, 23), i32x4.splat(126));
  let m = v128.or(v128.and(scaled, i32x4.splat(0x007fffff)), i32x4.splat(0x3f000000));
  const small = f32x4.lt(m, c(0.707106781186547524));
  exponent = i32x4.add(exponent, small);
  exponent = i32x4.sub(exponent, v128.and(tiny, i32x4.splat(23)));
  m = f32x4.sub(f32x4.add(m, v128.and(m, small)), c(1));
  const e = f32x4.convert_i32x4_s(exponent);
  const z = f32x4.mul(m, m);
  let p = c(7.0376836292e-2);
  p = fma(p, m, c(-1.1514610310e-1));
  p = fma(p, m, c(1.1676998740e-1));
  p = fma(p, m, c(-1.2420140846e-1));
  p = fma(p, m, c(1.4249322787e-1));
  p = fma(p, m, c(-1.6668057665e-1));
  p = fma(p, m, c(2.0000714765e-1));
  p = fma(p, m, c(-2.4999993993e-1));
  p = fma(p, m, c(3.3333331174e-1));
  let y = f32x4.mul(f32x4.mul(p, m), z);
  y = fma(e, c(-2.12194440e-4), y);
  y = fma(z, c(-0.5), y);
  let result = fma(e, c(0.693359375), f32x4.add(m, y));
  result = v128.bitselect(c(Infinity), result, f32x4.eq(x, c(Infinity)));
  result = v128.bitselect(c(-Infinity), result, f32x4.eq(x, c(0)));
  result = v128.bitselect(c(NaN), result, f32x4.lt(x, c(0)));
  return v128.bitselect(result, x, f32x4.eq(x, x));
}

/** ln(1 + x) for x ≥ 0 without losing small x: ln(u) + (x − (u − 1)) / u with u = 1 + x. */
// @ts-ignore: decorator
@inline
function log1p4(x: v128): v128 {
  const u = f32x4.add(c(1), x);
  return f32x4.add(log4(u), f32x4.div(f32x4.sub(x, f32x4.sub(u, c(1))), u));
}

/** 1 / (1 + e^(−x)), computed from e^(−|x|) so that neither tail overflows. */
export function sigmoid4(x: v128): v128 {
  const e = exp4(f32x4.neg(f32x4.abs(x)));
  const positive = f32x4.div(c(1), f32x4.add(c(1), e));
  const negative = f32x4.div(e, f32x4.add(c(1), e));
  return v128.bitselect(negative, positive, f32x4.lt(x, c(0)));
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^(−|x|)). */
export function softplus4(x: v128): v128 {
  const tail = log1p4(exp4(f32x4.neg(f32x4.abs(x))));
  return f32x4.add(f32x4.pmax(x, c(0)), tail);
}

/** tanh x: odd polynomial below 0.625, 1 − 2 / (e^(2|x|) + 1) above. */
export function tanh4(x: v128): v128 {
  const a = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  let p = c(-5.70498872745e-3);
  p = fma(p, z, c(2.06390887954e-2));
  p = fma(p, z, c(-5.37397155531e-2));
  p = fma(p, z, c(1.33314422036e-1));
  p = fma(p, z, c(-3.33332819422e-1));
  const near = fma(f32x4.mul(p, z), x, x);
  const e = exp4(f32x4.add(a, a));
  const magnitude = f32x4.sub(c(1), f32x4.div(c(2), f32x4.add(e, c(1))));
  const far = v128.bitselect(f32x4.neg(magnitude), magnitude, f32x4.lt(x, c(0)));
  const result = v128.bitselect(near, far, f32x4.lt(a, c(0.625)));
  return v128.bitselect(result, x, f32x4.eq(x, x));
}
