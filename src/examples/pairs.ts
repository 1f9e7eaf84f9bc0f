/**
 * Examples of taken pairs: a training row is (user, item, label), with negatives drawn for every pair that was taken, or
 * (user, taken item, other items). Losses are in layers/losses.ts, the rows in pair-loss.ts, settings in pair-settings.ts.
 */
import type { SparseRows } from '../data/sparse-rows.ts';
import { table } from '../engine/ops/index.ts';
import { constantBytes, sharedBytes, stepBytes } from '../engine/plan/step-memory.ts';
import { FactorRanks } from '../engine/runtime/factor-ranks.ts';
import { declaredAs } from '../layers/declared-parameters.ts';
import { keptFriends } from '../scoring/kept-friends.ts';
import { trainedPairScorer, withConstants } from '../scoring/pair-scorer.ts';
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
  PretrainingStage,
  TrainingDefaults,
} from './model.ts';
import { needsProbabilities } from './negative-weights.ts';
import { OpenPairs } from './open-pairs.ts';
import { checkPairRow, factorsOf, isInBlocks, pairRow, type TrainedScoring } from './pair-loss.ts';
import { checkPairSettings, type PairSettings, pairSettings, rowsOfLoss, rowsPerPositive } from './pair-settings.ts';

export { type PairSettings, pairSettings } from './pair-settings.ts';

export const pairs: Examples = {
  name: 'pairs',
  title: 'taken pairs of a user and an item, with drawn negatives',
  unit: 'examples',
  settings: pairSettings,
  checkSettings: (settings, given) => checkPairSettings(settings as PairSettings, given),
};

/** What a model declares that is trained on taken pairs. */
export interface PairParts<C> extends TrainedScoring<C>, Pick<Gradients<C, 'pairs'>, 'defaultsForData' | 'fuse'> {
  /** Models of the same form to be trained first, in order, when the options ask for it. */
  pretraining?(config: C): readonly PretrainingStage[];
  /** The loss of its paper, and so what a training row is: log loss of single items, or BPR of two. */
  readonly loss: 'pointwise' | 'pairwise';
  /** The same model trained on ratings (ratings.ts), where it can be. */
  readonly rating?: Model<C, 'pairs'>;
  readonly trainingDefaults: TrainingDefaults;
}

export type PairModel<C = unknown> = Model<C, 'pairs'> & PairParts<C> & { readonly learn: Gradients<C, 'pairs'> };

/** Declares a model that is trained on taken pairs; infers the type of its options. */
export function pairModel<C>(declared: ModelHead<C> & PairParts<C>): PairModel<C> {
  const { trainingDefaults, defaultsForData, fuse } = declared;
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
      defaults: declared.loss === 'pairwise' ? { loss: 'bpr', ...trainingDefaults } : trainingDefaults,
      open: (request) =>
        new OpenPairs(declared, { ...request, data: withFriends(declared, request.data, request.config) }),
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
      pretraining: (config, training) => stagesOf(declared, config, pairSettings.parse(training)),
      // a stage that is not the model's own is the model itself, trained without an adversary
      fuse: (config, stages, data) =>
        fuse && ownStages(declared, config).length > 0 ? fuse(config, stages, data) : { weights: stages[0] },
    },
    scorerOf: (engine, { config, weights, about }) =>
      trainedPairScorer(engine(), declared, config, { sizes: about.sizes, rows: about.history }, weights),
  };
}

function ownStages<C>({ pretraining }: PairParts<C>, config: C): readonly PretrainingStage[] {
  return pretraining?.(config) ?? [];
}

/**
 * Adversarial training begins where a training without it has ended, unless told otherwise: after the model's own stages, or one of the
 * model itself.
 */
function stagesOf<C>(
  model: ModelHead<C> & PairParts<C>,
  config: C,
  { adversarialEpsilon, adversarialStart }: PairSettings,
): readonly PretrainingStage[] {
  const own = ownStages(model, config);
  if (adversarialEpsilon === 0) return own;
  const plain = { adversarialEpsilon: 0 };
  if (own.length > 0) return own.map((stage) => ({ ...stage, training: { ...stage.training, ...plain } }));
  return adversarialStart === 'trained' ? [{ model: model.name, config, training: plain }] : [];
}

/** @throws 'config' where the model looks at friends and the data have no edges between users */
function withFriends<C>(model: ModelHead<C> & PairParts<C>, data: TakenPairs, config: C): TakenPairs {
  return model.usesFriends?.(config) ? { ...data, friends: knownFriends(model.title, data.friends) } : data;
}

export function isPairModel(model: AnyModel): model is PairModel {
  return model.learn.by === 'gradients' && model.learn.examples === pairs;
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
  checkPairRow(model, training, nItems);
  const given = rows ? withConstants(model, declared.tensors, config, { sizes, rows, friends }) : declared.tensors;
  const logProbability = needsProbabilities(training) ? table('logProbability', nItems, 1) : undefined;
  const capacity = Math.min(training.batchSize, Math.max(1, nInteractions));
  const { loss } = pairRow(model, given, config, { training, sizes, capacity, logProbability });
  const factors = training.negativeSampler === 'aobpr' ? factorsOf(model, given, config, sizes) : 0;
  // the vectors of all items, and their order along each number of them
  const ranks = factors === 0 ? 0 : 4 * factors * nItems + FactorRanks.bytes(factors, nItems, engine.threads);
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
      bytes: nUsers * 4 + (taken <= MAX_TAKEN_BYTES ? taken : 0) + ranks,
      outside: 0,
    },
    step: stepBytes({
      engine,
      loss,
      batchSize: Math.min(training.batchSize, examplesOf(training, nInteractions)),
      trainable: declared.list,
      inBlocks: isInBlocks(model, training),
    }),
    // the items that are no candidates in a ranking of all items for all users
    ranking: { tables: 1, bytes: rankingBytes('dot', sizes, 0, engine) + vectors, bytesEach: 4 },
  });
}

/** Rows of an epoch. */
function examplesOf({ loss, negatives }: PairSettings, nInteractions: number): number {
  return Math.max(1, nInteractions * rowsPerPositive(rowsOfLoss[loss], negatives));
}
