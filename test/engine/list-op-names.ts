/**
 * Ops that need a list, or a row's place in the batch; their tests are in list-ops.test.ts,
 * candidate-losses.test.ts and attention.test.ts.
 */
import type { AttentionName, CandidateName, OpName, TargetLossName } from '../../src/engine/expression.ts';

export type ListOpName =
  | CandidateName
  | TargetLossName
  | Extract<AttentionName, `attention${string}`>
  | 'list'
  | 'listLookup'
  | 'carried'
  | 'laneDropout';

export const lossNames = ['softmaxCrossEntropy', 'bprMax', 'top1Max', 'bpr', 'top1'] as const;

export const listOpNames: readonly OpName[] = [
  'list',
  'listLookup',
  'carried',
  'laneDropout',
  'candidateOffsets',
  'attention',
  'attentionGradient',
  'targetCrossEntropy',
  'targetCrossEntropyGradient',
  ...lossNames,
  ...lossNames.map((name) => `${name}Slopes` as const),
];
