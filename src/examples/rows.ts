/**
 * Examples of labelled rows: a training row is a row of fields with its label, a click (log loss of the logit) or a value (squared
 * error); or, where the task is to rank, a taken row against the same row with drawn items.
 */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { optionMeta } from '../core/option-metas.ts';
import { parseOptions } from '../core/options.ts';
import { RandomStream } from '../core/random.ts';
import type { FieldRows } from '../data/features/field-rows.ts';
import { sparseRows, unitedRows } from '../data/sparse-rows.ts';
import { type OptimizerOptions, optimizerOptions } from '../engine/optimizers/optimizer.ts';
import { stepBytes } from '../engine/plan/step-memory.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import { ExampleFeed, type SlotSource } from '../engine/runtime/example-feed.ts';
import { nameOf, ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { EdgeSampler } from '../engine/runtime/sampler.ts';
import { initialiseParameters } from '../layers/declared-parameters.ts';
import { bindSlots, declareFieldParameters, fieldTraining, type RowScoring } from '../scoring/row-expression.ts';
import { rowPredictor, trainedRowPredictor } from '../scoring/row-scorer.ts';
import type { LabelledRows } from './forms.ts';
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
import { type OpenExamples, stepsOfPlan } from './open-examples.ts';
import { pairSettings } from './pairs.ts';
import { stoppingSettings } from './stopping.ts';

const { negatives, popularityExponent, rejectTaken } = pairSettings.shape;
/** Settings that are about drawn items. */
const drawing = {
  negatives: negatives.meta({ ...optionMeta(negatives), when: { task: ['ranking'] } }),
  negativeSampler: z
    .enum(['uniform', 'popularity'])
    .default('uniform')
    .meta({ doc: 'how negatives are drawn; popularity: ∝ (interactions of the item)^popularityExponent' }),
  popularityExponent,
  rejectTaken,
};

export const rowSettings = z.strictObject({
  epochs: pairSettings.shape.epochs,
  batchSize: z
    .int()
    .min(1)
    .max(1_048_576)
    .default(4096)
    .meta({
      doc: 'examples a step (drawn items included)',
      search: [1024, 4096, 10_000],
    }),
  ...drawing,
  ...stoppingSettings({ patience: 2, minGain: 0.0001, plateauFactor: 0.1 }),
  optimizer: pairSettings.shape.optimizer,
  task: z.enum(['click', 'regression', 'ranking']).default('click').meta({
    doc: 'click: log loss on given labels 0 and 1; regression: squared error; ranking: log loss, every example against drawn items',
  }),
  embeddingL2: z
    .number()
    .min(0)
    .default(0)
    .meta({ doc: 'weight of ½‖V‖² of tables in the loss, instead of optimizer.l2', search: [0, 1e-5, 1e-3, 0.05] }),
  embeddingL2Scope: z.enum(['touched', 'all']).default('all').meta({
    doc: 'all: whole tables in every step, as the leaderboards do; touched: the rows that a batch reads, for very large tables',
  }),
});

export type RowSettings = z.output<typeof rowSettings>;

export const rows: Examples = {
  name: 'rows',
  title: 'rows of fields with a label each, or with drawn items',
  unit: 'examples',
  settings: rowSettings,
  checkSettings: (settings, given) => {
    const { task } = rowSettings.parse(settings);
    const idle = Object.keys(drawing).find((key) => key in given);
    if (task !== 'ranking' && idle)
      throw new DeepTasteError(
        'config',
        `training settings: "${idle}" is about drawn items and needs task "ranking", found "${task}"`,
      );
  },
};

/** What a model declares that is trained on labelled rows. */
export interface RowParts<C> extends RowScoring<C>, Pick<Gradients<C, 'rows'>, 'pretraining' | 'fuse'> {
  readonly trainingDefaults: TrainingDefaults;
  /** Settings of the optimizer that differ for some parameters, by name; null = those of the run. */
  optimizer?(config: C, parameter: string): Readonly<Record<string, unknown>> | null;
}

export type RowModel<C = unknown> = Model<C, 'rows'> & RowParts<C> & { readonly learn: Gradients<C, 'rows'> };

/** Declares a model over fields that is trained on labelled rows; infers the type of its options. */
export function rowModel<C>(declared: ModelHead<C> & RowParts<C>): RowModel<C> {
  const { trainingDefaults, pretraining, fuse } = declared;
  return {
    ...declared,
    form: 'rows',
    tasks: ['click', 'rating', 'ranking'],
    streams: '',
    learn: {
      by: 'gradients',
      examples: rows,
      defaults: trainingDefaults,
      open: (request) => openRows(declared, request),
      memory: (request) => rowMemory(declared, request),
      pretraining,
      fuse,
    },
    scorerOf: (engine, { config, weights, about }) =>
      trainedRowPredictor(engine(), declared, config, about.layout, weights),
  };
}

export function isRowModel(model: AnyModel): model is RowModel {
  return model.learn.by === 'gradients' && model.learn.examples === rows;
}

/** The optimizer of one parameter: the model's own for it, or the run's with the regularization of tables. */
export function optimizerOf<C>(
  model: RowParts<C>,
  config: C,
  training: RowSettings,
  parameter: { readonly name: string; readonly isTable: boolean },
): OptimizerOptions {
  const { optimizer, embeddingL2, embeddingL2Scope } = training;
  const own = model.optimizer?.(config, parameter.name);
  const { clipNorm, clipValue } = optimizer;
  if (own) return parseOptions(optimizerOptions, { clipNorm, clipValue, ...own }, `optimizer of "${parameter.name}"`);
  if (!parameter.isTable || embeddingL2 === 0) return optimizer;
  const dense = optimizer.dense || embeddingL2Scope === 'all';
  return { ...optimizer, l2: embeddingL2, l2Scope: embeddingL2Scope, dense };
}

/** Rows of a prediction that are gathered at a time, as in the scorer. */
const GATHERED_ROWS = 65_536;

function rowMemory<C>(model: RowParts<C>, request: MemoryRequest<C, 'rows'>): MemoryEstimate {
  const { engine, config, data } = request;
  const { layout, examples } = data;
  const training = rowSettings.parse(request.training);
  const declared = declareFieldParameters(model, config, layout);
  const kind = training.task === 'regression' ? 'squared' : 'log';
  const { loss, inputs } = fieldTraining(model, declared, config, layout, kind, new RandomStream(0, 'memory'));
  const sources = bindSlots(loss, inputs, examples, layout);
  const slots = sources.reduce((sum, { rows: bound }) => sum + bound.slots * (bound.value ? 8 : 4), 0);
  const isDrawn = training.task === 'ranking';
  const ofTables = sources.filter(({ by }) => by !== 'example').map(({ rows: bound }) => bound);
  const ofExamples = sources.filter(({ by }) => by === 'example').map(({ rows: bound }) => bound);
  const bytesOf = (bound: FieldRows) => bound.slots * (bound.value ? 8 : 4);
  const nRows = examples.nRows * (isDrawn ? training.negatives + 1 : 1);
  const ranked = isDrawn ? (examples.items?.nRows ?? 0) : 0;
  return trainingMemory({
    declarations: declared.declarations,
    optimizer: training.optimizer.name,
    examples: {
      count: examples.nRows,
      unit: 'rows',
      // user, item and label of each; pairs again for the rejection of drawn items
      bytesEach: 12 + ofExamples.reduce((sum, bound) => sum + bytesOf(bound), 0) + (isDrawn ? 8 : 0),
      bytes: ofTables.reduce((sum, bound) => sum + bound.nRows * bytesOf(bound), 0),
      outside: Math.min(nRows, GATHERED_ROWS) * slots,
    },
    step: stepBytes({ engine, loss, batchSize: Math.min(training.batchSize, Math.max(1, nRows)) }),
    // a prediction gathers its rows in the engine's memory too; a ranking holds scores of a block of users
    ranking: {
      tables: 0,
      bytes: PREDICTED_ROWS * slots + rankingBytes('pair', { nUsers: 0, nItems: ranked }, 0, engine),
      bytesEach: 0,
    },
  });
}

/** Rows that a plan without steps computes at a time. */
const PREDICTED_ROWS = 8192;

function openRows<C>(model: RowParts<C>, request: OpenRequest<C, 'rows'>): OpenExamples<'rows'> {
  const { engine, config, data, random } = request;
  const { layout, examples } = data;
  const training = rowSettings.parse(request.training);
  const declared = declareFieldParameters(model, config, layout);
  const kind = training.task === 'regression' ? 'squared' : 'log';
  const made = fieldTraining(model, declared, config, layout, kind, random.child('noise'));
  const { loss, label, inputs, assignments } = made;
  const sources = bindSlots(loss, inputs, examples, layout).map(
    ({ by, rows: bound, leaves }): SlotSource => ({ by, index: bound.index, value: bound.value, leaves }),
  );
  checkTask(
    training,
    data,
    inputs.leaves.cross !== null && sources.some(({ leaves }) => leaves === inputs.leaves.cross),
  );
  const sampler = training.task === 'ranking' ? drawnItems(data, training, random) : null;
  const feed = new ExampleFeed(
    engine,
    {
      nRows: examples.nRows,
      users: examples.user,
      items: examples.item,
      labels: sampler ? null : examples.label,
      sampler,
      key: random.child('examples').key,
    },
    sources,
    label,
  );
  const store = new ParameterStore(engine, declared.list);
  const batchSize = Math.min(training.batchSize, feed.rows);
  const plan = new StepPlan({
    engine,
    store,
    loss,
    feed: feed.feed,
    batchSize,
    totalRows: feed.rows,
    optimizer: training.optimizer,
    optimizers: (parameter) => {
      const about = { name: nameOf(parameter), isTable: parameter.op.storage === 'table' };
      return optimizerOf(model, config, training, about);
    },
    assignments,
    totalSteps: training.epochs * Math.ceil(feed.rows / batchSize),
  });
  initialiseParameters(declared, store, random.child('init'));
  return {
    ...stepsOfPlan(plan),
    declared,
    store,
    nRows: feed.rows,
    notes: [],
    scorer: () => rowPredictor(engine, model, config, layout, declared, store),
    free: () => {
      plan.free();
      feed.free();
      store.free();
    },
  };
}

/** @throws 'config' or 'data' when labels or crosses do not fit the task */
function checkTask({ task }: RowSettings, { examples, layout }: LabelledRows, readsCrosses: boolean): void {
  const { label, nRows } = examples;
  const ofPairs = layout.crosses.find(({ mixesItem }) => mixesItem);
  if (task === 'ranking' && readsCrosses && ofPairs)
    throw new DeepTasteError(
      'config',
      `training: task "ranking" draws other items for an example, for which cross ${ofPairs.name} is not known; ` +
        'leave crosses of item fields with others out',
    );
  if (label.length !== nRows)
    throw new DeepTasteError('shape', `training: ${nRows} examples need as many labels, got ${label.length}`);
  const fits = task === 'click' ? (y: number) => y === 0 || y === 1 : Number.isFinite;
  const wrong = task === 'ranking' ? -1 : label.findIndex((y) => !fits(y));
  if (wrong >= 0)
    throw new DeepTasteError(
      'data',
      `training: the labels of task "${task}" must be ${task === 'click' ? '0 or 1' : 'finite numbers'}, ` +
        `found ${label[wrong]} in example ${wrong + 1}`,
    );
}

/** Items drawn for each example; with rejection, none that the user has in any example, or in a training before. */
function drawnItems({ examples, former }: LabelledRows, training: RowSettings, random: RandomStream): EdgeSampler {
  const { user, item, items } = examples;
  if (!user || !item || !items)
    throw new DeepTasteError(
      'config',
      'training: task "ranking" needs a user and an item for each example, and item fields',
    );
  const nUsers = former?.nRows ?? user.reduce((n, u) => Math.max(n, u + 1), 0);
  const own = sparseRows(nUsers, user, item, true);
  const { rowStart, columns } = former ? unitedRows(own, former) : own;
  return {
    users: user,
    items: item,
    nUsers,
    nItems: items.nRows,
    rowStart,
    columns,
    negatives: training.negatives,
    reject: training.rejectTaken,
    popularityExponent: training.negativeSampler === 'popularity' ? training.popularityExponent : 0,
    key: random.child('negatives').key,
  };
}
