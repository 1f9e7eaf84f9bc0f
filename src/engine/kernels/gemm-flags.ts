/** What happens to a block of results of a matrix product before it is stored. */

/** C += A·B instead of C = A·B */
export const ACCUMULATE: i32 = 1;
/** add bias[column] */
export const BIAS: i32 = 2;
/** C = max(0, …) after the bias */
export const RELU: i32 = 4;
