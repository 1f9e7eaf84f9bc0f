/** The closed list of ops. The planner, the gradient, the reference and the tests all go through this table. */

import type { OpName } from '../expression.ts';
import { attentionOps } from './attention.ts';
import { candidateOps } from './candidates.ts';
import { dropoutOps } from './dropout.ts';
import { elementwiseOps } from './elementwise.ts';
import { fieldOps } from './fields.ts';
import { fullSoftmaxOps } from './full-softmax.ts';
import { graphOps } from './graph.ts';
import { gruOps } from './gru.ts';
import { interactionOps } from './interactions.ts';
import { layerNormOps } from './layer-norm.ts';
import { layoutOps } from './layout.ts';
import { leafOps } from './leaves.ts';
import { linearOps } from './linear.ts';
import { listOps } from './lists.ts';
import { lookupOps } from './lookup.ts';
import { lstmOps } from './lstm.ts';
import type { OpDefinition } from './op.ts';
import { reduceOps } from './reduce.ts';
import { rowNoiseOps } from './row-noise.ts';
import { statisticOps } from './statistics.ts';
import { stepOps } from './steps-of-row.ts';
import { targetLossOps } from './target-loss.ts';

export const ops: Record<OpName, OpDefinition> = {
  ...leafOps,
  ...elementwiseOps,
  ...linearOps,
  ...lookupOps,
  ...reduceOps,
  ...layoutOps,
  ...fieldOps,
  ...interactionOps,
  ...statisticOps,
  ...dropoutOps,
  ...attentionOps,
  ...layerNormOps,
  ...targetLossOps,
  ...listOps,
  ...gruOps,
  ...lstmOps,
  ...stepOps,
  ...fullSoftmaxOps,
  ...candidateOps,
  ...rowNoiseOps,
  ...graphOps,
};

/** The definition of a tensor's op, with the general type. */
export function opOf(name: OpName): OpDefinition {
  return ops[name];
}

export { causalAttention } from './attention.ts';
export { candidateLoss, candidateOffsets } from './candidates.ts';
export { dropout } from './dropout.ts';
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
export { lookupFields, slotGradient } from './fields.ts';
export { allRows, fullSoftmaxCrossEntropy } from './full-softmax.ts';
export { gatherRows, propagate, sparseProduct } from './graph.ts';
export { gruCell, gruOriginal, gruReset } from './gru.ts';
export { bilinearPooling, repeatFields, sumFields } from './interactions.ts';
export { layerNorm, standardise } from './layer-norm.ts';
export { concat, matrixRows, slice } from './layout.ts';
export { constant, indexInput, input, inverseRows, parameter, table } from './leaves.ts';
export { linear, linearRelu, outerSum, transpose } from './linear.ts';
export { carried, listInput, listLookup } from './lists.ts';
export { lookup } from './lookup.ts';
export { type LstmOptions, lstm, sequenceLengths } from './lstm.ts';
export { broadcastRow, fillRows, multiplyColumn, repeatColumn, rowDot, rowSum, sumRows } from './reduce.ts';
export { elu, laneDropout } from './row-noise.ts';
export { type SparseMatrix, sparseMatrix, transposeSparse } from './sparse-matrix.ts';
export { batchStatistics, combineRows, normaliseRows, perRow, sumProducts, sumSquares } from './statistics.ts';
export { maskedSoftmax, poolSteps } from './steps-of-row.ts';
export { targetCrossEntropy } from './target-loss.ts';
