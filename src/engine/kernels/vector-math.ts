/**
 * Four-wide exp, log, tanh, sigmoid and softplus in single precision. Range reduction and minimax polynomials of the classic
 * single-precision libraries. Bounds against float64, held by test/engine/vector-math.test.ts: exp, log ≤ 1 ulp, tanh ≤ 1.5,
 * softplus ≤ 2, sigmoid ≤ 2.5; exp, sigmoid and softplus give 0 where the value is below the smallest normal number.
 * NaN stays NaN. No fused multiply-add is used, so both builds give the same bits.
 */

/** Four of each constant. Literal vectors would be built anew at each use, by three instructions. */
const constants = memory.data<f32>([
  1, 1, 1, 1,
  2, 2, 2, 2,
  -0.5, -0.5, -0.5, -0.5,
  Infinity, Infinity, Infinity, Infinity,
  -Infinity, -Infinity, -Infinity, -Infinity,
  NaN, NaN, NaN, NaN,
  // log₂ e; ln 2 in two parts, the first of them exact in products with whole numbers
  1.44269504088896341, 1.44269504088896341, 1.44269504088896341, 1.44269504088896341,
  0.693359375, 0.693359375, 0.693359375, 0.693359375,
  -2.12194440e-4, -2.12194440e-4, -2.12194440e-4, -2.12194440e-4,
  // where exp leaves the normal numbers, and where its argument is cut
  88.722839, 88.722839, 88.722839, 88.722839,
  -87.336544, -87.336544, -87.336544, -87.336544,
  88.8, 88.8, 88.8, 88.8,
  -87.4, -87.4, -87.4, -87.4,
  // exp: coefficients, highest power first
  1.9875691500e-4, 1.9875691500e-4, 1.9875691500e-4, 1.9875691500e-4,
  1.3981999507e-3, 1.3981999507e-3, 1.3981999507e-3, 1.3981999507e-3,
  8.3334519073e-3, 8.3334519073e-3, 8.3334519073e-3, 8.3334519073e-3,
  4.1665795894e-2, 4.1665795894e-2, 4.1665795894e-2, 4.1665795894e-2,
  1.6666665459e-1, 1.6666665459e-1, 1.6666665459e-1, 1.6666665459e-1,
  5.0000001201e-1, 5.0000001201e-1, 5.0000001201e-1, 5.0000001201e-1,
  // log: smallest normal number, 2²³, √½, coefficients
  1.17549435e-38, 1.17549435e-38, 1.17549435e-38, 1.17549435e-38,
  8388608, 8388608, 8388608, 8388608,
  0.707106781186547524, 0.707106781186547524, 0.707106781186547524, 0.707106781186547524,
  7.0376836292e-2, 7.0376836292e-2, 7.0376836292e-2, 7.0376836292e-2,
  -1.1514610310e-1, -1.1514610310e-1, -1.1514610310e-1, -1.1514610310e-1,
  1.1676998740e-1, 1.1676998740e-1, 1.1676998740e-1, 1.1676998740e-1,
  -1.2420140846e-1, -1.2420140846e-1, -1.2420140846e-1, -1.2420140846e-1,
  1.4249322787e-1, 1.4249322787e-1, 1.4249322787e-1, 1.4249322787e-1,
  -1.6668057665e-1, -1.6668057665e-1, -1.6668057665e-1, -1.6668057665e-1,
  2.0000714765e-1, 2.0000714765e-1, 2.0000714765e-1, 2.0000714765e-1,
  -2.4999993993e-1, -2.4999993993e-1, -2.4999993993e-1, -2.4999993993e-1,
  3.3333331174e-1, 3.3333331174e-1, 3.3333331174e-1, 3.3333331174e-1,
  // tanh: where the polynomial ends, coefficients
  0.625, 0.625, 0.625, 0.625,
  -5.70498872745e-3, -5.70498872745e-3, -5.70498872745e-3, -5.70498872745e-3,
  2.06390887954e-2, 2.06390887954e-2, 2.06390887954e-2, 2.06390887954e-2,
  -5.37397155531e-2, -5.37397155531e-2, -5.37397155531e-2, -5.37397155531e-2,
  1.33314422036e-1, 1.33314422036e-1, 1.33314422036e-1, 1.33314422036e-1,
  -3.33332819422e-1, -3.33332819422e-1, -3.33332819422e-1, -3.33332819422e-1,
]);

/** Numbers of the constants. */
const ONE: usize = 0, TWO: usize = 1, MINUS_HALF: usize = 2, INFINITE: usize = 3, MINUS_INFINITE: usize = 4,
  NOT_A_NUMBER: usize = 5;
const LOG2_E: usize = 6, LN2_HIGH: usize = 7, LN2_LOW: usize = 8;
const EXP_OVERFLOWS: usize = 9, EXP_VANISHES: usize = 10, EXP_HIGHEST: usize = 11, EXP_LOWEST: usize = 12;
const EXP_7: usize = 13, EXP_6: usize = 14, EXP_5: usize = 15, EXP_4: usize = 16, EXP_3: usize = 17, EXP_2: usize = 18;
const SMALLEST_NORMAL: usize = 19, TWO_TO_23: usize = 20, ROOT_HALF: usize = 21, LOG_11: usize = 22,
  LOG_10: usize = 23, LOG_9: usize = 24, LOG_8: usize = 25, LOG_7: usize = 26, LOG_6: usize = 27, LOG_5: usize = 28,
  LOG_4: usize = 29, LOG_3: usize = 30;
const TANH_NEAR: usize = 31, TANH_11: usize = 32, TANH_9: usize = 33, TANH_7: usize = 34, TANH_5: usize = 35,
  TANH_3: usize = 36;

// @ts-ignore: decorator
@inline
function c(n: usize): v128 {
  return v128.load(constants + (n << 4));
}

// @ts-ignore: decorator
@inline
function fma(a: v128, b: v128, d: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), d);
}

/** e^x: x = n·ln 2 + r, e^r by a polynomial of degree 6. Overflows to ∞ above 88.72, underflows to 0 below −87.33. */
export function exp4(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, c(EXP_LOWEST)), c(EXP_HIGHEST));
  const n = f32x4.nearest(f32x4.mul(clamped, c(LOG2_E)));
  let r = f32x4.sub(clamped, f32x4.mul(n, c(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(n, c(LN2_LOW)));
  let p = c(EXP_7);
  p = fma(p, r, c(EXP_6));
  p = fma(p, r, c(EXP_5));
  p = fma(p, r, c(EXP_4));
  p = fma(p, r, c(EXP_3));
  p = fma(p, r, c(EXP_2));
  p = f32x4.add(fma(p, f32x4.mul(r, r), r), c(ONE));
  // scale by 2^n in two halves, so that n = 128 still works
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  const first = i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23);
  const second = i32x4.shl(i32x4.add(i32x4.sub(whole, half), i32x4.splat(127)), 23);
  let result = f32x4.mul(f32x4.mul(p, first), second);
  result = v128.bitselect(c(INFINITE), result, f32x4.gt(x, c(EXP_OVERFLOWS)));
  result = v128.bitselect(f32x4.splat(0), result, f32x4.lt(x, c(EXP_VANISHES)));
  return v128.bitselect(result, x, f32x4.eq(x, x));
}

/** e^x for x ≤ 0 (a score less the largest one): as `exp4` there, without its care for large x. Other x are not asked for. */
// @ts-ignore: decorator
@inline
export function expOfNegative4(x: v128): v128 {
  const clamped = f32x4.pmax(x, c(EXP_VANISHES));
  const n = f32x4.nearest(f32x4.mul(clamped, c(LOG2_E)));
  let r = f32x4.sub(clamped, f32x4.mul(n, c(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(n, c(LN2_LOW)));
  let p = c(EXP_7);
  p = fma(p, r, c(EXP_6));
  p = fma(p, r, c(EXP_5));
  p = fma(p, r, c(EXP_4));
  p = fma(p, r, c(EXP_3));
  p = fma(p, r, c(EXP_2));
  p = f32x4.add(fma(p, f32x4.mul(r, r), r), c(ONE));
  const scale = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return v128.andnot(f32x4.mul(p, scale), f32x4.lt(x, c(EXP_VANISHES)));
}

/** ln x: x = m·2^e with m in [√½, √2), ln m by a polynomial of degree 9. ln 0 = −∞, negative numbers give NaN. */
export function log4(x: v128): v128 {
  const tiny = f32x4.lt(x, c(SMALLEST_NORMAL));
  const scaled = v128.bitselect(f32x4.mul(x, c(TWO_TO_23)), x, tiny);
  let exponent = i32x4.sub(i32x4.shr_u(scaled, 23), i32x4.splat(126));
  let m = v128.or(v128.and(scaled, i32x4.splat(0x007fffff)), i32x4.splat(0x3f000000));
  const small = f32x4.lt(m, c(ROOT_HALF));
  exponent = i32x4.add(exponent, small);
  exponent = i32x4.sub(exponent, v128.and(tiny, i32x4.splat(23)));
  m = f32x4.sub(f32x4.add(m, v128.and(m, small)), c(ONE));
  const e = f32x4.convert_i32x4_s(exponent);
  const z = f32x4.mul(m, m);
  let p = c(LOG_11);
  p = fma(p, m, c(LOG_10));
  p = fma(p, m, c(LOG_9));
  p = fma(p, m, c(LOG_8));
  p = fma(p, m, c(LOG_7));
  p = fma(p, m, c(LOG_6));
  p = fma(p, m, c(LOG_5));
  p = fma(p, m, c(LOG_4));
  p = fma(p, m, c(LOG_3));
  let y = f32x4.mul(f32x4.mul(p, m), z);
  y = fma(e, c(LN2_LOW), y);
  y = fma(z, c(MINUS_HALF), y);
  let result = fma(e, c(LN2_HIGH), f32x4.add(m, y));
  result = v128.bitselect(c(INFINITE), result, f32x4.eq(x, c(INFINITE)));
  result = v128.bitselect(c(MINUS_INFINITE), result, f32x4.eq(x, f32x4.splat(0)));
  result = v128.bitselect(c(NOT_A_NUMBER), result, f32x4.lt(x, f32x4.splat(0)));
  return v128.bitselect(result, x, f32x4.eq(x, x));
}

/** ln(1 + x) for x ≥ 0 without losing small x: ln(u) + (x − (u − 1)) / u with u = 1 + x. */
// @ts-ignore: decorator
@inline
export function log1p4(x: v128): v128 {
  const u = f32x4.add(c(ONE), x);
  return f32x4.add(log4(u), f32x4.div(f32x4.sub(x, f32x4.sub(u, c(ONE))), u));
}

/** 1 / (1 + e^(−x)), computed from e^(−|x|) so that neither tail overflows. */
export function sigmoid4(x: v128): v128 {
  const e = exp4(f32x4.neg(f32x4.abs(x)));
  const positive = f32x4.div(c(ONE), f32x4.add(c(ONE), e));
  const negative = f32x4.div(e, f32x4.add(c(ONE), e));
  return v128.bitselect(negative, positive, f32x4.lt(x, f32x4.splat(0)));
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^(−|x|)). */
export function softplus4(x: v128): v128 {
  const tail = log1p4(exp4(f32x4.neg(f32x4.abs(x))));
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), tail);
}

/** tanh x: odd polynomial below 0.625, 1 − 2 / (e^(2|x|) + 1) above. */
export function tanh4(x: v128): v128 {
  const a = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  let p = c(TANH_11);
  p = fma(p, z, c(TANH_9));
  p = fma(p, z, c(TANH_7));
  p = fma(p, z, c(TANH_5));
  p = fma(p, z, c(TANH_3));
  const near = fma(f32x4.mul(p, z), x, x);
  const e = exp4(f32x4.add(a, a));
  const magnitude = f32x4.sub(c(ONE), f32x4.div(c(TWO), f32x4.add(e, c(ONE))));
  const far = v128.bitselect(f32x4.neg(magnitude), magnitude, f32x4.lt(x, f32x4.splat(0)));
  const result = v128.bitselect(near, far, f32x4.lt(a, c(TANH_NEAR)));
  return v128.bitselect(result, x, f32x4.eq(x, x));
}
