/** The few SIMD idioms all kernels share. `madd` is fused where the build has relaxed SIMD, two instructions elsewhere. */

/**
 * Set by `scripts/build.ts` for the build whose vectors the compiler is to join in pairs: with 16 registers of 256 bits other blocks
 * of a product fit. All three builds compute the same sums in the same order, and `relaxed` and `wide` have the same bytes.
 */
// @ts-ignore: a constant of the command line of the compiler
export const WIDE = WIDE_VECTORS;

// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** Sum of the four lanes, in the fixed order (0+2) + (1+3). */
// @ts-ignore: decorator
@inline
export function horizontalSum(v: v128): f32 {
  const folded = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(folded, 0) + f32x4.extract_lane(folded, 1);
}
