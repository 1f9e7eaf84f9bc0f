/**
 * Examples of taken pairs with many negatives: a training row is a taken pair with the listed neighbours of its item; the rows of a
 * step share negatives that are drawn uniformly. What each counts for is the model's business.
 */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import type { RandomStream } from '../core/random.ts';
import { rowNumbers } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { indexInput, listInput, table } from '../engine/ops/index.ts';
import { stepBytes } from '../engine/plan/step-memory.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import { ParameterStore, paddedWidth } from '../engine/runtime/parameter-store.ts';
import { type DeclaredParameters, declaredAs, initialiseParameters } from '../layers/declared-parameters.ts';
import type { Parameters } from '../layers/parameters.ts';
import { type PairData, type PairScoring, pairScorer, trainedPairScorer } from '../scoring/pair-scorer.ts';
import type { Scorer, Sizes } from '../scoring/scorer.ts';
import { batchSettings } from './batch-settings.ts';
import type { FoldInWeights } from './fold-in-weights.ts';
import { type MemoryEstimate, rankingBytes, trainingMemory } from './memory-estimate.ts';
import type {
  AnyModel,
  Examples,
  Gradients,
  MemoryRequest,
  Model,
  ModelHead,
  OpenRequest,
  TrainingDefaults,
} from './model.ts';
import { epochOrders, type OpenExamples, stepsFedByCaller } from './open-examples.ts';
import { pairSettings } from './pair-settings.ts';
import { stoppingSettings } from './stopping.ts';

export const weightedPairSettings = z.strictObject({
  ...batchSettings({
    epochs: [100, 'passes over the training interactions, at most'],
    batchSize: [512, 'taken pairs a step'],
    largestBatch: 65_536,
    search: [256, 512, 1024],
  }),
  negatives: z
    .int()
    .min(1)
    .max(100_000)
    .default(1500)
    .meta({ doc: 'items drawn for each step, negatives of all its pairs', search: [300, 800, 1500, 4096] }),
  ...stoppingSettings({ patience: 15 }),
  optimizer: pairSettings.shape.optimizer,
});

export type WeightedPairSettings = z.output<typeof weightedPairSettings>;

export const weightedPairs: Examples = {
  name: 'weighted-pairs',
  title: 'taken pairs with neighbours of their items, and negatives that a step shares',
  unit: 'examples',
  settings: weightedPairSettings,
};

/** What a training row and its step read. */
export interface WeightedPairLeaves {
  /** Index leaves. */
  readonly user: Tensor;
  readonly item: Tensor;
  /** The first, second … neighbour of the item. */
  readonly neighbours: readonly Tensor[];
  /** List of the step's negatives. */
  readonly negatives: Tensor;
}

/** What is made of the data once for a training. */
export interface PairWeights {
  /** Items beside each item, [nItems × count]. */
  readonly neighbours: Int32Array;
  /** Numbers that are not trained, found by name beside the parameters: tables [rows, width] that are read by lookup. */
  readonly tables: Readonly<Record<string, { readonly width: number; readonly values: Float32Array }>>;
}

/** What a model declares that is trained on such pairs. */
export interface WeightedPairParts<C> extends PairScoring<C>, Pick<Gradients<C, 'pairs'>, 'defaultsForData'> {
  readonly trainingDefaults: TrainingDefaults;
  weights(data: PairData, config: C): PairWeights;
  /** How many neighbours an item has, and rows and width of each of those tables. */
  weightSizes(
    config: C,
    sizes: Sizes,
  ): {
    readonly neighbours: number;
    readonly tables: Readonly<Record<string, readonly [number, number]>>;
  };
  /** Loss of each row, [B, 1]. */
  loss(parameters: Parameters, leaves: WeightedPairLeaves, config: C): Tensor;
  /** What pairs of somebody new count for in the loss, as a function of the number of that person's items. */
  foldInWeights(config: C, data: PairData): (count: number) => FoldInWeights;
}

export type WeightedPairModel<C = unknown> = Model<C, 'pairs'> &
  WeightedPairParts<C> & { readonly learn: Gradients<C, 'pairs'> };

/** Declares a model that is trained on weighted pairs; infers the type of its options. */
export function weightedPairModel<C>(declared: ModelHead<C> & WeightedPairParts<C>): WeightedPairModel<C> {
  return {
    ...declared,
    form: 'pairs',
    tasks: ['ranking'],
    streams: '',
    learn: {
      by: 'gradients',
      examples: weightedPairs,
      defaults: declared.trainingDefaults,
      defaultsForData: declared.defaultsForData,
      open: (request) => new OpenWeightedPairs(declared, request),
      memory: (request) => weightedPairMemory(declared, request),
    },
    scorerOf: (engine, { config, weights, about }) =>
      trainedPairScorer(engine(), declared, config, { sizes: about.sizes, rows: about.history }, weights),
  };
}

export function isWeightedPairModel(model: AnyModel): model is WeightedPairModel {
  return model.learn.by === 'gradients' && model.learn.examples === weightedPairs;
}

/** The leaves of a step. @param count neighbours of an item */
export function weightedPairLeaves(count: number, negatives: number): WeightedPairLeaves {
  return {
    user: indexInput('user'),
    item: indexInput('item'),
    neighbours: Array.from({ length: count }, (_, k) => indexInput(`neighbour ${k + 1}`)),
    negatives: listInput('negatives', negatives),
  };
}

function weightedPairMemory<C>(model: WeightedPairParts<C>, request: MemoryRequest<C, 'pairs'>): MemoryEstimate {
  const { engine, config, data } = request;
  const { sizes, rows } = data;
  const training = weightedPairSettings.parse(request.training);
  const declared = declaredAs(model.parameters(config, sizes));
  const { neighbours, tables } = model.weightSizes(config, sizes);
  const fixed = Object.entries(tables).map(([name, shape]) => [name, table(name, ...shape)] as const);
  const leaves = weightedPairLeaves(neighbours, training.negatives);
  const count = rows.columns.length;
  return trainingMemory({
    declarations: declared.declarations,
    optimizer: training.optimizer.name,
    examples: {
      count,
      unit: 'interactions',
      bytesEach: 0,
      bytes: 4 * Object.values(tables).reduce((sum, [n, width]) => sum + n * paddedWidth(width), 0),
      // the user of each pair, the order of an epoch, and the neighbours
      outside: 8 * count + 8 * sizes.nItems * neighbours,
    },
    step: stepBytes({
      engine,
      loss: model.loss({ ...declared.tensors, ...Object.fromEntries(fixed) }, leaves, config),
      batchSize: Math.min(training.batchSize, Math.max(1, count)),
      trainable: declared.list,
      inBlocks: true,
    }),
    ranking: { tables: 1, bytes: rankingBytes('dot', sizes, 0, engine), bytesEach: 4 },
  });
}

class OpenWeightedPairs<C> implements OpenExamples<'pairs'> {
  readonly declared: DeclaredParameters;
  readonly store: ParameterStore;
  readonly plan: StepPlan;
  readonly nRows: number;
  readonly stepsPerEpoch: number;
  readonly notes: readonly string[] = [];
  readonly #steps: ReturnType<typeof stepsFedByCaller>;
  readonly #model: WeightedPairParts<C>;
  readonly #request: OpenRequest<C, 'pairs'>;
  readonly #batchSize: number;
  readonly #leaves: WeightedPairLeaves;
  readonly #neighbours: Int32Array;
  /** The user of each pair. */
  readonly #users: Int32Array;
  readonly #draws: RandomStream;
  /** The pairs in the order of an epoch. */
  readonly #rowsOf: (epoch: number) => Int32Array;

  constructor(model: WeightedPairParts<C>, request: OpenRequest<C, 'pairs'>) {
    this.#model = model;
    this.#request = request;
    const { engine, config, data, random } = request;
    const { sizes, rows } = data;
    const training = weightedPairSettings.parse(request.training);
    this.nRows = rows.columns.length;
    if (this.nRows === 0) throw new DeepTasteError('data', 'training: there is no interaction to learn from');
    this.#batchSize = Math.min(training.batchSize, this.nRows);
    this.stepsPerEpoch = Math.ceil(this.nRows / this.#batchSize);
    this.#users = rowNumbers(rows);
    this.#draws = random.child('examples');
    this.#rowsOf = epochOrders(this.nRows, this.#draws);
    this.declared = declaredAs(model.parameters(config, sizes));
    const { list, tensors } = this.declared;
    const weights = model.weights(data, config);
    this.#neighbours = weights.neighbours;
    const fixed = Object.entries(weights.tables).map(([name, { width, values }]) => ({
      tensor: table(name, values.length / width, width),
      values,
    }));
    this.store = new ParameterStore(engine, [...list, ...fixed.map(({ tensor }) => tensor)]);
    for (const { tensor, values } of fixed) this.store.write(tensor, values);
    initialiseParameters(this.declared, this.store, random.child('init'));
    const named = Object.fromEntries(fixed.map(({ tensor }) => [tensor.attributes.name, tensor]));
    this.#leaves = weightedPairLeaves(weights.neighbours.length / sizes.nItems, training.negatives);
    const { user, item, neighbours, negatives } = this.#leaves;
    this.plan = new StepPlan({
      engine,
      store: this.store,
      loss: model.loss({ ...tensors, ...named }, this.#leaves, config),
      trainable: list,
      fedByCaller: [user, item, ...neighbours, negatives],
      batchSize: this.#batchSize,
      totalRows: this.nRows,
      optimizer: training.optimizer,
      totalSteps: training.epochs * this.stepsPerEpoch,
      inBlocks: true,
    });
    this.#steps = stepsFedByCaller(this.plan, this.stepsPerEpoch, (epoch, step) => this.#feed(epoch, step));
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
    const { sizes, rows } = this.#request.data;
    const { user, item, neighbours, negatives } = this.#leaves;
    const first = step * this.#batchSize;
    const pairs = this.#rowsOf(epoch).subarray(first, Math.min(this.nRows, first + this.#batchSize));
    const items = pairs.map((pair) => rows.columns[pair]);
    this.plan.write(
      user,
      pairs.map((pair) => this.#users[pair]),
    );
    this.plan.write(item, items);
    neighbours.forEach((leaf, k) => {
      this.plan.write(
        leaf,
        items.map((i) => this.#neighbours[i * neighbours.length + k]),
      );
    });
    const draws = this.#draws.child(`negatives/${epoch}/${step}`);
    this.plan.write(
      negatives,
      Int32Array.from({ length: negatives.size }, () => draws.below(sizes.nItems)),
    );
  }

  scorer(): Scorer {
    const { engine, config, data } = this.#request;
    return pairScorer(engine, this.#model, config, data, this.declared.tensors, this.store);
  }

  free(): void {
    this.plan.free();
    this.store.free();
  }
}
