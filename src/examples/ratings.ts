/**
 * Examples of ratings: a training row is (user, item, rating), each once an epoch in an order of its own. What is learned is the
 * difference to the mean rating of training,
 *
 *   (μ + ŷ(u, i) − r)²          or Huber's loss of the error
 *
 * Rows of tables whose user or item has no training row are zero, so that such users and items are predicted without their terms.
 */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { rowNumbers } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { add, indexInput, input, subtract } from '../engine/ops/index.ts';
import { stepBytes } from '../engine/plan/step-memory.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import { ExampleFeed } from '../engine/runtime/example-feed.ts';
import { nameOf, ParameterStore, paddedWidth } from '../engine/runtime/parameter-store.ts';
import { type DeclaredParameters, initialiseParameters } from '../layers/declared-parameters.ts';
import { type ForwardPass, prediction, trainingPass } from '../layers/forward-pass.ts';
import type { Parameters } from '../layers/parameters.ts';
import { keptFriends } from '../scoring/kept-friends.ts';
import type { PairData } from '../scoring/pair-scorer.ts';
import {
  declareRatingParameters,
  type RatingScoring,
  ratingScorer,
  trainedRatingScorer,
  withUnknown,
} from '../scoring/rating-scorer.ts';
import type { RatedRows, TakenPairs } from './forms.ts';
import { knownFriends } from './known-friends.ts';
import { type MemoryEstimate, rankingBytes, trainingMemory } from './memory-estimate.ts';
import type { Examples, Gradients, MemoryRequest, Model, ModelHead, OpenRequest, TrainingDefaults } from './model.ts';
import { type OpenExamples, stepsOfPlan } from './open-examples.ts';
import { pairSettings } from './pairs.ts';
import { checkRatingLoss, lossOfError, type RatingLossSettings, ratingLossSettings } from './rating-loss.ts';
import { openPenalties, type PenaltyParts } from './rating-penalties.ts';
import { stoppingSettings } from './stopping.ts';
import { Trimming, trimSetting } from './trimming.ts';
import { UserWeights } from './user-weights.ts';

export const ratingSettings = z.strictObject({
  epochs: pairSettings.shape.epochs.unwrap().default(100),
  batchSize: pairSettings.shape.batchSize
    .unwrap()
    .default(1024)
    .meta({
      doc: 'ratings a step',
      search: [256, 1024, 4096],
    }),
  ...ratingLossSettings,
  trim: trimSetting,
  ...stoppingSettings({ patience: 5 }),
  optimizer: pairSettings.shape.optimizer,
});

export const ratings: Examples = {
  name: 'ratings',
  title: 'rows of a user, an item and a rating',
  unit: 'ratings',
  settings: ratingSettings,
  checkSettings: checkRatingLoss,
};

/** What a model declares that is trained on ratings. */
export interface RatingParts<C>
  extends RatingScoring<C>,
    Pick<Gradients<C, 'pairs'>, 'defaultsForData' | 'pretraining' | 'fuse'> {
  readonly trainingDefaults: TrainingDefaults;
  /** Terms of the loss beside the squared error; absent = none but what the optimizer adds. */
  readonly penalties?: PenaltyParts<C>;
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
      ...(declared.readsFriends && { kept: ({ friends }) => keptFriends(knownFriends(declared.title, friends)) }),
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
  training: RatingLossSettings,
): Tensor {
  const { user, item, label } = leaves;
  const score = model.score(p, model.userParts(p, user, config), model.itemParts(p, item, config), config, pass);
  return lossOfError(subtract(score, label), training);
}

/** What a training on the ratings takes. */
function ratingMemory<C>(model: RatingParts<C> & ModelHead<C>, request: MemoryRequest<C, 'pairs'>): MemoryEstimate {
  const { engine, config, data } = request;
  const { sizes, rows, ratings: rated } = data;
  const training = ratingSettings.parse(request.training);
  const declared = declareRatingParameters(model, config, pairData(model, data));
  const penalties = openPenalties(model.penalties, data, config);
  const leaves = { user: indexInput('user'), item: indexInput('item'), label: input('label', [1]) };
  const loss = wholeLoss(model, declared, config, leaves, prediction, penalties, training);
  const count = rated?.value.length ?? rows.columns.length;
  return trainingMemory({
    declarations: declared.declarations,
    optimizer: training.optimizer.name,
    // the user, the item and the rating of each, and its edges
    examples: {
      count,
      unit: 'ratings',
      bytesEach: 12 + 12 * penalties.edges.length,
      bytes: 4 * penalties.tables.reduce((sum, { values }) => sum + values.length * paddedWidth(1), 0),
      outside: 0,
    },
    step: stepBytes({ engine, loss, batchSize: Math.min(training.batchSize, count) }),
    ranking: { tables: 1, bytes: rankingBytes('pair', sizes, 0, engine), bytesEach: 4 },
  });
}

/** The loss of each row with what the model adds to it. */
function wholeLoss<C>(
  model: RatingParts<C>,
  { tensors }: DeclaredParameters,
  config: C,
  leaves: { readonly user: Tensor; readonly item: Tensor; readonly label: Tensor },
  pass: ForwardPass,
  { tables, edges }: ReturnType<typeof openPenalties>,
  training: RatingLossSettings,
): Tensor {
  const loss = ratingLoss(model, tensors, config, leaves, pass, training);
  if (!model.penalties) return loss;
  const named = Object.fromEntries(tables.map(({ tensor }) => [nameOf(tensor), tensor]));
  return add(loss, model.penalties.penalty({ ...tensors, ...named }, { ...leaves, edges }, config));
}

/** What scores are made of. @throws 'config' for a model of edges, of data without */
function pairData<C>(model: RatingParts<C> & ModelHead<C>, { sizes, rows, friends }: TakenPairs): PairData {
  return { sizes, rows, ...(model.readsFriends && { friends: knownFriends(model.title, friends) }) };
}

function openRatings<C>(model: RatingParts<C> & ModelHead<C>, request: OpenRequest<C, 'pairs'>): OpenExamples<'pairs'> {
  const { engine, config, data, random } = request;
  const { sizes, ratings: rated } = data;
  if (!rated) throw new Error('internal: a model of ratings is trained on ratings');
  const training = ratingSettings.parse(request.training);
  const used = pairData(model, data);
  const declared = declareRatingParameters(model, config, used);
  const nRows = checkedRatings(rated);
  const penalties = openPenalties(model.penalties, data, config);
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
    penalties.sources,
    label,
  );
  const pass = trainingPass(random.child('noise'));
  const trimming = training.trim > 0 ? new Trimming(training.trim) : null;
  const weights = training.userWeight === undefined ? null : new UserWeights(training.userWeight, data);
  const untrained = [trimming?.tensor, weights?.tensor].filter((each) => each !== undefined);
  const tables = penalties.tables.map(({ tensor }) => tensor);
  const store = new ParameterStore(engine, [...declared.list, ...tables, ...untrained]);
  weights?.writeTo(store);
  for (const { tensor, values } of penalties.tables) store.write(tensor, values);
  const batchSize = Math.min(training.batchSize, nRows);
  const loss = wholeLoss(model, declared, config, { ...feed.drawn, label }, pass, penalties, training);
  const trimmed = trimming?.trimmed(loss) ?? loss;
  const plan = new StepPlan({
    engine,
    store,
    loss: weights?.weighted(trimmed, feed.drawn.user) ?? trimmed,
    trainable: declared.list,
    feed: feed.feed,
    batchSize,
    totalRows: nRows,
    optimizer: training.optimizer,
    optimizers: (parameter) => {
      const l2 = model.l2?.(config, nameOf(parameter)) ?? null;
      return l2 === null ? training.optimizer : { ...training.optimizer, l2 };
    },
    totalSteps: training.epochs * Math.ceil(nRows / batchSize),
    stateWords: () => (trimming ? [trimming.state(store)] : []),
  });
  const steps = stepsOfPlan(plan);
  const begin = (epoch: number, first: number): void => {
    if (first === 0) trimming?.beginEpoch(epoch, loss, { engine, store, feed: feed.feed, batchSize, totalRows: nRows });
  };
  initialiseParameters(declared, store, random.child('init'));
  clearUntrained(declared, store, {
    user: rowsOf(rated.user, withUnknown(sizes).nUsers, used.friends ? rowNumbers(used.friends) : undefined),
    item: rowsOf(rated.item, withUnknown(sizes).nItems),
  });
  return {
    ...steps,
    run: (epoch, first, count) => {
      begin(epoch, first);
      return steps.run(epoch, first, count);
    },
    profile: (epoch, first, count) => {
      begin(epoch, first);
      return steps.profile(epoch, first, count);
    },
    declared,
    store,
    nRows,
    notes: [],
    scorer: () => ratingScorer(engine, model, config, used, declared, store),
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

/** 1 for each row of a table that a training row has, or an edge. */
export function rowsOf(index: Int32Array, nRows: number, ofEdges: Int32Array = new Int32Array()): Uint8Array {
  const has = new Uint8Array(nRows);
  for (const rows of [index, ofEdges]) for (const row of rows) has[row] = 1;
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
