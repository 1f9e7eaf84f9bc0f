/**
 * From trained weights to scores of all items: user and item vectors, a compiled pair program, or item-to-item weights. Also
 * for people who were not in training.
 */
import { float32Tensor, type NamedTensor, type NamedTensors } from '../core/named-tensors.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { concat, indexInput, input } from '../engine/ops/index.ts';
import { pairProgram } from '../engine/plan/pair-plan.ts';
import { computeRows } from '../engine/plan/row-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { ScoreForm } from '../engine/runtime/ranking.ts';
import { prediction } from '../layers/forward-pass.ts';
import { type DeclaredParameters, declareParameters } from './expression.ts';
import type { FittedModel, GradientModel, Model, Sizes, WeightsTo } from './model.ts';

/** A model with the weights it learned. */
export interface TrainedModel {
  readonly model: Model;
  readonly config: unknown;
  readonly sizes: Sizes;
  readonly weights: NamedTensors;
}

export interface Scorer {
  readonly form: ScoreForm;
  /** Vectors of the items for "similar items": rows of `width`; null where the model has none. */
  readonly itemVectors: { readonly values: Float32Array; readonly width: number } | null;
  /** Item-to-item weights that are not kept but can be computed. */
  readonly weightsTo?: WeightsTo;
  free(): void;
}

/** @param history training items of every user; used by models that score by history */
export function scorerOf(engine: Engine, trained: TrainedModel, history: SparseRows): Scorer {
  const { model, config, sizes, weights } = trained;
  if (model.kind === 'fitted') return fittedScorer(model, weights, sizes, config, history);
  const declared = declareParameters(model, config, sizes);
  const store = storeOf(engine, declared, weights);
  const scorer = gradientScorer(engine, model, config, sizes, declared, store);
  return {
    ...scorer,
    free: () => {
      scorer.free();
      store.free();
    },
  };
}

function fittedScorer(
  model: FittedModel,
  weights: NamedTensors,
  sizes: Sizes,
  config: unknown,
  history: SparseRows,
): Scorer {
  const score = model.score(weights, sizes, config);
  const free = () => {};
  if (score.form === 'dot') return { form: score, itemVectors: { values: score.items, width: score.width }, free };
  if (score.form === 'history') return { form: { ...score, history }, itemVectors: null, free };
  const { weightsTo, ...form } = score;
  return { form: { ...form, history }, itemVectors: null, weightsTo, free };
}

/** A store filled with given weights. */
export function storeOf(engine: Engine, declared: DeclaredParameters, weights: NamedTensors): ParameterStore {
  const store = new ParameterStore(engine, declared.list);
  declared.declarations.forEach(({ name, shape }, n) => {
    store.write(declared.list[n], float32Tensor(weights, name, shape));
  });
  return store;
}

/** Copies of all parameters of a store, by name. */
export function weightsOf(declared: DeclaredParameters, store: ParameterStore): NamedTensors {
  const tensors = declared.declarations.map(({ name, shape }, n): [string, NamedTensor] => [
    name,
    { shape, data: store.read(declared.list[n]) },
  ]);
  return new Map(tensors);
}

/** How a gradient model scores with the weights a store holds now. */
export function gradientScorer(
  engine: Engine,
  model: GradientModel,
  config: unknown,
  sizes: Sizes,
  declared: DeclaredParameters,
  store: ParameterStore,
): Scorer {
  const user = indexInput('user');
  const item = indexInput('item');
  const { tensors } = declared;
  const userParts = model.userParts(tensors, user, config);
  const itemParts = model.itemParts(tensors, item, config);
  const compute = (output: Tensor, index: Tensor, n: number): Float32Array =>
    computeRows(engine, store, [output], new Map([[index, everyIndex(n)]]), n)[0];
  if (model.represent) {
    const vectors = model.represent(tensors, userParts, itemParts, config);
    const width = vectors.user.size;
    const items = compute(vectors.item, item, sizes.nItems);
    const form: ScoreForm = { form: 'dot', users: compute(vectors.user, user, sizes.nUsers), items, width };
    return { form, itemVectors: { values: items, width }, free: () => {} };
  }
  const asLeaves = (parts: readonly Tensor[], side: string) =>
    parts.map((part, n) => input(`${side} part ${n}`, part.shape));
  const userLeaves = asLeaves(userParts, 'user');
  const itemLeaves = asLeaves(itemParts, 'item');
  const program = pairProgram(
    engine,
    store,
    userLeaves,
    itemLeaves,
    model.score(tensors, userLeaves, itemLeaves, config, prediction),
  );
  const users = concat(...userParts);
  const items = concat(...itemParts);
  const itemValues = compute(items, item, sizes.nItems);
  const form: ScoreForm = {
    form: 'pair',
    users: compute(users, user, sizes.nUsers),
    items: itemValues,
    userWidth: users.size,
    itemWidth: items.size,
    program,
  };
  return { form, itemVectors: { values: itemValues, width: items.size }, free: () => program.free() };
}

function everyIndex(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, k) => k);
}
