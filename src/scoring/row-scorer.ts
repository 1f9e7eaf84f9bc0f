/** Predictions of rows of fields: logits of listed rows, and the form in which a ranking scores all items for a request. */
import { DeepTasteError } from '../core/errors.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import { type FieldExamples, gatherRows } from '../data/features/field-examples.ts';
import type { FieldLayout, FieldRows } from '../data/features/field-rows.ts';
import { type Tensor, topologicalOrder } from '../engine/expression.ts';
import { concat } from '../engine/ops/index.ts';
import { pairProgram } from '../engine/plan/pair-plan.ts';
import { computeRows } from '../engine/plan/row-plan.ts';
import { splitPair } from '../engine/plan/split-pair.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { type DeclaredParameters, storeOf, weightsOf } from '../layers/declared-parameters.ts';
import { crossesOf, type FieldInputs, type SlotLeaves } from '../layers/field-inputs.ts';
import { attributeRow, type RowAttribution } from './row-attribution.ts';
import {
  bindSlots,
  crossSlots,
  declareFieldParameters,
  fieldPrediction,
  fitting,
  type RowScoring,
} from './row-expression.ts';
import type { Scorer } from './scorer.ts';

/** Rows whose slots are gathered at a time, so that the memory of a prediction does not grow with the rows. */
const BLOCK = 65_536;

/** σ(x), without overflow. */
export function probabilityOf(logit: number): number {
  return logit >= 0 ? 1 / (1 + Math.exp(-logit)) : Math.exp(logit) / (1 + Math.exp(logit));
}

type Fed = Map<Tensor, Int32Array | Float32Array>;

function feed(fed: Fed, leaves: SlotLeaves, rows: FieldRows): void {
  fed.set(leaves.index, rows.index);
  if (leaves.value) fed.set(leaves.value, rows.value as Float32Array);
}

/** Logits (or predicted values) of examples, in their order, on all threads. */
export function fieldLogits<C>(
  engine: Engine,
  model: RowScoring<C>,
  config: C,
  layout: FieldLayout,
  declared: DeclaredParameters,
  store: ParameterStore,
  examples: FieldExamples,
): Float32Array {
  const { logit, inputs } = fieldPrediction(model, declared, config, layout);
  const bound = bindSlots(logit, inputs, examples, layout);
  const out = new Float32Array(examples.nRows);
  for (let from = 0; from < examples.nRows; from += BLOCK) {
    const to = Math.min(examples.nRows, from + BLOCK);
    const fed: Fed = new Map();
    for (const { rows, leaves, at } of bound) feed(fed, leaves, gatherRows(rows, at, from, to));
    out.set(computeRows(engine, store, [logit], fed, to - from)[0], from);
  }
  return out;
}

export interface RowPredictor {
  /** Logits (or predicted values) of examples, in their order; 1 / (1 + e^−logit) is the probability of a click. */
  readonly logits: (examples: FieldExamples) => Float32Array;
  /** Prepares the ranking of these items, one row each, for any number of requests. @param crosses of their fields alone */
  readonly ranking: (items: FieldRows, crosses?: FieldRows | null) => FieldRanking;
  /** Whether the logit reads crosses of item fields with others: then items are scored pair by pair, by `logits`. */
  readonly readsPairs: boolean;
  /** What each feature of one row adds to its logit. */
  readonly attribution: (example: FieldExamples) => RowAttribution;
  readonly free: () => void;
}

/** A prediction for weights as a training returns them. */
export function trainedRowPredictor<C>(
  engine: Engine,
  model: RowScoring<C>,
  config: C,
  layout: FieldLayout,
  weights: NamedTensors,
): RowPredictor {
  const declared = declareFieldParameters(model, config, layout);
  const store = storeOf(engine, declared, weights);
  return { ...rowPredictor(engine, model, config, layout, declared, store), free: () => store.free() };
}

/** A prediction by the weights that a store holds now. */
export function rowPredictor<C>(
  engine: Engine,
  model: RowScoring<C>,
  config: C,
  layout: FieldLayout,
  declared: DeclaredParameters,
  store: ParameterStore,
): RowPredictor {
  return {
    logits: (examples) => fieldLogits(engine, model, config, layout, declared, store, examples),
    ranking: (items, crosses = null) => fieldRanking(engine, model, config, layout, declared, store, items, crosses),
    readsPairs: readsCrosses(model, config, layout) && layout.crosses.some(({ mixesItem }) => mixesItem),
    attribution: (example) =>
      attributeRow(engine, { model, config, layout }, declared, store, weightsOf(declared, store), example),
    free: () => {},
  };
}

/** Whether the logit reads the crosses of the layout. */
export function readsCrosses<C>(model: RowScoring<C>, config: C, layout: FieldLayout): boolean {
  const { logit, inputs } = fieldPrediction(model, declareFieldParameters(model, config, layout), config, layout);
  const read = new Set(topologicalOrder([logit]));
  return (['cross', 'itemCross'] as const).some((leaf) => inputs.leaves[leaf] && read.has(inputs.leaves[leaf].index));
}

/** For whom and in which context items are ranked: row r of `users` and row r of `context` are one request. */
export interface FieldRequests {
  readonly nRequests: number;
  readonly users: FieldRows | null;
  readonly context: FieldRows | null;
  /** Slots of all crosses; those of item fields do not count. Absent = the model reads none. */
  readonly crosses?: FieldRows | null;
}

export interface FieldRanking {
  /** How every item is scored for each of these requests; it lives as long as the ranking. */
  readonly scorer: (requests: FieldRequests) => Scorer;
  readonly free: () => void;
}

/**
 * How a field model scores every item for requests: what depends on the items alone is computed once here, what depends on a
 * request alone once a request, the rest by the ranking.
 * @param itemCrosses crosses of item fields alone
 * @throws 'config' for a model that reads crosses of item fields with others
 */
export function fieldRanking<C>(
  engine: Engine,
  model: RowScoring<C>,
  config: C,
  layout: FieldLayout,
  declared: DeclaredParameters,
  store: ParameterStore,
  items: FieldRows,
  itemCrosses: FieldRows | null = null,
): FieldRanking {
  const { logit, inputs } = fieldPrediction(model, declared, config, layout);
  const own = (leaves: SlotLeaves | null, leaf: Tensor) => leaf === leaves?.index || leaf === leaves?.value;
  const split = splitPair(logit, (leaf) => {
    if (own(inputs.leaves.item, leaf) || own(inputs.leaves.itemCross, leaf)) return 'item';
    const mixes = own(inputs.leaves.cross, leaf) && crossesOf(layout, 'cross').some(({ mixesItem }) => mixesItem);
    return mixes ? null : 'user';
  });
  const reads = (leaf: 'cross' | 'itemCross') =>
    inputs.leaves[leaf] !== null && topologicalOrder([logit]).includes(inputs.leaves[leaf].index);
  const itemFed = fedBy(inputs, { item: items, ...(reads('itemCross') && { itemCross: itemCrosses }) }, items.nRows);
  const readsOthers = reads('cross');
  const itemPart = partValues(engine, store, split.itemParts, itemFed, items.nRows);
  const program = pairProgram(engine, store, split.userLeaves, split.itemLeaves, split.score);
  const scorer = ({ nRequests, users, context, crosses = null }: FieldRequests): Scorer => {
    const cross = crosses && crossSlots(crosses, layout, 'cross');
    const fed = fedBy(inputs, { user: users, context, ...(readsOthers && { cross }) }, nRequests);
    const userPart = partValues(engine, store, split.userParts, fed, nRequests);
    return {
      form: {
        form: 'pair',
        users: userPart.values,
        userWidth: userPart.width,
        items: itemPart.values,
        itemWidth: itemPart.width,
        program,
      },
      itemVectors: itemPart.width > 0 ? itemPart : null,
      free: () => {},
    };
  };
  return { scorer, free: () => program.free() };
}

/** @throws 'config' or 'shape' when rows are missing or of another number */
function fedBy(
  inputs: FieldInputs,
  given: Partial<Record<keyof FieldInputs['leaves'], FieldRows | null>>,
  n: number,
): Fed {
  const fed: Fed = new Map();
  for (const owner of ['user', 'item', 'context', 'cross', 'itemCross'] as const) {
    const leaves = inputs.leaves[owner];
    if (!leaves || !(owner in given)) continue;
    const rows = given[owner];
    if (!rows) throw new DeepTasteError('config', `ranking: the model reads ${owner} fields, but none were given`);
    if (rows.nRows !== n)
      throw new DeepTasteError('shape', `ranking: needs ${n} rows of ${owner} fields, got ${rows.nRows}`);
    feed(fed, leaves, fitting(owner, rows, leaves));
  }
  return fed;
}

function partValues(engine: Engine, store: ParameterStore, parts: readonly Tensor[], fed: Fed, n: number) {
  if (parts.length === 0) return { values: new Float32Array(0), width: 0 };
  const joined = concat(...parts);
  return { values: computeRows(engine, store, [joined], fed, n)[0], width: joined.size };
}
