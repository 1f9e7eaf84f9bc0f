/** From what a model over fields declares to engine expressions: its parameters, its loss, its logits. */
import { DeepTasteError } from '../core/errors.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import type { RandomStream } from '../core/random.ts';
import type { FieldExamples } from '../data/features/field-examples.ts';
import { type FieldLayout, type FieldOwner, type FieldRows, slotColumns } from '../data/features/field-rows.ts';
import { type Tensor, topologicalOrder } from '../engine/expression.ts';
import { bceWithLogits, input, square, subtract } from '../engine/ops/index.ts';
import type { SlotSource } from '../engine/runtime/example-feed.ts';
import { type DeclaredParameters, declaredAs } from '../layers/declared-parameters.ts';
import { type CrossOwner, crossesOf, type FieldInputs, fieldInputs, type SlotLeaves } from '../layers/field-inputs.ts';
import { type ForwardPass, prediction, trainingPass } from '../layers/forward-pass.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import type { FoundStructure } from './found-structure.ts';

/** What a model declares in order to give rows of fields a number. */
export interface RowScoring<C> {
  parameters(config: C, layout: FieldLayout): readonly ParameterDeclaration[];
  /** The logit of a click, or the predicted value, [B, 1]; ranking derives from it what depends on the user or item alone. */
  logit(parameters: Parameters, inputs: FieldInputs, config: C, pass: ForwardPass): Tensor;
  /** The table V whose pairs Σ_{i<j} ⟨v_i, v_j⟩ x_i x_j the logit adds as they are, so that they can be told apart; null = none. */
  pairs?(config: C): string | null;
  /** For models that search among their parts: what is left of them. */
  found?(config: C, layout: FieldLayout, weights: NamedTensors): FoundStructure;
}

/** What a prediction of a row is compared with: a click (log loss of the logit) or a value (squared error). */
export type FieldLoss = 'log' | 'squared';

export function declareFieldParameters<C>(model: RowScoring<C>, config: C, layout: FieldLayout): DeclaredParameters {
  return declaredAs(model.parameters(config, layout));
}

export interface FieldTraining {
  /** Loss of each row, [B, 1]. */
  readonly loss: Tensor;
  readonly label: Tensor;
  readonly inputs: FieldInputs;
  /** Kept parameters and the expressions of their values after a step. */
  readonly assignments: readonly (readonly [Tensor, Tensor])[];
}

/**
 * log: −y ln σ(ŷ) − (1 − y) ln(1 − σ(ŷ)); squared: (ŷ − y)².
 * @param random names the noise of dropout
 */
export function fieldTraining<C>(
  model: RowScoring<C>,
  { tensors }: DeclaredParameters,
  config: C,
  layout: FieldLayout,
  loss: FieldLoss,
  random: RandomStream,
): FieldTraining {
  const inputs = fieldInputs(layout);
  const pass = trainingPass(random);
  const logit = model.logit(tensors, inputs, config, pass);
  const label = input('label', [1]);
  const rowLoss = loss === 'log' ? bceWithLogits(logit, label) : square(subtract(logit, label));
  return { loss: rowLoss, label, inputs, assignments: pass.assignments };
}

/** The logit of a row as it is in prediction, and the leaves it reads. */
export function fieldPrediction<C>(
  model: RowScoring<C>,
  { tensors }: DeclaredParameters,
  config: C,
  layout: FieldLayout,
): { readonly logit: Tensor; readonly inputs: FieldInputs } {
  const inputs = fieldInputs(layout);
  return { logit: model.logit(tensors, inputs, config, prediction), inputs };
}

/** The rows of each owner that a logit reads, with their leaves and by what an example names them. */
export interface BoundSlots {
  readonly owner: FieldOwner | CrossOwner;
  readonly by: SlotSource['by'];
  readonly rows: FieldRows;
  readonly leaves: SlotLeaves;
  /** Row of each example; null = the example's own. */
  readonly at: Int32Array | null;
}

/**
 * The slots that `output` reads.
 * @throws 'shape' or 'config' when the examples do not hold what the layout says
 */
export function bindSlots(
  output: Tensor,
  inputs: FieldInputs,
  examples: FieldExamples,
  layout: FieldLayout,
): BoundSlots[] {
  const { leaves } = inputs;
  const { crosses, itemCrosses } = examples;
  const ofExamples = (leaf: CrossOwner) => (crosses && leaves[leaf] ? crossSlots(crosses, layout, leaf) : null);
  const read = new Set(topologicalOrder([output]));
  const itemCrossesBound = itemCrosses
    ? ({ owner: 'itemCross', by: 'item', rows: itemCrosses, at: examples.item } as const)
    : ({ owner: 'itemCross', by: 'example', rows: ofExamples('itemCross'), at: null } as const);
  const given = [
    { owner: 'user', by: 'user', rows: examples.users, at: examples.user },
    { owner: 'item', by: 'item', rows: examples.items, at: examples.item },
    { owner: 'context', by: 'example', rows: examples.context, at: null },
    { owner: 'cross', by: 'example', rows: ofExamples('cross'), at: null },
    itemCrossesBound,
  ] as const;
  return given.flatMap(({ owner, by, rows, at }) => {
    const own = leaves[owner];
    if (!own || !read.has(own.index)) return [];
    if (!rows || (by !== 'example' && !at))
      throw new DeepTasteError('config', `features: the layout has ${owner} slots, but the examples hold none`);
    return [{ owner, by, rows: fitting(owner, rows, own), leaves: own, at }];
  });
}

/** The slots of a leaf, out of those of all crosses. */
export function crossSlots(rows: FieldRows, layout: FieldLayout, leaf: CrossOwner): FieldRows {
  const { crosses } = layout;
  const all = crosses.reduce((sum, { slots }) => sum + slots, 0);
  if (rows.slots === all) return slotColumns(rows, crossesOf(layout, leaf));
  throw new DeepTasteError('shape', `features: the crosses must have ${all} slots a row, got ${rows.slots}`);
}

/** The rows as their leaves expect them; absent values are ones. */
export function fitting(owner: string, rows: FieldRows, { index, value }: SlotLeaves): FieldRows {
  if (rows.slots !== index.size || rows.index.length !== rows.nRows * rows.slots)
    throw new DeepTasteError(
      'shape',
      `features: the ${owner} rows must have ${index.size} slots each, got ${rows.index.length} in ${rows.nRows} rows`,
    );
  if (!value && rows.value?.some((x) => x !== 1))
    throw new DeepTasteError(
      'shape',
      `features: no ${owner} field of the layout is weighted, but its rows have values`,
    );
  if (!value) return { ...rows, value: null };
  return rows.value ? rows : { ...rows, value: new Float32Array(rows.index.length).fill(1) };
}
