/**
 * Examples of ratings with what surrounds them: a training row is (user, item, rating) and lists of indices, such as the people on
 * random walks from the user with an item that each rated. The lists are filled step by step; what a row holds depends on its number
 * and the epoch alone. What is learned is the difference to the mean rating of training,
 *
 *   (μ + ŷ(u, i, lists) − r)²
 *
 * As in ratings.ts, rows of tables whose user or item has no training row are zero.
 */
import { z } from 'zod';
import type { RandomStream } from '../core/random.ts';
import { counted } from '../data/counted.ts';
import { mutualFriends } from '../data/social/friends.ts';
import { levelsOf, ratingLevels } from '../data/social/rating-levels.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { input, subtract } from '../engine/ops/index.ts';
import { stepBytes } from '../engine/plan/step-memory.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import { nameOf, ParameterStore } from '../engine/runtime/parameter-store.ts';
import { type DeclaredParameters, declaredAs, initialiseParameters } from '../layers/declared-parameters.ts';
import { prediction, trainingPass } from '../layers/forward-pass.ts';
import {
  type IndexLists,
  indexLists,
  type KeyedNeighbours,
  leavesOf,
  type NeighbourhoodScoring,
  type Neighbours,
  neighbourhoodScorer,
  PAIR_BLOCK,
  type PairLeaves,
  pairLeaves,
  trainedNeighbourhoodScorer,
} from '../scoring/neighbourhood-scorer.ts';
import type { Scorer, Sizes } from '../scoring/scorer.ts';
import {
  type KnownSurroundings,
  keptSurroundings,
  type SurroundingSizes,
  surroundingsOf,
} from '../scoring/surroundings.ts';
import type { RatedRows, TakenPairs } from './forms.ts';
import { knownFriends } from './known-friends.ts';
import { type MemoryEstimate, trainingMemory } from './memory-estimate.ts';
import type { Examples, Gradients, MemoryRequest, Model, ModelHead, OpenRequest, TrainingDefaults } from './model.ts';
import { epochOrders, type OpenExamples, stepsFedByCaller } from './open-examples.ts';
import { checkRatingLoss, lossOfError, type RatingLossSettings } from './rating-loss.ts';
import { checkedRatings, clearUntrained, ratingSettings, rowsOf } from './ratings.ts';
import { UserWeights } from './user-weights.ts';

const { trim: _, ...shape } = ratingSettings.shape;

export const neighbourhoodSettings = z.strictObject({
  ...shape,
  batchSize: ratingSettings.shape.batchSize
    .unwrap()
    .default(256)
    .meta({ doc: 'ratings a step', search: [64, 128, 256, 512] }),
  redraw: z
    .boolean()
    .default(true)
    .meta({ doc: 'what is drawn around a rating is drawn anew in every epoch; false: once for the whole training' }),
});

export const neighbourhoods: Examples = {
  name: 'neighbourhoods',
  title: 'rows of a user, an item and a rating, with friends and what they rated',
  unit: 'ratings',
  settings: neighbourhoodSettings,
  checkSettings: checkRatingLoss,
};

/** Edges as they are written, both ways, or none, whether the data have some or not. */
type EdgeUse = 'as-written' | 'both-ways' | 'none';

/** By the options of models of friends. */
export function edgesOf({ friends, bothWays }: { readonly friends: boolean; readonly bothWays: boolean }): EdgeUse {
  if (!friends) return 'none';
  return bothWays ? 'both-ways' : 'as-written';
}

/** What a model declares that is trained on ratings with what surrounds them. */
export interface NeighbourhoodParts<C> extends NeighbourhoodScoring<C>, Pick<Gradients<C, 'pairs'>, 'defaultsForData'> {
  readonly trainingDefaults: TrainingDefaults;
  /** Which edges count. */
  edges(config: C): EdgeUse;
  /** The biases that the score reads, fitted before the training. */
  fittedBiases(ratings: RatedRows, sizes: Sizes, config: C): FittedBiases;
}

/** Biases of users and items. */
export interface FittedBiases {
  readonly users: Float32Array;
  readonly items: Float32Array;
  /** (b_u, b_i) of each training row without it, [rows × 2]: what the row reads in training. */
  readonly withoutRow: Float32Array;
}

export type NeighbourhoodModel<C = unknown> = Model<C, 'pairs'> &
  NeighbourhoodParts<C> & { readonly learn: Gradients<C, 'pairs'> };

/** Declares a model that predicts ratings by friends and what they rated; infers the type of its options. */
export function neighbourhoodModel<C>(declared: ModelHead<C> & NeighbourhoodParts<C>): NeighbourhoodModel<C> {
  const { trainingDefaults, defaultsForData, title } = declared;
  return {
    ...declared,
    form: 'pairs',
    tasks: ['rating'],
    streams: '',
    learn: {
      by: 'gradients',
      examples: neighbourhoods,
      defaults: trainingDefaults,
      open: (request) => new OpenNeighbourhoods(title, declared, request),
      memory: (request) => neighbourhoodMemory(title, declared, request),
      kept: (data, config) => keptSurroundings(knownSurroundings(title, declared, data, config)),
      defaultsForData,
    },
    scorerOf: (engine, { config, weights, about }) =>
      trainedNeighbourhoodScorer(engine(), declared, config, about, weights),
  };
}

/** @throws 'config' for data without edges between users, where the model reads some */
function knownSurroundings<C>(
  title: string,
  model: NeighbourhoodParts<C>,
  { rows, friends, ratings }: TakenPairs,
  config: C,
): KnownSurroundings {
  const edges = model.edges(config);
  const known = edges === 'none' ? nobody(rows.nRows) : knownFriends(title, friends);
  if (!ratings) throw new Error('internal: a model of ratings is trained on ratings');
  const levels = ratingLevels(ratings.value);
  return {
    friends: edges === 'both-ways' ? mutualFriends(known) : known,
    rated: rows,
    level: levelsOf(rows, ratings, levels),
    levels,
  };
}

const nobody = (nRows: number): SparseRows => ({
  nRows,
  rowStart: new Int32Array(nRows + 1),
  columns: new Int32Array(),
});

/** Loss of each row, [B, 1], with the leaves of a step. @param random absent = without noise */
function neighbourhoodStep<C>(
  model: NeighbourhoodParts<C>,
  { tensors }: DeclaredParameters,
  config: C,
  training: RatingLossSettings,
  random?: RandomStream,
): { readonly leaves: PairLeaves; readonly label: Tensor; readonly loss: Tensor } {
  const leaves = pairLeaves(model, config);
  const label = input('label', [1]);
  const score = model.score(tensors, leaves, config, random ? trainingPass(random) : prediction);
  return { leaves, label, loss: lossOfError(subtract(score, label), training) };
}

/** What a training on the ratings takes. */
function neighbourhoodMemory<C>(
  title: string,
  model: NeighbourhoodParts<C>,
  { engine, config, data, training: given }: MemoryRequest<C, 'pairs'>,
): MemoryEstimate {
  const training = neighbourhoodSettings.parse(given);
  const known = knownSurroundings(title, model, data, config);
  const { sizes } = surroundingsOf(known, data.sizes);
  const declared = declaredAs(model.parameters(config, sizes));
  const { loss } = neighbourhoodStep(model, declared, config, training);
  const count = data.ratings?.value.length ?? 0;
  const bytesOf = (batchSize: number): number => stepBytes({ engine, loss, batchSize });
  return trainingMemory({
    declarations: declared.declarations,
    optimizer: training.optimizer.name,
    // outside: order and level of each rating, friends, and for each item those that are rated alike
    examples: {
      count,
      unit: 'ratings',
      bytesEach: 0,
      bytes: 0,
      outside: 8 * count + 4 * known.friends.columns.length + 8 * (sizes.nUsers + 50 * sizes.nItems),
    },
    step: bytesOf(Math.min(training.batchSize, Math.max(1, count))),
    ranking: { tables: 0, bytes: bytesOf(PAIR_BLOCK), bytesEach: 0 },
  });
}

class OpenNeighbourhoods<C> implements OpenExamples<'pairs'> {
  readonly declared: DeclaredParameters;
  readonly store: ParameterStore;
  readonly plan: StepPlan;
  readonly nRows: number;
  readonly stepsPerEpoch: number;
  readonly notes: readonly string[];
  readonly #steps: ReturnType<typeof stepsFedByCaller>;
  readonly #model: NeighbourhoodParts<C>;
  readonly #request: OpenRequest<C, 'pairs'>;
  readonly #ratings: RatedRows;
  readonly #sizes: SurroundingSizes;
  readonly #batchSize: number;
  readonly #redraw: boolean;
  readonly #leaves: PairLeaves;
  readonly #label: Tensor;
  readonly #biases: FittedBiases | null;
  readonly #lists: IndexLists;
  readonly #keyed: KeyedNeighbours;
  readonly #neighbours: Neighbours;
  /** The ratings in the order of an epoch. */
  readonly #rowsOf: (epoch: number) => Int32Array;

  constructor(title: string, model: NeighbourhoodParts<C>, request: OpenRequest<C, 'pairs'>) {
    this.#model = model;
    this.#request = request;
    const { engine, config, data, random } = request;
    const training = neighbourhoodSettings.parse(request.training);
    const known = knownSurroundings(title, model, data, config);
    const surroundings = surroundingsOf(known, data.sizes);
    const { sizes } = surroundings;
    this.#sizes = sizes;
    this.#ratings = data.ratings!;
    this.nRows = checkedRatings(this.#ratings);
    this.#batchSize = Math.min(training.batchSize, this.nRows);
    this.#redraw = training.redraw;
    this.stepsPerEpoch = Math.ceil(this.nRows / this.#batchSize);
    this.notes = model.edges(config) === 'none' ? [] : friendlessNote(known);
    this.#rowsOf = epochOrders(this.nRows, random.child('examples'));
    this.#lists = indexLists(model.lists(config), this.#batchSize);
    this.#keyed = model.neighbours(surroundings, config);
    this.#neighbours = this.#keyed(random.child('neighbours').key);
    this.declared = declaredAs(model.parameters(config, sizes));
    const { leaves, label, loss } = neighbourhoodStep(model, this.declared, config, training, random.child('noise'));
    const weights = training.userWeight === undefined ? null : new UserWeights(training.userWeight, data);
    this.#leaves = leaves;
    this.#label = label;
    this.store = new ParameterStore(engine, [...this.declared.list, ...(weights ? [weights.tensor] : [])]);
    weights?.writeTo(this.store);
    this.#biases = model.biases(config) ? model.fittedBiases(this.#ratings, sizes, config) : null;
    this.plan = new StepPlan({
      engine,
      store: this.store,
      loss: weights?.weighted(loss, leaves.user) ?? loss,
      trainable: this.declared.list.filter((parameter) => !(this.#biases && isBias(parameter))),
      fedByCaller: [...leavesOf(leaves), label],
      batchSize: this.#batchSize,
      totalRows: this.nRows,
      optimizer: training.optimizer,
      totalSteps: training.epochs * this.stepsPerEpoch,
    });
    this.#steps = stepsFedByCaller(this.plan, this.stepsPerEpoch, (epoch, step) => this.#feed(epoch, step));
    initialiseParameters(this.declared, this.store, random.child('init'));
    clearUntrained(this.declared, this.store, {
      user: rowsOf(this.#ratings.user, sizes.nUsers),
      item: rowsOf(this.#ratings.item, sizes.nItems),
    });
    if (this.#biases) {
      this.store.write(this.store.named('userBias'), this.#biases.users);
      this.store.write(this.store.named('itemBias'), this.#biases.items);
    }
  }

  get run(): OpenExamples['run'] {
    return this.#steps.run;
  }

  get profile(): OpenExamples['profile'] {
    return this.#steps.profile;
  }

  get skipTo(): OpenExamples['skipTo'] {
    return this.#steps.skipTo;
  }

  /** Writes what a step learns from, a function of its number. */
  #feed(epoch: number, step: number): void {
    const first = step * this.#batchSize;
    const rows = this.#rowsOf(epoch).subarray(first, Math.min(this.nRows, first + this.#batchSize));
    const { user, item, value, mean } = this.#ratings;
    const drawnIn = this.#redraw ? epoch : 0;
    rows.forEach((row, n) => {
      this.#neighbours(user[row], item[row], [row, drawnIn], this.#lists, n);
    });
    const leaves = this.#leaves;
    this.plan.write(
      leaves.user,
      rows.map((row) => user[row]),
    );
    this.plan.write(
      leaves.item,
      rows.map((row) => item[row]),
    );
    this.plan.write(
      this.#label,
      Float32Array.from(rows, (row) => value[row] - mean),
    );
    if (leaves.biases && this.#biases) {
      const { withoutRow } = this.#biases;
      const read = Float32Array.from({ length: 2 * rows.length }, (_, k) => withoutRow[2 * rows[k >> 1] + (k & 1)]);
      this.plan.write(leaves.biases, read);
    }
    for (const [name, leaf] of Object.entries(leaves.lists))
      this.plan.write(leaf, this.#lists[name].subarray(0, rows.length * leaf.size));
  }

  scorer(): Scorer {
    const { engine, config } = this.#request;
    const about = { sizes: this.#sizes, neighbours: this.#keyed };
    return neighbourhoodScorer(engine, this.#model, config, about, this.declared, this.store);
  }

  free(): void {
    this.plan.free();
    this.store.free();
  }
}

const isBias = (parameter: Tensor): boolean => ['userBias', 'itemBias'].includes(nameOf(parameter));

/** How many of the users with training rows have no friends. */
function friendlessNote({ friends, rated }: KnownSurroundings): string[] {
  const has = ({ rowStart }: KnownSurroundings['rated'], user: number): boolean => rowStart[user + 1] > rowStart[user];
  const trained = Array.from({ length: rated.nRows }, (_, user) => user).filter((user) => has(rated, user));
  const alone = trained.filter((user) => !has(friends, user)).length;
  if (alone === 0) return [];
  return [
    `${alone.toLocaleString('en-US')} of ${counted(trained.length, 'user')} with training rows ${alone === 1 ? 'has' : 'have'} no friends: predicted without what friends would say`,
  ];
}
