/**
 * Predicted ratings of users and items. The tables have one row more than there are users and items: it stands for everybody and
 * everything that is not known, and is zero, as the rows of those without a training row are. So the prediction for somebody unknown
 * is the formula without the terms of that person.
 */
import type { NamedTensors } from '../core/named-tensors.ts';
import { type SparseRows, withEmptyRow } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { indexInput, input, slice } from '../engine/ops/index.ts';
import { computeRows } from '../engine/plan/row-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { ScoreForm } from '../engine/runtime/ranking.ts';
import { type DeclaredParameters, declaredAs, storeOf, weightsOf } from '../layers/declared-parameters.ts';
import { prediction } from '../layers/forward-pass.ts';
import { loadedFriends } from './kept-friends.ts';
import { type PairData, type PairScoring, pairScorer } from './pair-scorer.ts';
import type { FoldedIn, Scorer, Sizes } from './scorer.ts';

/** What a model declares in order to predict ratings; its score is the difference to the mean rating. */
export interface RatingScoring<C> extends Omit<PairScoring<C>, 'represent' | 'shared' | 'foldIn'> {
  /** Whether it reads edges between users, which its `constants` are then given; absent = no. */
  readonly readsFriends?: boolean;
  /**
   * The user parts, side by side, of somebody who was not in training, from rated items whose ratings are not known. Absent = those of
   * somebody of whom nothing is known.
   */
  foldInByItems?(weights: NamedTensors, sizes: Sizes, config: C, history: Int32Array): FoldedIn;
}

/** Pairs whose parts are gathered at a time. */
const BLOCK = 65_536;

/** Sizes of the tables: with the row of the unknown. */
export function withUnknown({ nUsers, nItems }: Sizes): Sizes {
  return { nUsers: nUsers + 1, nItems: nItems + 1 };
}

/** The tables with the rows of the unknown, and constants of the data. */
export function declareRatingParameters<C>(model: RatingScoring<C>, config: C, data: PairData): DeclaredParameters {
  const tables = dataWithUnknown(data);
  const declared = declaredAs(model.parameters(config, tables.sizes));
  return { ...declared, tensors: { ...declared.tensors, ...model.constants?.(tables, config) } };
}

/** Data with somebody and something unknown, who have no rows. */
export function dataWithUnknown({ sizes, rows, friends }: PairData): PairData {
  return {
    sizes: withUnknown(sizes),
    rows: withEmptyRow(rows),
    ...(friends && { friends: withEmptyRow(friends) }),
  };
}

/** How it predicts with given weights. @throws 'artifact' when they are not those of the model and its options */
export function trainedRatingScorer<C>(
  engine: Engine,
  model: RatingScoring<C>,
  config: C,
  sizes: Sizes,
  rated: SparseRows,
  weights: NamedTensors,
): Scorer {
  const friends = model.readsFriends ? { friends: loadedFriends(weights, sizes.nUsers) } : {};
  const data = { sizes, rows: rated, ...friends };
  const declared = declareRatingParameters(model, config, data);
  const store = storeOf(engine, declared, weights);
  const scorer = ratingScorer(engine, model, config, data, declared, store);
  const free = (): void => {
    scorer.free();
    store.free();
  };
  return { ...scorer, free };
}

/** How it predicts with the weights that a store holds now. */
export function ratingScorer<C>(
  engine: Engine,
  model: RatingScoring<C>,
  config: C,
  { sizes, rows: rated }: PairData,
  declared: DeclaredParameters,
  store: ParameterStore,
): Scorer {
  const data = { sizes: withUnknown(sizes), rows: rated };
  const scorer = pairScorer(engine, { ...model, represent: undefined }, config, data, declared.tensors, store);
  const { form, free } = scorer;
  if (form.form !== 'pair') throw new Error('internal: ratings are scored by pairs');
  const items = form.items.subarray(0, sizes.nItems * form.itemWidth);
  const users = form.users.subarray(0, sizes.nUsers * form.userWidth);
  const unknown: FoldedIn = {
    vector: form.users.slice(users.length),
    how: 'no rating of the person is known: as somebody of whom nothing is known',
    ignoresHistory: true,
  };
  return {
    form: { ...form, users, items },
    itemVectors: { values: items, width: form.itemWidth },
    values: pairValues(engine, model, config, sizes, declared, store, form),
    foldIn: (history) =>
      model.foldInByItems?.(weightsOf(declared, store), withUnknown(sizes), config, history) ?? unknown,
    free,
  };
}

/** @param form with the rows of the unknown */
function pairValues<C>(
  engine: Engine,
  model: RatingScoring<C>,
  config: C,
  { nUsers, nItems }: Sizes,
  { tensors }: DeclaredParameters,
  store: ParameterStore,
  form: Extract<ScoreForm, { form: 'pair' }>,
): NonNullable<Scorer['values']> {
  const index = indexInput('row');
  const user = input('user parts', [form.userWidth]);
  const item = input('item parts', [form.itemWidth]);
  const userParts = cutLike(user, model.userParts(tensors, index, config));
  const itemParts = cutLike(item, model.itemParts(tensors, index, config));
  const score = model.score(tensors, userParts, itemParts, config, prediction);
  return (users, items) => {
    const out = new Float32Array(users.length);
    for (let from = 0; from < out.length; from += BLOCK) {
      const to = Math.min(out.length, from + BLOCK);
      const fed = new Map([
        [user, gathered(form.users, form.userWidth, users.subarray(from, to), nUsers)],
        [item, gathered(form.items, form.itemWidth, items.subarray(from, to), nItems)],
      ]);
      out.set(computeRows(engine, store, [score], fed, to - from)[0], from);
    }
    return out;
  };
}

/** Columns of rows that lie side by side as these parts do. */
function cutLike(rows: Tensor, parts: readonly Tensor[]): Tensor[] {
  let end = 0;
  return parts.map(({ size }) => {
    end += size;
    return slice(rows, end - size, end);
  });
}

/** @param unknown the row for −1 */
function gathered(values: Float32Array, width: number, rows: Int32Array, unknown: number): Float32Array {
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, n) => {
    const at = (row < 0 ? unknown : row) * width;
    out.set(values.subarray(at, at + width), n * width);
  });
  return out;
}
