/**
 * Scores of a user and an item that are made of what depends on either alone: user and item vectors where the score is a dot
 * product, else a compiled program of pairs.
 */
import { DeepTasteError } from '../core/errors.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { concat, indexInput, input } from '../engine/ops/index.ts';
import { pairProgram } from '../engine/plan/pair-plan.ts';
import { computeRows } from '../engine/plan/row-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { ScoreForm } from '../engine/runtime/ranking.ts';
import { declaredAs, storeOf } from '../layers/declared-parameters.ts';
import { type ForwardPass, prediction } from '../layers/forward-pass.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import { loadedFriends } from './kept-friends.ts';
import type { FoldedIn, Scorer, Sizes } from './scorer.ts';

/** The distinct training items of every user, ascending, of a training or of a trained model. */
export interface PairData {
  readonly sizes: Sizes;
  readonly rows: SparseRows;
  /** Row u: the users to whom edges of u go, ascending; null or absent = there are none, or nobody asked. */
  readonly friends?: SparseRows | null;
}

/** Index leaves of a training row. */
export interface TrainingRow {
  readonly user: Tensor;
  readonly item: Tensor;
  /** Its negatives; none where the item itself may be one. */
  readonly others: readonly Tensor[];
}

/** What a model declares in order to score users and items. */
export interface PairScoring<C> {
  /** Whether it looks at who knows whom: then data without edges are refused, and an artifact keeps them. Absent: no. */
  usesFriends?(config: C): boolean;
  parameters(config: C, sizes: Sizes): readonly ParameterDeclaration[];
  /**
   * Constants that are made of the data once, such as a normalised graph: whatever follows finds them by name beside the
   * parameters. An artifact does not keep them; they are made anew of the training items, and of the friends, that it
   * knows.
   */
  constants?(data: PairData, config: C): Parameters;
  /**
   * What all rows share and a step computes once, such as propagated embeddings, found by name beside the parameters. Models
   * that declare it `represent` users and items.
   * @param row in training: the indices by which alone it will be read, with one other item at most; absent = all users and items are
   */
  shared?(parameters: Parameters, config: C, sizes: Sizes, row?: TrainingRow): Parameters;
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
  /**
   * Where the score is a dot product: the user's vector, [B, d], and those of all items, shared [nItems, d]. What all items of a user
   * have alike may be left out: a softmax over them does not see it.
   */
  overItems?(
    parameters: Parameters,
    user: readonly Tensor[],
    config: C,
  ): { readonly user: Tensor; readonly items: Tensor };
  /**
   * Where the vector of somebody new follows from the items taken, in closed form. Absent, or null for these options: the vector
   * is fitted by the loss.
   */
  foldIn?(parameters: Parameters, item: Tensor, config: C, data: PairData): ClosedFoldIn | null;
}

/** The vector of somebody new in closed form. */
export interface ClosedFoldIn {
  /** What is needed of an item, batch [B, n]. */
  readonly item: Tensor;
  /** @param items that of all items [nItems × n] */
  vectorOf(items: Float32Array, history: Int32Array): Float32Array;
  /** One sentence for people. */
  readonly how: string;
}

/** Parameters and constants of the data, by name. */
export function withConstants<C>(model: PairScoring<C>, parameters: Parameters, config: C, data: PairData): Parameters {
  return model.constants ? { ...parameters, ...model.constants(data, config) } : parameters;
}

/** All that the parts of a row are made of, by name: what is given, and what rows share. @param given see {@link withConstants} */
export function withShared<C>(
  model: PairScoring<C>,
  given: Parameters,
  config: C,
  sizes: Sizes,
  row?: TrainingRow,
): Parameters {
  return model.shared ? { ...given, ...model.shared(given, config, sizes, row) } : given;
}

/** How it scores with given weights. @throws 'artifact' when they are not those of the model and its options */
export function trainedPairScorer<C>(
  engine: Engine,
  model: PairScoring<C>,
  config: C,
  data: PairData,
  weights: NamedTensors,
): Scorer {
  const declared = declaredAs(model.parameters(config, data.sizes));
  const store = storeOf(engine, declared, weights);
  const known = model.usesFriends?.(config) ? { ...data, friends: loadedFriends(weights, data.sizes.nUsers) } : data;
  const given = withConstants(model, declared.tensors, config, known);
  const scorer = pairScorer(engine, model, config, known, given, store);
  const free = (): void => {
    scorer.free();
    store.free();
  };
  return { ...scorer, free };
}

/** How it scores with the weights a store holds now. @param given see {@link withConstants} */
export function pairScorer<C>(
  engine: Engine,
  model: PairScoring<C>,
  config: C,
  data: PairData,
  given: Parameters,
  store: ParameterStore,
): Scorer {
  const { sizes } = data;
  const tensors = withShared(model, given, config, sizes);
  const user = indexInput('user');
  const item = indexInput('item');
  const userParts = model.userParts(tensors, user, config);
  const itemParts = model.itemParts(tensors, item, config);
  const compute = (output: Tensor, index: Tensor, n: number): Float32Array =>
    computeRows(engine, store, [output], new Map([[index, everyIndex(n)]]), n, {
      atOnce: model.shared !== undefined,
    })[0];
  if (model.represent) {
    const vectors = model.represent(tensors, userParts, itemParts, config);
    const width = vectors.user.size;
    const items = compute(vectors.item, item, sizes.nItems);
    const users = compute(vectors.user, user, sizes.nUsers);
    checkProducts(users, items, width);
    const form: ScoreForm = { form: 'dot', users, items, width };
    const scorer: Scorer = { form, itemVectors: { values: items, width }, free: () => {} };
    const closed = model.foldIn?.(tensors, item, config, data);
    if (!closed) return scorer;
    let ofItems: Float32Array | null = null;
    const foldIn = (history: Int32Array): FoldedIn => {
      ofItems ??= compute(closed.item, item, sizes.nItems);
      return { vector: closed.vectorOf(ofItems, history), how: closed.how };
    };
    return { ...scorer, foldIn };
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

const LARGEST_FLOAT32 = 3.4e38;

/** @throws 'numeric' where a product of two vectors may be no number of float32 any more */
function checkProducts(users: Float32Array, items: Float32Array, width: number): void {
  const largest = (values: Float32Array): number => {
    let most = 0;
    for (let n = 0; n < values.length; n++) {
      const size = Math.abs(values[n]);
      if (!(size <= most)) most = size;
    }
    return most;
  };
  const bound = largest(users) * largest(items) * width;
  if (bound <= LARGEST_FLOAT32) return;
  throw new DeepTasteError(
    'numeric',
    `scores: the vectors of users and items must have finite products, found entries up to ${largest(users).toExponential(1)} and ` +
      `${largest(items).toExponential(1)}; lower the learning rate (optimizer.learningRate)`,
  );
}
