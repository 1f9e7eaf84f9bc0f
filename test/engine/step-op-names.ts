/** Ops over the steps of rows and over whole matrices; their tests are in lstm.test.ts, steps-of-row.test.ts, full-softmax.test.ts. */
import type { FullSoftmaxName, LstmName, OpName, StepName } from '../../src/engine/expression.ts';

export type StepOpName = LstmName | StepName | FullSoftmaxName;

export const stepOpNames: readonly OpName[] = [
  ...(['lstm', 'lstmHidden', 'lstmGradient', 'lstmInputGradient', 'lstmWeightGradient', 'sequenceLengths'] as const),
  ...(['maskedSoftmax', 'maskedSoftmaxGradient', 'poolSteps', 'dotSteps', 'scaleSteps'] as const),
  ...(['fullSoftmaxParts', 'fullSoftmaxLoss', 'fullSoftmaxGradient', 'fullSoftmaxInput', 'allRows'] as const),
];
