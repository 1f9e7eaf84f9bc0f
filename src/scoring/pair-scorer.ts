/**
 * Scores of a user and an item that are made of what depends on either alone: user and item vectors where the score is a dot
 * product, else a compiled program of pairs.
 */
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Tensor } from '../engine/expression.ts';
import { concat, indexInput, input } from '../engine/ops/index.ts';
import { pairProgram } from '../engine/plan/pair-plan.ts';
import { computeRows } from '../engine/plan/row-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { ScoreForm } from '../engine/runtime/ranking.ts';
import { type DeclaredParameters, declaredAs, storeOf } from '../layers/declared-parameters.ts';
import { type ForwardPass, prediction } from '../layers/forward-pass.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import type { Scorer, Sizes } from './scorer.ts';

/** What a model declares in order to score users and items. */
export interface PairScoring<C> {
  parameters(config: C, sizes: Sizes): readonly ParameterDeclaration[];
  /** What a score needs of the user alone, batch tensors [B, …]; `user` is an index leaf. */
  userParts(parameters: Parameters, user: Tensor, config: C): readonly Tensor[];
  /** What a score needs of the item alone. */
  itemParts(parameters: Parameters, item: Tensor, config: C): readonly Tensor[];
  /**
   * The score (a logit) from the parts, [B, 1]: ranking all items repeats this function only, never the parts.
   * @param pass in training: where noise comes from
   */
  score(parameters: Parameters, user: readonly Tensor[], item: readonly Tensor[], config: C, pass: ForwardPass): Tensor;
  /** Where the score is a dot product: the two vectors, [B, width] each. Ranking is then one matrix product. */
  represent?(
    parameters: Parameters,
    user: readonly Tensor[],
    item: readonly Tensor[],
    config: C,
  ): { readonly user: Tensor; readonly item: Tensor };
}

/** How it scores with given weights. @throws 'artifact' when they are not those of the model and its options */
export function trainedPairScorer<C>(
  engine: Engine,
  model: PairScoring<C>,
  config: C,
  sizes: Sizes,
  weights: NamedTensors,
): Scorer {
  const declared = declaredAs(model.parameters(config, sizes));
  const store = storeOf(engine, declared, weights);
  const scorer = pairScorer(engine, model, config, sizes, declared, store);
  const free = (): void => {
    scorer.free();
    store.free();
  };
  return { ...scorer, free };
}

/** How it scores with the weights a store holds now. */
export function pairScorer<C>(
  engine: Engine,
  model: PairScoring<C>,
  config: C,
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
