/** The closed list of ops, by family. Documentation and tests go through it; the engine itself asks the op of each tensor. */
import type { Op } from '../expression.ts';
import { attentionOps } from './attention.ts';
import { candidateOps } from './candidates.ts';
import { convolutionOps } from './convolution.ts';
import { dropoutOps } from './dropout.ts';
import { elementwiseOps } from './elementwise.ts';
import { eluOps } from './elu.ts';
import { fieldOps } from './fields.ts';
import { fullSoftmaxOps } from './full-softmax.ts';
import { gatedOps } from './gated.ts';
import { graphOps } from './graph.ts';
import { gruOps } from './gru.ts';
import { hardNegativeOps } from './hard-negatives.ts';
import { inBatchOps } from './in-batch.ts';
import { interactionOps } from './interactions.ts';
import { layerNormOps } from './layer-norm.ts';
import { layoutOps } from './layout.ts';
import { leafOps } from './leaves.ts';
import { linearOps } from './linear.ts';
import { listOps } from './lists.ts';
import { lookupOps } from './lookup.ts';
import { lstmOps } from './lstm.ts';
import { markedRowOps } from './marked-rows.ts';
import { matrixOps } from './matrices.ts';
import { reduceOps } from './reduce.ts';
import { sparseMatrixOps } from './sparse-matrix.ts';
import { statisticOps } from './statistics.ts';
import { stepOps } from './steps-of-row.ts';
import { targetLossOps } from './target-loss.ts';

export interface OpFamily {
  readonly title: string;
  /** Where its ops are defined, in `ops/`. */
  readonly file: string;
  readonly ops: Readonly<Record<string, Op>>;
}

export const opFamilies: readonly OpFamily[] = [
  { title: 'What is given', file: 'leaves.ts', ops: leafOps },
  { title: 'Element by element', file: 'elementwise.ts', ops: elementwiseOps },
  { title: 'Exponential linear unit', file: 'elu.ts', ops: eluOps },
  { title: 'Gated linear units', file: 'gated.ts', ops: gatedOps },
  { title: 'Matrix products', file: 'linear.ts', ops: linearOps },
  { title: 'Rows of tables', file: 'lookup.ts', ops: lookupOps },
  { title: 'Sums along and across rows, and their opposites', file: 'reduce.ts', ops: reduceOps },
  { title: 'Joining and cutting', file: 'layout.ts', ops: layoutOps },
  { title: 'Rows of tables for feature fields', file: 'fields.ts', ops: fieldOps },
  { title: 'Interactions of fields', file: 'interactions.ts', ops: interactionOps },
  { title: 'Statistics of the batch', file: 'statistics.ts', ops: statisticOps },
  { title: 'Normalisation of rows', file: 'layer-norm.ts', ops: layerNormOps },
  { title: 'Dropout', file: 'dropout.ts', ops: dropoutOps },
  { title: 'Lists and carried rows', file: 'lists.ts', ops: listOps },
  { title: 'Losses over candidates', file: 'candidates.ts', ops: candidateOps },
  { title: 'Negatives chosen by the scores of now', file: 'hard-negatives.ts', ops: hardNegativeOps },
  { title: 'Targets against a list', file: 'target-loss.ts', ops: targetLossOps },
  { title: 'Softmax over all rows of a matrix', file: 'full-softmax.ts', ops: fullSoftmaxOps },
  { title: 'Rows of the batch against each other', file: 'in-batch.ts', ops: inBatchOps },
  { title: 'Recurrent units', file: 'gru.ts', ops: gruOps },
  { title: 'Long short-term memory', file: 'lstm.ts', ops: lstmOps },
  { title: 'Convolution over the steps of a row', file: 'convolution.ts', ops: convolutionOps },
  { title: 'Steps of a row', file: 'steps-of-row.ts', ops: stepOps },
  { title: 'Self-attention', file: 'attention.ts', ops: attentionOps },
  { title: 'Sparse matrices', file: 'sparse-matrix.ts', ops: sparseMatrixOps },
  { title: 'Marks of rows', file: 'marked-rows.ts', ops: markedRowOps },
  { title: 'Graphs', file: 'graph.ts', ops: graphOps },
  { title: 'Shared matrices', file: 'matrices.ts', ops: matrixOps },
];
