/**
 * Examples of windows: the last events of sequences at once, the next event to be predicted at every position. A row of the batch
 * is a position; sequences share windows of rows (see engine/ops/attention.ts).
 */
import { z } from 'zod';
import { RandomStream } from '../core/random.ts';
import { AttentionBatches } from '../data/sequences/attention-batches.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import type { Tensor } from '../engine/expression.ts';
import { indexInput, input, listInput, multiply, table } from '../engine/ops/index.ts';
import { optimizerOptions } from '../engine/optimizers/optimizer.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import { stepBytes } from '../engine/plan/step-memory.ts';
import { StepPlan, type StepResult } from '../engine/plan/step-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { type DeclaredParameters, declaredAs, initialiseParameters } from '../layers/declared-parameters.ts';
import { trainingPass } from '../layers/forward-pass.ts';
import type { Parameters } from '../layers/parameters.ts';
import {
  AttentionScorer,
  type AttentionScoring,
  attentionScorerBytes,
  trainedAttentionScorer,
  windowRows,
} from '../scoring/attention-scorer.ts';
import type { SequenceScorer } from '../scoring/sequence-scorer.ts';
import { batchSettings } from './batch-settings.ts';
import { type MemoryEstimate, trainingMemory } from './memory-estimate.ts';
import type { Examples, Gradients, MemoryRequest, Model, ModelHead, TrainingDefaults } from './model.ts';
import type { OpenExamples } from './open-examples.ts';
import { SharedNegatives } from './shared-negatives.ts';
import { skippedNote } from './skipped-sequences.ts';
import { stoppingSettings } from './stopping.ts';

/** The names are those of the other kinds where both have them. */
export const windowSettings = z.strictObject({
  ...batchSettings({
    epochs: [200, 'passes over the training sequences, at most'],
    batchSize: [128, 'sequences a step'],
    largestBatch: 65_536,
    search: [64, 128, 256],
  }),
  optimizer: optimizerOptions
    .extend({ beta2: z.number().min(0).lt(1).default(0.98).meta({ doc: 'decay of the mean square (Adam, RMSprop)' }) })
    .prefault({})
    .meta({ doc: 'how weights are updated' }),
  ...stoppingSettings({}),
});

export type WindowSettings = z.output<typeof windowSettings>;

export const windows: Examples = {
  name: 'windows',
  title: 'the last events of a sequence at once, the next event at every position',
  unit: 'events',
  settings: windowSettings,
};

/** What a training step reads besides positions. */
export interface TargetLeaves {
  /** Index [B, 1 + negatives]: the next item, then items outside the sequence. */
  readonly candidates: Tensor;
  /** List of items that the whole step shares as negatives; null for models without. */
  readonly shared: Tensor | null;
  /** ln(weight) by which each item is drawn into `shared`, a table [nItems, 1] that is not trained. */
  readonly logWeight: Tensor;
}

/** What a model declares that is trained on windows. */
export interface WindowParts<C> extends AttentionScoring<C> {
  readonly trainingDefaults: TrainingDefaults;
  /** Negatives of each position, drawn uniformly outside the sequence; and of the step, drawn ∝ support^exponent. */
  negatives(config: C): { readonly perPosition: number; readonly shared: number; readonly exponent: number };
  /** Loss of each position [B, 1], from its representation. */
  loss(
    parameters: Parameters,
    represented: Tensor,
    targets: TargetLeaves,
    config: C,
    sizes: { readonly nItems: number },
  ): Tensor;
}

export type WindowModel<C = unknown> = Model<C, 'sequences'> &
  WindowParts<C> & { readonly learn: Gradients<C, 'sequences'> };

/** Declares a model that looks at the last events all at once and is trained at every position; infers the type of its options. */
export function windowModel<C>(declared: ModelHead<C> & WindowParts<C>): WindowModel<C> {
  return {
    ...declared,
    form: 'sequences',
    tasks: ['next-item', 'ranking'],
    streams: 'models/',
    learn: {
      by: 'gradients',
      examples: windows,
      defaults: declared.trainingDefaults,
      open: ({ engine, config, training, data, random }) =>
        new OpenWindows({
          engine,
          model: declared,
          config,
          training: windowSettings.parse(training),
          sequences: data,
          random,
        }),
      memory: (request) => windowMemory(declared, request),
    },
    scorerOf: (engine, { config, weights, about }) =>
      trainedAttentionScorer(engine(), declared, config, about.nItems, weights),
  };
}

export interface OpenWindowsOptions {
  readonly engine: Engine;
  readonly model: WindowParts<unknown>;
  readonly config: unknown;
  readonly training: WindowSettings;
  readonly sequences: Sequences;
  readonly random: RandomStream;
}

/** The leaves of a step, those that the batches fill by the names of their arrays. */
interface Leaves {
  readonly rows: Readonly<Record<'item' | 'position' | 'back' | 'candidates', Tensor>>;
  /** What the loss of a row counts for. */
  readonly weight: Tensor;
  readonly list: Tensor | null;
}

/** The leaves of a step, and its loss: that of each row times what the row counts for. */
function windowStep(
  model: WindowParts<unknown>,
  declared: DeclaredParameters,
  { config, nItems, nShared }: { readonly config: unknown; readonly nItems: number; readonly nShared: number | null },
  random: RandomStream,
): { readonly leaves: Leaves; readonly logWeight: Tensor; readonly loss: Tensor } {
  const { perPosition } = model.negatives(config);
  const [item, position, back] = ['item', 'position', 'back'].map((name) => indexInput(name));
  const rows = { item, position, back, candidates: indexInput('candidates', 1 + perPosition) };
  const list = nShared === null ? null : listInput('shared negatives', nShared);
  const leaves: Leaves = { rows, weight: input('weight', [1]), list };
  const logWeight = table('ln weight', nItems, 1);
  const positions = { ...rows, window: windowRows(model.maxLength(config)) };
  const h = model.represent(declared.tensors, positions, config, trainingPass(random));
  const targets = { candidates: rows.candidates, shared: list, logWeight };
  const loss = multiply(model.loss(declared.tensors, h, targets, config, { nItems }), leaves.weight);
  return { leaves, logWeight, loss };
}

function windowMemory(model: WindowParts<unknown>, request: MemoryRequest<unknown, 'sequences'>): MemoryEstimate {
  const { engine, config, data } = request;
  const { nItems, start } = data;
  const training = windowSettings.parse(request.training);
  const declared = declaredAs(model.parameters(config, { nItems }));
  const { perPosition, shared } = model.negatives(config);
  const nShared = perPosition === 0 ? shared || nItems : null;
  const maxLength = model.maxLength(config);
  const perWindow = Math.floor(windowRows(maxLength) / maxLength);
  const nSequences = start.length - 1;
  const batchSize =
    Math.ceil(Math.min(training.batchSize, Math.max(1, nSequences)) / perWindow) * windowRows(maxLength);
  const { loss } = windowStep(model, declared, { config, nItems, nShared }, new RandomStream(0, 'memory'));
  return trainingMemory({
    declarations: declared.declarations,
    optimizer: training.optimizer.name,
    // by what shared negatives are weighed; outside, the rows of a step, the order of the sequences, and who drew an item
    examples: {
      count: nSequences,
      unit: 'sequences',
      bytesEach: 0,
      bytes: nShared === null ? 0 : 4 * nItems,
      outside: 4 * batchSize * (5 + perPosition) + 8 * nSequences + (nShared === null ? 4 : 28) * nItems,
    },
    step: stepBytes({ engine, loss, batchSize, trainable: declared.list }),
    ranking: {
      tables: 0,
      bytes: attentionScorerBytes(model, config, nItems),
      bytesEach: 0,
    },
  });
}

export class OpenWindows implements OpenExamples<'sequences'> {
  readonly declared: DeclaredParameters;
  readonly store: ParameterStore;
  readonly plan: StepPlan;
  readonly nRows: number;
  readonly stepsPerEpoch: number;
  readonly notes: readonly string[];
  readonly #options: OpenWindowsOptions;
  readonly #batches: AttentionBatches;
  readonly #shared: SharedNegatives | null;
  readonly #leaves: Leaves;
  /** Address of the number of rows of the step that runs next. */
  readonly #stepRows: number;

  constructor(options: OpenWindowsOptions) {
    this.#options = options;
    const { engine, model, config, training, sequences, random } = options;
    const { nItems } = sequences;
    const { perPosition } = model.negatives(config);
    this.#batches = this.#makeBatches(perPosition);
    this.nRows = this.#batches.nRows;
    this.stepsPerEpoch = this.#batches.stepsPerEpoch;
    this.notes = skippedNote(this.#batches.nSkipped);
    this.#shared =
      perPosition === 0 ? new SharedNegatives(sequences, model.negatives(config), random.child('shared')) : null;
    this.declared = declaredAs(model.parameters(config, { nItems }));
    const nShared = this.#shared?.size ?? null;
    const step = windowStep(model, this.declared, { config, nItems, nShared }, random.child('dropout'));
    const { logWeight, loss } = step;
    this.store = new ParameterStore(engine, [...this.declared.list, ...(this.#shared ? [logWeight] : [])]);
    initialiseParameters(this.declared, this.store, random.child('init'));
    if (this.#shared) this.store.write(logWeight, this.#shared.logWeight);
    this.#leaves = step.leaves;
    const { rows, weight, list } = step.leaves;
    this.#stepRows = engine.allocate(4);
    this.plan = new StepPlan({
      engine,
      store: this.store,
      loss,
      trainable: this.declared.list,
      fedByCaller: [...Object.values(rows), weight, ...(list ? [list] : [])],
      batchSize: this.#batches.capacity,
      totalRows: this.#batches.capacity,
      optimizer: training.optimizer,
      totalSteps: training.epochs * this.stepsPerEpoch,
      unequalSteps: { stepRows: this.#stepRows, stepsPerEpoch: this.stepsPerEpoch },
    });
  }

  #makeBatches(negatives: number): AttentionBatches {
    const { model, config, training, sequences, random } = this.#options;
    const maxLength = model.maxLength(config);
    return new AttentionBatches(sequences, {
      batchSize: training.batchSize,
      maxLength,
      window: windowRows(maxLength),
      negatives,
      positionsFrom: model.positionsFrom(config),
      random: random.child('batches'),
    });
  }

  run(epoch: number, first: number, count: number): StepResult {
    const steps = Math.min(count, this.stepsPerEpoch - first);
    let lossSum = 0;
    for (let step = first; step < first + steps; step++) lossSum += this.#runStep(epoch, step);
    return { steps, lossSum };
  }

  /** Of one step: what a step learns from is written before it. */
  profile(epoch: number, first: number): { readonly result: StepResult; readonly profile: PlanProfile } {
    const share = this.#feed(epoch, first);
    const { result, profile } = this.plan.profile(epoch, first, 1);
    return { result: { ...result, lossSum: result.lossSum / share }, profile };
  }

  #runStep(epoch: number, step: number): number {
    const share = this.#feed(epoch, step);
    return this.plan.run(epoch, step, 1).lossSum / share;
  }

  /** Writes what a step learns from; how many times its loss is that of the step's events. */
  #feed(epoch: number, step: number): number {
    const { rows, capacity } = this.#batches;
    const { nRows, nEvents } = this.#batches.fill(epoch, step);
    for (const [name, leaf] of Object.entries(this.#leaves.rows))
      this.plan.write(leaf, rows[name as keyof Leaves['rows']].subarray(0, nRows * leaf.size));
    // the plan divides by the rows of a full batch, the loss is the mean over the step's events
    const share = capacity / nEvents;
    this.plan.write(
      this.#leaves.weight,
      rows.weight.subarray(0, nRows).map((weight) => weight * share),
    );
    if (this.#shared && this.#leaves.list) this.plan.write(this.#leaves.list, this.#shared.draw(epoch, step));
    this.#options.engine.i32(this.#stepRows, 1)[0] = nRows;
    return share;
  }

  /** What a step holds depends on its number alone. */
  skipTo(): void {}

  scorer(): SequenceScorer {
    const { engine, model, config, sequences } = this.#options;
    return new AttentionScorer(engine, model, config, sequences.nItems, this.declared, this.store);
  }

  free(): void {
    this.plan.free();
    this.#options.engine.free(this.#stepRows);
    this.store.free();
  }
}
