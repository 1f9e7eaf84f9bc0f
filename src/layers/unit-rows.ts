import type { Tensor } from '../engine/expression.ts';
import { affine, multiplyColumn, reciprocal, rowDot, sqrt } from '../engine/ops/index.ts';

/** Added to the square of a length, so that rows of zeros stay. */
const SMALLEST = 1e-12;

/** Rows of length 1: of the batch, or of a shared matrix. */
export function unitRows(x: Tensor): Tensor {
  return multiplyColumn(x, reciprocal(sqrt(affine(rowDot(x, x), 1, SMALLEST))));
}
