/**
 * Examples of ratings: a training row is (user, item, rating), each once an epoch in an order of its own. What is learned is the
 * difference to the mean rating of training,
 *
 *   (μ + ŷ(u, i) − r)²
 *
 * Rows of tables whose user or item has no training row are zero, so that such users and items are predicted without their terms.
 */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import type { Tensor } from '../engine/expression.ts';
import { indexInput, input, square, subtract } from '../engine/ops/index.ts';
import { stepBytes } from '../engine/plan/step-memory.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import { ExampleFeed } from '../engine/runtime/example-feed.ts';
import { nameOf, ParameterStore } from '../engine/runtime/parameter-store.ts';
import { type DeclaredParameters, initialiseParameters } from '../layers/declared-parameters.ts';
import { type ForwardPass, prediction, trainingPass } from '../layers/forward-pass.ts';
import type { Parameters } from '../layers/parameters.ts';
import {
  declareRatingParameters,
  type RatingScoring,
  ratingScorer,
  trainedRatingScorer,
  withUnknown,
} from '../scoring/rating-scorer.ts';
import type { RatedRows } from './forms.ts';
import { type MemoryEstimate, rankingBytes, trainingMemory } from './memory-estimate.ts';
import type { Examples, Gradients, MemoryRequest, Model, ModelHead, OpenRequest, TrainingDefaults } from './model.ts';
import { type OpenExamples, stepsOfPlan } from './open-examples.ts';
import { pairSettings } from './pairs.ts';
import { stoppingSettings } from './stopping.ts';

export const ratingSettings = z.strictObject({
  epochs: pairSettings.shape.epochs.unwrap().default(100),
  batchSize: pairSettings.shape.batchSize
    .unwrap()
    .default(1024)
    .meta({
      doc: 'ratings a step',
      search: [256, 1024, 4096],
    }),
  ...stoppingSettings({ patience: 5 }),
  optimizer: pairSettings.shape.optimizer,
});

export const ratings: Examples = {
  name: 'ratings',
  title: 'rows of a user, an item and a rating',
  unit: 'ratings',
  settings: ratingSettings,
};

/** What a model declares that is trained on ratings. */
export interface RatingParts<C>
  extends RatingScoring<C>,
    Pick<Gradients<C, 'pairs'>, 'defaultsForData' | 'pretraining' | 'fuse'> {
  readonly trainingDefaults: TrainingDefaults;
  /** Weight of ½‖w‖² of one parameter where it is not `optimizer.l2`. */
  l2?(config: C, parameter: string): number | null;
}

export type RatingModel<C = unknown> = Model<C, 'pairs'> & RatingParts<C> & { readonly learn: Gradients<C, 'pairs'> };

/** Declares a model of users and items that is trained on ratings; infers the type of its options. */
export function ratingModel<C>(declared: ModelHead<C> & RatingParts<C>): RatingModel<C> {
  const { trainingDefaults, defaultsForData, pretraining, fuse } = declared;
  return {
    ...declared,
    form: 'pairs',
    tasks: ['rating'],
    streams: '',
    learn: {
      by: 'gradients',
      examples: ratings,
      defaults: trainingDefaults,
      open: (request) => openRatings(declared, request),
      memory: (request) => ratingMemory(declared, request),
      defaultsForData,
      pretraining,
      fuse,
    },
    scorerOf: (engine, { config, weights, about }) =>
      trainedRatingScorer(engine(), declared, config, about.sizes, about.history, weights),
  };
}

/** Loss of each row, [B, 1]. @param label the rating less the mean, [B, 1] */
export function ratingLoss<C>(
  model: RatingParts<C>,
  p: Parameters,
  config: C,
  leaves: { readonly user: Tensor; readonly item: Tensor; readonly label: Tensor },
  pass: ForwardPass,
): Tensor {
  const { user, item, label } = leaves;
  const score = model.score(p, model.userParts(p, user, config), model.itemParts(p, item, config), config, pass);
  return square(subtract(score, label));
}

/** What a training on the ratings takes. */
function ratingMemory<C>(model: RatingParts<C>, request: MemoryRequest<C, 'pairs'>): MemoryEstimate {
  const { engine, config, data } = request;
  const { sizes, rows, ratings: rated } = data;
  const training = ratingSettings.parse(request.training);
  const declared = declareRatingParameters(model, config, sizes, rows);
  const leaves = { user: indexInput('user'), item: indexInput('item'), label: input('label', [1]) };
  const loss = ratingLoss(model, declared.tensors, config, leaves, prediction);
  const count = rated?.value.length ?? rows.columns.length;
  return trainingMemory({
    declarations: declared.declarations,
    optimizer: training.optimizer.name,
    // the user, the item and the rating of each
    examples: { count, unit: 'ratings', bytesEach: 12, bytes: 0, outside: 0 },
    step: stepBytes({ engine, loss, batchSize: Math.min(training.batchSize, count) }),
    ranking: { tables: 1, bytes: rankingBytes('pair', sizes, 0, engine), bytesEach: 4 },
  });
}

function openRatings<C>(model: RatingParts<C>, request: OpenRequest<C, 'pairs'>): OpenExamples<'pairs'> {
  const { engine, config, data, random } = request;
  const { sizes, rows, ratings: rated } = data;
  if (!rated) throw new Error('internal: a model of ratings is trained on ratings');
  const training = ratingSettings.parse(request.training);
  const declared = declareRatingParameters(model, config, sizes, rows);
  const nRows = checkedRatings(rated);
  const label = input('label', [1]);
  const feed = new ExampleFeed(
    engine,
    {
      nRows,
      users: rated.user,
      items: rated.item,
      labels: rated.value.map((value) => value - rated.mean),
      sampler: null,
      key: random.child('examples').key,
    },
    [],
    label,
  );
  const pass = trainingPass(random.child('noise'));
  const store = new ParameterStore(engine, declared.list);
  const batchSize = Math.min(training.batchSize, nRows);
  const plan = new StepPlan({
    engine,
    store,
    loss: ratingLoss(model, declared.tensors, config, { ...feed.drawn, label }, pass),
    feed: feed.feed,
    batchSize,
    totalRows: nRows,
    optimizer: training.optimizer,
    optimizers: (parameter) => {
      const l2 = model.l2?.(config, nameOf(parameter)) ?? null;
      return l2 === null ? training.optimizer : { ...training.optimizer, l2 };
    },
    totalSteps: training.epochs * Math.ceil(nRows / batchSize),
  });
  initialiseParameters(declared, store, random.child('init'));
  clearUntrained(declared, store, {
    user: rowsOf(rated.user, withUnknown(sizes).nUsers),
    item: rowsOf(rated.item, withUnknown(sizes).nItems),
  });
  return {
    ...stepsOfPlan(plan),
    declared,
    store,
    nRows,
    notes: [],
    scorer: () => ratingScorer(engine, model, config, { sizes, rows }, declared, store),
    free: () => {
      plan.free();
      feed.free();
      store.free();
    },
  };
}

/** Their number. @throws 'shape', 'data' for rows that do not fit together, or a rating that is no number */
export function checkedRatings({ user, item, value }: RatedRows): number {
  const n = value.length;
  if (user.length !== n || item.length !== n)
    throw new DeepTasteError(
      'shape',
      `training: ${n} ratings need as many users and items, got ${user.length} and ${item.length}`,
    );
  const wrong = value.findIndex((rating) => !Number.isFinite(rating));
  if (wrong >= 0)
    throw new DeepTasteError(
      'data',
      `training: ratings must be finite numbers, found ${value[wrong]} in row ${wrong + 1}; leave such rows out`,
    );
  return n;
}

/** 1 for each row of a table that a training row has. */
export function rowsOf(index: Int32Array, nRows: number): Uint8Array {
  const has = new Uint8Array(nRows);
  for (const row of index) has[row] = 1;
  return has;
}

/** Rows without a training row start at zero, and stay there. */
export function clearUntrained(
  { declarations, list }: DeclaredParameters,
  store: ParameterStore,
  trained: { readonly user: Uint8Array; readonly item: Uint8Array },
): void {
  declarations.forEach(({ table, shape }, n) => {
    if (table !== 'user' && table !== 'item') return;
    const values = store.read(list[n]);
    trained[table].forEach((has, row) => {
      if (has === 0) values.fill(0, row * shape[1], (row + 1) * shape[1]);
    });
    store.write(list[n], values);
  });
}
