/** Opens a training on labelled rows: parameters, feed and plan, of one level or of two. */
import { DeepTasteError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import type { RandomStream } from '../core/random.ts';
import type { FieldExamples } from '../data/features/field-examples.ts';
import { sparseRows, unitedRows } from '../data/sparse-rows.ts';
import { type OptimizerOptions, optimizerOptions } from '../engine/optimizers/optimizer.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import { ExampleFeed, type SlotSource } from '../engine/runtime/example-feed.ts';
import { nameOf, ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { EdgeSampler } from '../engine/runtime/sampler.ts';
import { type DeclaredParameters, initialiseParameters } from '../layers/declared-parameters.ts';
import type { ParameterDeclaration } from '../layers/parameters.ts';
import { bindSlots, declareFieldParameters, fieldTraining } from '../scoring/row-expression.ts';
import { rowPredictor } from '../scoring/row-scorer.ts';
import { bilevelSteps, splitRows } from './bilevel.ts';
import type { LabelledRows } from './forms.ts';
import type { OpenRequest } from './model.ts';
import { type OpenExamples, stepsOfPlan } from './open-examples.ts';
import { optimizerOf, type RowParts, type RowSettings, rowSettings } from './row-settings.ts';

export function openRows<C>(model: RowParts<C>, request: OpenRequest<C, 'rows'>): OpenExamples<'rows'> {
  const { engine, config, data, random } = request;
  const { layout, examples } = data;
  const training = rowSettings.parse(request.training);
  const declared = declareFieldParameters(model, config, layout);
  const store = new ParameterStore(engine, declared.list);
  checkLabels(training, data);
  const upper = model.upper?.(config, layout, random.child('upper noise')) ?? null;
  const common = { model, request, training, declared, store };
  const open: OpenLevel[] = [];
  const steps = ((): Omit<OpenExamples<'rows'>, 'declared' | 'store' | 'notes' | 'scorer' | 'free'> => {
    const isTrained = ({ name, kept }: ParameterDeclaration) => !kept && !upper?.parameters.includes(name);
    if (!upper) {
      const only = openLevel({ ...common, examples, isTrained, random });
      open.push(only);
      return { ...stepsOfPlan(only.plan), nRows: only.nRows };
    }
    const split = splitRows(examples, upper.share, random.child('upper rows'));
    const lower = openLevel({ ...common, examples: split.lower, isTrained, random });
    const above = openLevel({
      ...common,
      examples: split.upper,
      isTrained: ({ name }) => upper.parameters.includes(name),
      random: random.child('upper'),
      optimizer: parseOptions(optimizerOptions, upper.optimizer, 'optimizer of the upper level'),
    });
    open.push(lower, above);
    const write = (values: Readonly<Record<string, Float32Array>>) => {
      for (const [name, array] of Object.entries(values)) store.write(declared.tensors[name], array);
    };
    return { ...bilevelSteps(lower.plan, above.plan, upper, write), nRows: lower.nRows };
  })();
  initialiseParameters(declared, store, random.child('init'));
  return {
    ...steps,
    declared,
    store,
    notes: [],
    scorer: () => rowPredictor(engine, model, config, layout, declared, store),
    free: () => {
      for (const { plan, feed } of open) {
        plan.free();
        feed.free();
      }
      store.free();
    },
  };
}

interface LevelRequest<C> {
  readonly model: RowParts<C>;
  readonly request: OpenRequest<C, 'rows'>;
  readonly training: RowSettings;
  readonly declared: DeclaredParameters;
  readonly store: ParameterStore;
  /** The rows that this level learns from. */
  readonly examples: FieldExamples;
  readonly isTrained: (parameter: ParameterDeclaration) => boolean;
  readonly random: RandomStream;
  /** Of all its parameters; absent = the optimizer of the run, or the model's own. */
  readonly optimizer?: OptimizerOptions;
}

interface OpenLevel {
  readonly plan: StepPlan;
  readonly feed: ExampleFeed;
  readonly nRows: number;
}

/** The plan of steps by which some parameters learn from some rows. */
function openLevel<C>(level: LevelRequest<C>): OpenLevel {
  const { model, request, training, declared, store, examples, isTrained, random } = level;
  const { engine, config, data } = request;
  const { layout } = data;
  const kind = training.task === 'regression' ? 'squared' : 'log';
  const made = fieldTraining(model, declared, config, layout, kind, random.child('noise'));
  const { loss, label, inputs } = made;
  const sources = bindSlots(loss, inputs, examples, layout).map(
    ({ by, rows: bound, leaves }): SlotSource => ({ by, index: bound.index, value: bound.value, leaves }),
  );
  checkCrosses(
    training,
    data,
    inputs.leaves.cross !== null && sources.some(({ leaves }) => leaves === inputs.leaves.cross),
  );
  const sampler = training.task === 'ranking' ? drawnItems(data, examples, training, random) : null;
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
  const batchSize = Math.min(training.batchSize, feed.rows);
  const plan = new StepPlan({
    engine,
    store,
    loss,
    feed: feed.feed,
    batchSize,
    totalRows: feed.rows,
    trainable: declared.list.filter((_, n) => isTrained(declared.declarations[n])),
    optimizer: level.optimizer ?? training.optimizer,
    optimizers: (parameter) => {
      if (level.optimizer) return level.optimizer;
      const about = { name: nameOf(parameter), isTable: parameter.op.storage === 'table' };
      return optimizerOf(model, config, training, about);
    },
    // an upper level leaves statistics as they are
    assignments: level.optimizer ? [] : made.assignments,
    totalSteps: training.epochs * Math.ceil(feed.rows / batchSize),
  });
  return { plan, feed, nRows: feed.rows };
}

/** @throws 'config' when crosses do not fit the task */
function checkCrosses({ task }: RowSettings, { layout }: LabelledRows, readsCrosses: boolean): void {
  const ofPairs = layout.crosses.find(({ mixesItem }) => mixesItem);
  if (task === 'ranking' && readsCrosses && ofPairs)
    throw new DeepTasteError(
      'config',
      `training: task "ranking" draws other items for an example, for which cross ${ofPairs.name} is not known; ` +
        'leave crosses of item fields with others out',
    );
}

/** @throws 'shape' or 'data' when labels do not fit the task */
function checkLabels({ task }: RowSettings, { examples }: LabelledRows): void {
  const { label, nRows } = examples;
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
function drawnItems(
  { examples: all, former }: LabelledRows,
  { user, item, items }: FieldExamples,
  training: RowSettings,
  random: RandomStream,
): EdgeSampler {
  if (!user || !item || !items)
    throw new DeepTasteError(
      'config',
      'training: task "ranking" needs a user and an item for each example, and item fields',
    );
  const [users, taken] = [all.user ?? user, all.item ?? item];
  const nUsers = former?.nRows ?? users.reduce((n, u) => Math.max(n, u + 1), 0);
  const own = sparseRows(nUsers, users, taken, true);
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
