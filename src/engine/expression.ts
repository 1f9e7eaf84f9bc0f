/**
 * Symbolic tensors with static shapes. A model builds an expression once; `gradient.ts` differentiates it, `plan/` turns it into
 * kernel calls, `reference.ts` evaluates it in float64.
 *
 * A tensor is either *batch* — one row of `shape` for every example, e.g. [B, 64] has shape [64] — or *shared*: one value for
 * the whole step, e.g. a weight matrix of shape [128, 64]. Nothing broadcasts silently: equal shapes, or a named op.
 */
import { DeepTasteError } from '../core/errors.ts';

/** The closed list of ops; `ops/index.ts` must define each, or it does not compile. */
export type OpName =
  | LeafName
  | UnaryName
  | BinaryName
  | 'affine'
  | LinearName
  | 'lookup'
  | ReduceName
  | LayoutName
  | FieldName
  | InteractionName
  | StatisticName
  | 'dropout'
  | AttentionName
  | TargetLossName
  | SequenceName
  | GraphName;
export type LeafName = 'parameter' | 'table' | 'input' | 'index' | 'inverseRows' | 'constant';
export type FieldName = 'lookupFields' | 'spreadSlots' | 'poolSlots';
export type InteractionName = 'bilinearPooling' | 'bilinearGradient' | 'sumFields' | 'repeatFields';
export type StatisticName = 'perRow' | 'combineRows' | 'sumProducts' | 'sumSquares' | 'batchNorm';
export type UnaryName = 'relu' | 'sigmoid' | 'tanh' | 'exp' | 'log' | 'softplus' | 'square' | 'sqrt' | 'reciprocal';
export type BinaryName =
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'reluGradient'
  | 'sigmoidGradient'
  | 'tanhGradient'
  | 'bceWithLogits'
  | 'bceGradient';
export type LinearName = 'linear' | 'packed' | 'transpose' | 'outerSum';
export type ReduceName =
  | 'rowDot'
  | 'rowSum'
  | 'multiplyColumn'
  | 'repeatColumn'
  | 'sumRows'
  | 'broadcastRow'
  | 'fillRows';
export type LayoutName = 'join' | 'slice' | 'place' | 'matrixRows' | 'placeRows';
export type CandidateLossName = 'softmaxCrossEntropy' | 'bprMax' | 'top1Max' | 'bpr' | 'top1';
export type CandidateName = CandidateLossName | `${CandidateLossName}Slopes` | 'candidateOffsets';
export type GruName =
  | 'gruReset'
  | 'gruResetGradient'
  | 'gruOriginal'
  | 'gruOriginalGradient'
  | 'gruCell'
  | 'gruCellGradient'
  | 'gruStateGradient';
export type AttentionName = 'attention' | 'attentionGradient' | 'standardise' | 'standardiseGradient';
export type LstmName =
  | 'lstm'
  | 'lstmHidden'
  | 'lstmGradient'
  | 'lstmInputGradient'
  | 'lstmWeightGradient'
  | 'sequenceLengths';
export type StepName = 'maskedSoftmax' | 'maskedSoftmaxGradient' | 'poolSteps' | 'dotSteps' | 'scaleSteps';
export type FullSoftmaxName =
  | 'fullSoftmaxParts'
  | 'fullSoftmaxLoss'
  | 'fullSoftmaxGradient'
  | 'fullSoftmaxInput'
  | 'allRows';
export type TargetLossName = 'targetCrossEntropy' | 'targetCrossEntropyGradient';
export type SequenceName =
  | 'list'
  | 'listLookup'
  | 'carried'
  | 'elu'
  | 'eluGradient'
  | 'laneDropout'
  | CandidateName
  | GruName
  | LstmName
  | StepName
  | FullSoftmaxName;

export type GraphName = 'sparseMatrix' | 'sparseProduct' | 'propagated' | 'gatherRows' | 'scatterRows';

export type Rows = 'batch' | 'shared';
export type Attributes = Readonly<Record<string, number | string | boolean>>;

let nextId = 0;

export class Tensor {
  readonly id: number;
  readonly op: OpName;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly rows: Rows;
  readonly shape: readonly number[];
  /** Product of `shape`: elements a row for batch tensors, elements in all for shared ones. */
  readonly size: number;
  /** For error messages and profiles. */
  readonly label: string;

  constructor(
    op: OpName,
    inputs: readonly Tensor[],
    rows: Rows,
    shape: readonly number[],
    attributes: Attributes = {},
  ) {
    this.id = nextId++;
    this.op = op;
    this.inputs = inputs;
    this.rows = rows;
    this.shape = shape;
    this.attributes = attributes;
    this.size = shape.reduce((product, n) => product * n, 1);
    this.label = typeof attributes.name === 'string' ? `${op} "${attributes.name}"` : op;
  }

  toString(): string {
    return `${this.label} ${describeShape(this)}`;
  }
}

export function describeShape(tensor: Tensor): string {
  return tensor.rows === 'batch' ? `[B${tensor.shape.map((n) => `, ${n}`).join('')}]` : `[${tensor.shape.join(', ')}]`;
}

/** The error of an op whose operands do not fit: names the op, what must hold and the shapes found. */
export function shapeError(op: string, must: string, inputs: readonly Tensor[], mend = ''): DeepTasteError {
  const found = inputs.map(describeShape).join(' and ');
  return new DeepTasteError('shape', `${op}: ${must}, got ${found}${mend && ` (${mend})`}`);
}

/** All tensors that `outputs` depend on, inputs before users, each once. */
export function topologicalOrder(outputs: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const visit = (tensor: Tensor): void => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    for (const input of tensor.inputs) visit(input);
    order.push(tensor);
  };
  for (const output of outputs) visit(output);
  return order;
}
