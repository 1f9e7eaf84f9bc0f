/** The closed list of ops. The planner, the gradient, the reference and the tests all go through this table. */

import type { OpName } from '../expression.ts';
import { elementwiseOps } from './elementwise.ts';
import { layoutOps } from './layout.ts';
import { leafOps } from './leaves.ts';
import { linearOps } from './linear.ts';
import { lookupOps } from './lookup.ts';
import type { OpDefinition } from './op.ts';
import { reduceOps } from './reduce.ts';

export const ops: Record<OpName, OpDefinition> = {
  ...leafOps,
  ...elementwiseOps,
  ...linearOps,
  ...lookupOps,
  ...reduceOps,
  ...layoutOps,
};

/** The definition of a tensor's op, with the general type. */
export function opOf(name: OpName): OpDefinition {
  return ops[name];
}

export {
  add,
  affine,
  bceWithLogits,
  exp,
  log,
  multiply,
  negate,
  negativeLogSigmoid,
  reciprocal,
  relu,
  sigmoid,
  softplus,
  sqrt,
  square,
  subtract,
  tanh,
} from './elementwise.ts';
export { concat, slice } from './layout.ts';
export { broadcastRow, fillRows, indexInput, input, inverseRows, parameter, table } from './leaves.ts';
export { linear, linearRelu, outerSum, transpose } from './linear.ts';
export { lookup } from './lookup.ts';
export { multiplyColumn, repeatColumn, rowDot, rowSum, sumRows } from './reduce.ts';
