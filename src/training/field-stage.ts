/** One stage of training a feature model: its plan, its feed of examples, and the epochs. */
import { DeepTasteError } from '../core/errors.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Progress } from '../core/progress.ts';
import type { RandomStream } from '../core/random.ts';
import type { FieldExamples } from '../data/features/field-examples.ts';
import type { FieldLayout, FieldRows } from '../data/features/field-rows.ts';
import { sparseRows } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { ExampleFeed, type SlotSource } from '../engine/runtime/example-feed.ts';
import { nameOf, ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { EdgeSampler } from '../engine/runtime/sampler.ts';
import { type DeclaredParameters, initialiseParameters } from '../models/expression.ts';
import { bindSlots, declareFieldParameters, fieldTraining } from '../models/field-expression.ts';
import type { FieldModel } from '../models/field-model.ts';
import { type FieldRanking, fieldLogits, fieldRanking } from '../models/field-scoring.ts';
import { weightsOf } from '../models/scoring.ts';
import { joinTensors, tensorsUnder } from './checkpoint.ts';
import { type EpochLoopResult, runEpochs, type StageProgress } from './epoch-loop.ts';
import { type FieldTrainingOptions, optimizerOf } from './field-options.ts';

/** Logits (or predicted values) of rows with the present weights. */
export type FieldPredict = (examples: FieldExamples) => Float32Array;
/** A ranking of items with the present weights. */
export type FieldRank = (items: FieldRows, crosses?: FieldRows | null) => FieldRanking;
/** Validation metric of the present weights, higher is better. */
export type FieldValidate = (predict: FieldPredict, rank: FieldRank) => number;

export interface FieldStageOptions {
  readonly engine: Engine;
  readonly model: FieldModel;
  readonly config: unknown;
  readonly training: FieldTrainingOptions;
  readonly layout: FieldLayout;
  readonly examples: FieldExamples;
  readonly random: RandomStream;
  readonly progress: Progress;
  /** Start values instead of the declared ones, for some parameters or all. */
  readonly start?: NamedTensors;
  readonly validate?: FieldValidate;
  readonly onEpoch?: (progress: StageProgress, tensors: () => NamedTensors) => Promise<void>;
  readonly resume?: { readonly progress: StageProgress; readonly tensors: NamedTensors };
  /** Asks for a profile of some steps; called once, with what was found. */
  readonly onProfile?: (profile: PlanProfile) => void;
  readonly signal?: AbortSignal;
}

export async function trainFieldStage(options: FieldStageOptions): Promise<EpochLoopResult> {
  const stage = new FieldStage(options);
  try {
    return await stage.run();
  } finally {
    stage.free();
  }
}

class FieldStage {
  readonly #options: FieldStageOptions;
  readonly #declared: DeclaredParameters;
  readonly #store: ParameterStore;
  readonly #feed: ExampleFeed;
  readonly #plan: StepPlan;

  constructor(options: FieldStageOptions) {
    this.#options = options;
    const { engine, model, config, training, layout, random } = options;
    this.#declared = declareFieldParameters(model, config, layout);
    const kind = training.task === 'regression' ? 'squared' : 'log';
    const made = fieldTraining(model, this.#declared, config, layout, kind, random.child('noise'));
    const { loss, label, inputs, assignments } = made;
    const sources = bindSlots(loss, inputs, options.examples, layout).map(
      ({ by, rows, leaves }): SlotSource => ({ by, index: rows.index, value: rows.value, leaves }),
    );
    checkTask(options, inputs.leaves.cross !== null && sources.some(({ leaves }) => leaves === inputs.leaves.cross));
    this.#feed = exampleFeed(options, sources, label);
    this.#store = new ParameterStore(engine, this.#declared.list);
    const batchSize = Math.min(training.batchSize, this.#feed.rows);
    this.#plan = new StepPlan({
      engine,
      store: this.#store,
      loss,
      feed: this.#feed.feed,
      batchSize,
      totalRows: this.#feed.rows,
      optimizer: training.optimizer,
      optimizers: (parameter) => {
        const about = { name: nameOf(parameter), isTable: parameter.op.storage === 'table' };
        return optimizerOf(model, config, training, about);
      },
      assignments,
      totalSteps: training.epochs * Math.ceil(this.#feed.rows / batchSize),
    });
    initialiseParameters(this.#declared, this.#store, random.child('init'));
    this.#load(options.start ?? new Map());
    if (options.resume) this.#restore(options.resume.tensors);
  }

  #load(weights: NamedTensors): void {
    for (const [name, { data }] of weights) this.#store.write(this.#store.named(name), data);
  }

  #restore(tensors: NamedTensors): void {
    this.#load(tensorsUnder(tensors, 'weights'));
    const state = tensorsUnder(tensors, 'state');
    this.#plan.state.write(new Map([...state].map(([name, { data }]) => [name, data as Float32Array])));
  }

  run(): Promise<EpochLoopResult> {
    const { engine, model, config, layout, training, progress, validate } = this.#options;
    const { onEpoch, resume, onProfile, signal } = this.#options;
    const predict: FieldPredict = (examples) =>
      fieldLogits(engine, model, config, layout, this.#declared, this.#store, examples);
    const rank: FieldRank = (items, crosses) =>
      fieldRanking(engine, model, config, layout, this.#declared, this.#store, items, crosses);
    const best = resume ? tensorsUnder(resume.tensors, 'best') : null;
    return runEpochs({
      name: model.name,
      title: model.title,
      plan: this.#plan,
      rows: this.#feed.rows,
      training,
      progress,
      weights: () => weightsOf(this.#declared, this.#store),
      validate: validate && (() => validate(predict, rank)),
      onEpoch: onEpoch && ((state, kept) => onEpoch(state, () => this.#tensors(kept))),
      resume: resume && { progress: resume.progress, best: best && best.size > 0 ? best : null },
      onProfile,
      signal,
    });
  }

  #tensors(best: NamedTensors | null): NamedTensors {
    const state = new Map(this.#plan.state.read().map(({ name, shape, data }) => [name, { shape, data }]));
    return joinTensors({ weights: weightsOf(this.#declared, this.#store), state, best });
  }

  free(): void {
    this.#plan.free();
    this.#feed.free();
    this.#store.free();
  }
}

/** @throws 'config' or 'data' when labels or crosses do not fit the task */
function checkTask({ training, examples, layout }: FieldStageOptions, readsCrosses: boolean): void {
  const { label, nRows } = examples;
  const ofPairs = layout.crosses.find(({ mixesItem }) => mixesItem);
  if (training.task === 'ranking' && readsCrosses && ofPairs)
    throw new DeepTasteError(
      'config',
      `training: task "ranking" draws other items for an example, for which cross ${ofPairs.name} is not known; ` +
        'leave crosses of item fields with others out',
    );
  if (label.length !== nRows)
    throw new DeepTasteError('shape', `training: ${nRows} examples need as many labels, got ${label.length}`);
  const fits = training.task === 'click' ? (y: number) => y === 0 || y === 1 : Number.isFinite;
  const wrong = training.task === 'ranking' ? -1 : label.findIndex((y) => !fits(y));
  if (wrong >= 0)
    throw new DeepTasteError(
      'data',
      `training: the labels of task "${training.task}" must be ${training.task === 'click' ? '0 or 1' : 'finite numbers'}, ` +
        `found ${label[wrong]} in example ${wrong + 1}`,
    );
}

function exampleFeed(options: FieldStageOptions, sources: readonly SlotSource[], label: Tensor) {
  const { engine, examples, training, random } = options;
  const { nRows, user, item } = examples;
  const sampler = training.task === 'ranking' ? drawnItems(options) : null;
  const key = random.child('examples').key;
  const labels = sampler ? null : examples.label;
  return new ExampleFeed(engine, { nRows, users: user, items: item, labels, sampler, key }, sources, label);
}

/** Items drawn for each example; with rejection, none that the user has in any example. */
function drawnItems({ examples, training, random }: FieldStageOptions): EdgeSampler {
  const { user, item, items } = examples;
  if (!user || !item || !items)
    throw new DeepTasteError(
      'config',
      'training: task "ranking" needs a user and an item for each example, and item fields',
    );
  const nUsers = user.reduce((n, u) => Math.max(n, u + 1), 0);
  const { rowStart, columns } = sparseRows(nUsers, user, item, true);
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
