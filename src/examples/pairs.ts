/**
 * Examples of taken pairs: a training row is (user, item, label), with negatives drawn for every pair that was taken, or
 * (user, taken item, other item).
 *
 *   pointwise: −y ln σ(ŷ) − (1 − y) ln(1 − σ(ŷ))          pairwise: −ln σ(ŷ(u, i) − ŷ(u, j))
 */
import { z } from 'zod';
import { rowNumbers, type SparseRows, unitedRows } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { add, bceWithLogits, indexInput, input, negativeLogSigmoid, subtract } from '../engine/ops/index.ts';
import { optimizerOptions } from '../engine/optimizers/optimizer.ts';
import { constantBytes, sharedBytes, stepBytes } from '../engine/plan/step-memory.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { SamplerRecord } from '../engine/runtime/sampler.ts';
import { declaredAs, initialiseParameters } from '../layers/declared-parameters.ts';
import { type ForwardPass, prediction, trainingPass } from '../layers/forward-pass.ts';
import type { Parameters } from '../layers/parameters.ts';
import { keptFriends } from '../scoring/kept-friends.ts';
import {
  type PairScoring,
  pairScorer,
  type TrainingRow,
  trainedPairScorer,
  withConstants,
  withShared,
} from '../scoring/pair-scorer.ts';
import type { Sizes } from '../scoring/scorer.ts';
import type { TakenPairs } from './forms.ts';
import { knownFriends } from './known-friends.ts';
import { type MemoryEstimate, rankingBytes, trainingMemory } from './memory-estimate.ts';
import type {
  AnyModel,
  Examples,
  Gradients,
  MachineShare,
  Model,
  ModelHead,
  OpenRequest,
  TrainingDefaults,
} from './model.ts';
import { type OpenExamples, stepsOfPlan } from './open-examples.ts';
import { stoppingSettings } from './stopping.ts';

export const pairSettings = z.strictObject({
  epochs: z.int().min(1).max(100_000).default(20).meta({ doc: 'passes over the training interactions, at most' }),
  batchSize: z
    .int()
    .min(1)
    .max(1_048_576)
    .default(2048)
    .meta({ doc: 'examples a step (negatives included)', search: [256, 1024, 2048, 8192] }),
  positives: z.enum(['once', 'by-user']).default('once').meta({
    doc: 'once: every interaction once an epoch; by-user: as many draws, each a random user and one of the items of that user',
  }),
  negatives: z
    .int()
    .min(1)
    .max(1000)
    .default(4)
    .meta({ doc: 'negative items drawn for each interaction, anew in every epoch', search: [1, 4, 8] }),
  negativeSampler: z
    .enum(['uniform', 'popularity'])
    .default('uniform')
    .meta({ doc: 'how negatives are drawn; popularity: ∝ (interactions of the item)^popularityExponent' }),
  popularityExponent: z.number().min(0).max(2).default(0.75).meta({ doc: 'exponent of the popularity sampler' }),
  rejectTaken: z.boolean().default(true).meta({ doc: 'never draw an item as negative that the user took in training' }),
  ...stoppingSettings({ patience: 5 }),
  optimizer: optimizerOptions.prefault({}),
});

export type PairSettings = z.output<typeof pairSettings>;

export const pairs: Examples = {
  name: 'pairs',
  title: 'taken pairs of a user and an item, with drawn negatives',
  unit: 'examples',
  settings: pairSettings,
};

/** What a model declares that is trained on taken pairs. */
export interface PairParts<C>
  extends PairScoring<C>,
    Pick<Gradients<C, 'pairs'>, 'defaultsForData' | 'pretraining' | 'fuse'> {
  /** What a training row is. */
  readonly loss: 'pointwise' | 'pairwise';
  /** The same model trained on ratings (ratings.ts), where it can be. */
  readonly rating?: Model<C, 'pairs'>;
  /**
   * Added to the loss of a row, [B, 1]: regularisation of what it uses, and losses of what all rows share. `other` is null where a row
   * has no other item.
   */
  penalty?(parameters: Parameters, row: TrainingRow, config: C, pass: ForwardPass): Tensor;
  readonly trainingDefaults: TrainingDefaults;
}

export type PairModel<C = unknown> = Model<C, 'pairs'> & PairParts<C> & { readonly learn: Gradients<C, 'pairs'> };

/** Declares a model that is trained on taken pairs; infers the type of its options. */
export function pairModel<C>(declared: ModelHead<C> & PairParts<C>): PairModel<C> {
  const { trainingDefaults, defaultsForData, pretraining, fuse } = declared;
  if (declared.shared && !declared.represent)
    throw new Error(
      `internal: ${declared.name} shares computed tensors between rows and must represent users and items`,
    );
  return {
    ...declared,
    form: 'pairs',
    tasks: declared.rating ? ['ranking', 'rating'] : ['ranking'],
    streams: '',
    learn: {
      by: 'gradients',
      examples: pairs,
      defaults: trainingDefaults,
      open: (request) => openPairs(declared, request),
      memory: ({ engine, config, training, data }) => {
        const { sizes, rows, friends } = withFriends(declared, data, config);
        return pairMemory(declared, {
          engine,
          config,
          training: pairSettings.parse(training),
          sizes,
          nInteractions: rows.columns.length,
          rows,
          friends,
        });
      },
      kept: (data, config) => {
        const { friends } = withFriends(declared, data, config);
        return friends && declared.usesFriends?.(config) ? keptFriends(friends) : new Map();
      },
      defaultsForData,
      pretraining,
      fuse,
    },
    scorerOf: (engine, { config, weights, about }) =>
      trainedPairScorer(engine(), declared, config, { sizes: about.sizes, rows: about.history }, weights),
  };
}

/** @throws 'config' where the model looks at friends and the data have no edges between users */
function withFriends<C>(model: ModelHead<C> & PairParts<C>, data: TakenPairs, config: C): TakenPairs {
  return model.usesFriends?.(config) ? { ...data, friends: knownFriends(model.title, data.friends) } : data;
}

export function isPairModel(model: AnyModel): model is PairModel {
  return model.learn.by === 'gradients' && model.learn.examples === pairs;
}

export interface LossExpression {
  /** Loss of each row, [B, 1]. */
  readonly loss: Tensor;
  readonly user: Tensor;
  /** The leaves a sampler fills, in its order: (user, item, label) or (user, taken item, other item). */
  readonly leaves: readonly [Tensor, Tensor, Tensor];
}

/**
 * @param given parameters and constants, see {@link withConstants}
 * @param pass noise of training; default none
 */
export function lossExpression<C>(
  model: PairParts<C>,
  given: Parameters,
  config: C,
  sizes: Sizes,
  pass: ForwardPass = prediction,
): LossExpression {
  const user = indexInput('user');
  const item = indexInput('item');
  const other = model.loss === 'pairwise' ? indexInput('other item') : null;
  const row: TrainingRow = { user, item, other };
  const p = withShared(model, given, config, sizes, row);
  const userParts = model.userParts(p, user, config);
  const score = model.score(p, userParts, model.itemParts(p, item, config), config, pass);
  const penalised = (loss: Tensor): Tensor => (model.penalty ? add(loss, model.penalty(p, row, config, pass)) : loss);
  if (!other) {
    const label = input('label', [1]);
    return { loss: penalised(bceWithLogits(score, label)), user, leaves: [user, item, label] };
  }
  const otherScore = model.score(p, userParts, model.itemParts(p, other, config), config, pass);
  return { loss: penalised(negativeLogSigmoid(subtract(score, otherScore))), user, leaves: [user, item, other] };
}

/** As in the sampler: up to here, taken pairs are kept as bits too. */
const MAX_TAKEN_BYTES = 32 * 1024 ** 2;

export interface PairMemoryRequest<C> {
  readonly engine: MachineShare;
  readonly config: C;
  readonly training: PairSettings;
  readonly sizes: Sizes;
  readonly nInteractions: number;
  /** The items of every user, of which constants are made; null for models that have none. */
  readonly rows: SparseRows | null;
  readonly friends?: SparseRows | null;
}

/** What a training on so many interactions takes. */
export function pairMemory<C>(model: PairParts<C>, request: PairMemoryRequest<C>): MemoryEstimate {
  const { engine, config, training, sizes, nInteractions, rows, friends } = request;
  const { nUsers, nItems } = sizes;
  const declared = declaredAs(model.parameters(config, sizes));
  const taken = training.rejectTaken ? nUsers * Math.ceil(nItems / 32) * 4 : 0;
  const given = rows ? withConstants(model, declared.tensors, config, { sizes, rows, friends }) : declared.tensors;
  const { loss } = lossExpression(model, given, config, sizes);
  // vectors of users and items are computed of the shared matrices, for which weights, graph and steps between stand there once more
  const vectors = model.shared ? sharedBytes([loss]) + constantBytes([loss]) : 0;
  return trainingMemory({
    declarations: declared.declarations,
    optimizer: training.optimizer.name,
    examples: {
      count: nInteractions,
      unit: 'interactions',
      // the user and the item of each; the items serve for the rejection of negatives too
      bytesEach: 8,
      bytes: nUsers * 4 + (taken <= MAX_TAKEN_BYTES ? taken : 0),
      outside: 0,
    },
    step: stepBytes({
      engine,
      loss,
      batchSize: Math.min(training.batchSize, examplesOf(training, nInteractions)),
      inBlocks: model.shared !== undefined,
    }),
    // the items that are no candidates in a ranking of all items for all users
    ranking: { tables: 1, bytes: rankingBytes('dot', sizes, 0, engine) + vectors, bytesEach: 4 },
  });
}

function examplesOf({ negatives }: PairSettings, nInteractions: number): number {
  return Math.max(1, nInteractions * (negatives + 1));
}

function openPairs<C>(model: ModelHead<C> & PairParts<C>, request: OpenRequest<C, 'pairs'>): OpenExamples<'pairs'> {
  const { engine, config, random } = request;
  const data = withFriends(model, request.data, config);
  const { sizes, rows, former } = data;
  const taken = former ? unitedRows(rows, former) : rows;
  const training = pairSettings.parse(request.training);
  const declared = declaredAs(model.parameters(config, sizes));
  const given = withConstants(model, declared.tensors, config, data);
  const { loss, leaves } = lossExpression(model, given, config, sizes, trainingPass(random.child('noise')));
  const store = new ParameterStore(engine, declared.list);
  const sampler = new SamplerRecord(engine, {
    users: former ? rowNumbers(rows) : null,
    items: rows.columns,
    ...sizes,
    rowStart: taken.rowStart,
    columns: taken.columns,
    positives: training.positives,
    negatives: training.negatives,
    reject: training.rejectTaken,
    popularityExponent: training.negativeSampler === 'popularity' ? training.popularityExponent : 0,
    key: random.child('examples').key,
  });
  const pairwise = model.loss === 'pairwise';
  const nRows = pairwise ? sampler.rowsPairwise : sampler.rowsPointwise;
  const batchSize = Math.min(training.batchSize, nRows);
  const plan = new StepPlan({
    engine,
    store,
    loss,
    feed: pairwise ? sampler.pairwise(...leaves) : sampler.pointwise(...leaves),
    batchSize,
    totalRows: nRows,
    optimizer: training.optimizer,
    totalSteps: training.epochs * Math.ceil(nRows / batchSize),
    inBlocks: model.shared !== undefined,
  });
  initialiseParameters(declared, store, random.child('init'));
  return {
    ...stepsOfPlan(plan),
    declared,
    store,
    nRows,
    notes: [],
    scorer: () => pairScorer(engine, model, config, data, given, store),
    free: () => {
      plan.free();
      sampler.free();
      store.free();
    },
  };
}
