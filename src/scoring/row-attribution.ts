/**
 * Why a model over fields gives a row its logit: how much each feature adds, from a row without any value (every embedding zero) to the
 * row itself. Integrated gradients (Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks. ICML 2017, eq. 1):
 *
 *   a_s = ∫₀¹ ⟨∂f/∂e_s (α e), e_s⟩ dα,   e_s = x_s v_s,   Σ_s a_s = f(e) − f(0)
 *
 * by the midpoint rule. Of linear terms a_s is the term itself, of an FM's pairs half of the pairs that s is in, both exactly.
 */
import type { NamedTensors } from '../core/named-tensors.ts';
import type { FieldExamples } from '../data/features/field-examples.ts';
import type { EncodedField, FieldLayout, FieldOwner } from '../data/features/field-rows.ts';
import type { RowGradient } from '../engine/expression.ts';
import { backward } from '../engine/gradient.ts';
import { input } from '../engine/ops/index.ts';
import { computeRows } from '../engine/plan/row-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { DeclaredParameters } from '../layers/declared-parameters.ts';
import { type CrossOwner, fieldInputs } from '../layers/field-inputs.ts';
import { prediction } from '../layers/forward-pass.ts';
import { type BoundSlots, bindSlots, type RowScoring } from './row-expression.ts';

/** One weight a feature: the linear terms, and the crosses of the wide part. */
const linearTables = ['w', 'crosses'];

/** Points of the midpoint rule. */
const STEPS = 2048;

/** One feature of the row: a slot that holds a value. */
export interface FeatureAttribution {
  readonly owner: FieldOwner | CrossOwner;
  readonly slot: number;
  /** Row of the common table, or of the crosses' table. */
  readonly row: number;
  /** What it adds through the tables with one weight a feature: w_s x_s. */
  readonly linear: number;
  /** What it adds through its vector, half of its pairs included. */
  readonly embedded: number;
}

export interface PairAttribution {
  /** Positions in the list of features. */
  readonly a: number;
  readonly b: number;
  /** ⟨v_a, v_b⟩ x_a x_b */
  readonly value: number;
}

export interface RowAttribution {
  readonly logit: number;
  /** The logit of a row without any value. */
  readonly baseline: number;
  /** Whether the logit adds linear terms. */
  readonly hasLinear: boolean;
  readonly features: readonly FeatureAttribution[];
  /** All pairs that the logit adds as they are; none for models whose pairs go through layers. */
  readonly pairs: readonly PairAttribution[];
  /** Whether the logit adds pairs as they are. */
  readonly hasPairs: boolean;
}

/** @param example one row */
export function attributeRow<C>(
  engine: Engine,
  { model, config, layout }: { readonly model: RowScoring<C>; readonly config: C; readonly layout: FieldLayout },
  declared: DeclaredParameters,
  store: ParameterStore,
  weights: NamedTensors,
  example: FieldExamples,
): RowAttribution {
  // values scale the embeddings along the path, so every slot needs one
  const inputs = fieldInputs({
    ...layout,
    fields: layout.fields.map(asWeighted),
    crosses: layout.crosses.map(asWeighted),
  });
  const logit = model.logit(declared.tensors, inputs, config, prediction);
  const bound = bindSlots(logit, inputs, example, layout);
  const one = input('one', [1]);
  const gradients = backward(logit, one).rows;
  const fed = new Map<typeof logit, Int32Array | Float32Array>([[one, new Float32Array(STEPS + 2).fill(1)]]);
  for (const { rows, leaves } of bound) {
    fed.set(leaves.index, repeated(rows.index, () => 1) as Int32Array);
    if (leaves.value) fed.set(leaves.value, repeated(rows.value as Float32Array, alphaOf));
  }
  const [logits, ...slopes] = computeRows(
    engine,
    store,
    [logit, ...gradients.map(({ values }) => values)],
    fed,
    STEPS + 2,
  );
  const features = bound.flatMap((slots) => featuresOf(slots, gradients, slopes, weights));
  const table = model.pairs?.(config) ?? null;
  const pairs = table === null ? [] : pairsOf(features, bound, weights, table);
  const hasLinear = gradients.some(({ table: { attributes } }) => attributes.name === linearTables[0]);
  return { logit: logits[STEPS + 1], baseline: logits[STEPS], hasLinear, features, pairs, hasPairs: table !== null };
}

function asWeighted(field: EncodedField): EncodedField {
  return { ...field, weighted: true };
}

/** The points of the path: midpoints, then its two ends. */
function alphaOf(point: number): number {
  return point < STEPS ? (point + 0.5) / STEPS : point - STEPS;
}

function repeated<A extends Int32Array | Float32Array>(values: A, factor: (point: number) => number): A {
  const all = new (values.constructor as new (n: number) => A)(values.length * (STEPS + 2));
  for (let point = 0; point < STEPS + 2; point++)
    for (let s = 0; s < values.length; s++) all[point * values.length + s] = values[s] * factor(point);
  return all;
}

function featuresOf(
  { owner, rows, leaves }: BoundSlots,
  gradients: readonly RowGradient[],
  slopes: readonly Float32Array[],
  weights: NamedTensors,
): FeatureAttribution[] {
  const features: FeatureAttribution[] = [];
  rows.index.forEach((row, slot) => {
    if (row < 0) return;
    let [linear, embedded] = [0, 0];
    gradients.forEach(({ table, index }, g) => {
      if (index !== leaves.index) return;
      const added = integral(slopes[g], rows.slots, slot, vectorOf(weights, String(table.attributes.name), row));
      if (linearTables.includes(String(table.attributes.name))) linear += added;
      else embedded += added;
    });
    features.push({ owner, slot, row, linear, embedded });
  });
  return features;
}

/** The slope with respect to a row of a table holds the factor α x_s, the vector does not: ⟨slope, v⟩ / α = ⟨∂f/∂e_s, e_s⟩. */
function integral(slopes: Float32Array, slots: number, slot: number, vector: Float32Array): number {
  let sum = 0;
  for (let point = 0; point < STEPS; point++) {
    const at = (point * slots + slot) * vector.length;
    let product = 0;
    for (let j = 0; j < vector.length; j++) product += slopes[at + j] * vector[j];
    sum += product / alphaOf(point);
  }
  return sum / STEPS;
}

function vectorOf(weights: NamedTensors, table: string, row: number): Float32Array {
  const { shape, data } = weights.get(table)!;
  return (data as Float32Array).subarray(row * shape[1], (row + 1) * shape[1]);
}

function isCross({ owner }: FeatureAttribution): boolean {
  return owner === 'cross' || owner === 'itemCross';
}

function pairsOf(
  features: readonly FeatureAttribution[],
  bound: readonly BoundSlots[],
  weights: NamedTensors,
  table: string,
): PairAttribution[] {
  const xOf = ({ owner, slot }: FeatureAttribution) =>
    bound.find((slots) => slots.owner === owner)?.rows.value?.[slot] ?? 1;
  const pairs: PairAttribution[] = [];
  for (let b = 1; b < features.length; b++)
    for (let a = 0; a < b; a++) {
      const [one, other] = [features[a], features[b]];
      if (isCross(one) || isCross(other)) continue;
      const [v, w] = [vectorOf(weights, table, one.row), vectorOf(weights, table, other.row)];
      let dot = 0;
      for (let j = 0; j < v.length; j++) dot += v[j] * w[j];
      pairs.push({ a, b, value: dot * xOf(one) * xOf(other) });
    }
  return pairs;
}
