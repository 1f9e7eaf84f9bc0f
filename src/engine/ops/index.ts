/** What expressions are built from. The ops themselves are listed in `families.ts`. */

export { causalAttention } from './attention.ts';
export type { CandidateLossName } from './candidate-formulas.ts';
export { candidateLoss, candidateOffsets } from './candidates.ts';
export { convolution } from './convolution.ts';
export { dropout, laneDropout } from './dropout.ts';
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
  reluGradient,
  sigmoid,
  softplus,
  sqrt,
  square,
  subtract,
  tanh,
} from './elementwise.ts';
export { elu } from './elu.ts';
export { lookupFields } from './fields.ts';
export { fullSoftmaxCrossEntropy } from './full-softmax.ts';
export { swiglu } from './gated.ts';
export { gatherRows, propagate, sparseProduct } from './graph.ts';
export { gruCell, gruOriginal, gruReset } from './gru.ts';
export { bestCandidates, drawnByFactor, type FactorRanking, takenCandidate } from './hard-negatives.ts';
export { inBatchCrossEntropy } from './in-batch.ts';
export { bilinearPooling, repeatFields, sumFields } from './interactions.ts';
export { layerNorm, standardise } from './layer-norm.ts';
export { concat, matrixRows, reshaped, slice, stopGradient } from './layout.ts';
export { constant, indexInput, input, inverseRows, parameter, table } from './leaves.ts';
export { linear, linearRelu, outerSum, transpose } from './linear.ts';
export { carried, listInput, listLookup } from './lists.ts';
export { lookup } from './lookup.ts';
export { type LstmOptions, lstm } from './lstm.ts';
export { type IndexedRows, markedRows } from './marked-rows.ts';
export { joinColumns, matrixColumns, matrixProduct, rotated } from './matrices.ts';
export { broadcastRow, fillRows, multiplyColumn, repeatColumn, rowDot, rowSum, sumRows } from './reduce.ts';
export { type SparseMatrix, sparseMatrix, transposeSparse } from './sparse-matrix.ts';
export { batchStatistics, combineRows, normaliseRows, perRow, sumProducts, sumSquares } from './statistics.ts';
export { dotSteps, maskedSoftmax, maxSteps, poolSteps, sequenceLengths, transposeSteps } from './steps-of-row.ts';
export { targetCrossEntropy } from './target-loss.ts';
