/**
 * Examples of sessions: sequences run side by side, an event a step, and every event is to be predicted from those before it. What
 * a model carries from event to event goes on from step to step.
 */
import { z } from 'zod';
import { RandomStream } from '../core/random.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import { SessionBatches } from '../data/sequences/session-batches.ts';
import type { Tensor } from '../engine/expression.ts';
import { carried, indexInput, listInput, table } from '../engine/ops/index.ts';
import { optimizerOptions } from '../engine/optimizers/optimizer.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import { stepBytes } from '../engine/plan/step-memory.ts';
import { StepPlan, type StepResult } from '../engine/plan/step-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { SessionFeed } from '../engine/runtime/session-feed.ts';
import { type DeclaredParameters, declaredAs, initialiseParameters } from '../layers/declared-parameters.ts';
import type { Parameters } from '../layers/parameters.ts';
import {
  RecurrentScorer,
  type RecurrentScoring,
  scorerBytes,
  trainedRecurrentScorer,
} from '../scoring/recurrent-scorer.ts';
import { batchSettings } from './batch-settings.ts';
import { type MemoryEstimate, trainingMemory } from './memory-estimate.ts';
import type { Examples, Gradients, MemoryRequest, Model, ModelHead, TrainingDefaults } from './model.ts';
import type { OpenExamples } from './open-examples.ts';
import { sampleWeights, supportOf } from './shared-negatives.ts';
import { skippedNote } from './skipped-sequences.ts';
import { stoppingSettings } from './stopping.ts';

/** The names are those of the other kinds where both have them. */
export const sessionSettings = z.strictObject({
  ...batchSettings({
    epochs: [10, 'passes over the training sequences, at most'],
    batchSize: [32, 'B, sequences that a step runs through side by side'],
    largestBatch: 65_536,
    search: [32, 64, 128, 240],
  }),
  optimizer: optimizerOptions
    .extend({
      name: optimizerOptions.shape.name.unwrap().default('adagrad').meta({
        doc: 'update rule; adagrad-momentum: v = beta1 v − step of Adagrad, w += v',
      }),
      learningRate: z
        .number()
        .positive()
        .default(0.1)
        .meta({ doc: 'η, the step size', search: [0.05, 0.1, 0.2] }),
      epsilon: z.number().min(0).default(1e-6).meta({ doc: 'added under the division' }),
    })
    .prefault({})
    .meta({ doc: 'how weights are updated' }),
  ...stoppingSettings({}),
});

export type SessionSettings = z.output<typeof sessionSettings>;

export const sessions: Examples = {
  name: 'sessions',
  title: 'sequences side by side, every next event from the state after the one before',
  unit: 'events',
  settings: sessionSettings,
  renamed: {
    learningRate: 'optimizer.learningRate',
    momentum: 'optimizer.beta1, with optimizer.name adagrad-momentum',
  },
};

/** What a training step reads besides parameters. */
export interface StepLeaves {
  /** Item of the input event of each row, an index. */
  readonly item: Tensor;
  /** Items that are scored, a list: the rows' targets (row r's is candidate r), then extra negatives. */
  readonly candidates: Tensor;
  /** ln(number of training events) of each item, a table [nItems, 1] that is not trained. */
  readonly logSupport: Tensor;
  /** Entries of the list that are targets: rows of a full batch. */
  readonly nTargets: number;
}

/** What a model declares that is trained on sessions. */
export interface SessionParts<C> extends RecurrentScoring<C> {
  readonly trainingDefaults: TrainingDefaults;
  /** Extra negatives of a step, drawn ∝ support^popularityExponent. */
  candidates(config: C): { readonly sharedNegatives: number; readonly popularityExponent: number };
  /** Loss of each row [B, 1] and the states that the rows carry on; `before` are the states they came with. */
  step(
    parameters: Parameters,
    leaves: StepLeaves,
    before: readonly Tensor[],
    config: C,
    random: RandomStream,
  ): { readonly loss: Tensor; readonly states: readonly Tensor[] };
}

export type SessionModel<C = unknown> = Model<C, 'sequences'> &
  SessionParts<C> & { readonly learn: Gradients<C, 'sequences'> };

/** Declares a model that runs through sequences event by event and is trained a step an event; infers the type of its options. */
export function sessionModel<C>(declared: ModelHead<C> & SessionParts<C>): SessionModel<C> {
  return {
    ...declared,
    form: 'sequences',
    tasks: ['next-item', 'ranking'],
    streams: 'models/',
    learn: {
      by: 'gradients',
      examples: sessions,
      defaults: declared.trainingDefaults,
      open: ({ engine, config, training, data, random }) =>
        new OpenSessions({
          engine,
          model: declared,
          config,
          training: sessionSettings.parse(training),
          sequences: data,
          random,
        }),
      memory: (request) => sessionMemory(declared, request),
    },
    scorerOf: (engine, { config, weights, about }) =>
      trainedRecurrentScorer(engine(), declared, config, about.nItems, weights),
  };
}

export interface OpenSessionsOptions {
  readonly engine: Engine;
  readonly model: SessionParts<unknown>;
  readonly config: unknown;
  readonly training: SessionSettings;
  readonly sequences: Sequences;
  readonly random: RandomStream;
}

/** Entries of a window of steps: 1 MiB an array. */
const WINDOW_ENTRIES = 262_144;

/** What a step reads, and what it computes. */
function sessionStep(
  model: SessionParts<unknown>,
  declared: DeclaredParameters,
  {
    config,
    training,
    nItems,
  }: { readonly config: unknown; readonly training: SessionSettings; readonly nItems: number },
  random: RandomStream,
) {
  const item = indexInput('item');
  const candidates = listInput('candidates', training.batchSize + model.candidates(config).sharedNegatives);
  const logSupport = table('ln support', nItems, 1);
  const before = model.stateSizes(config).map((n, l) => carried(`state ${l + 1}`, [n]));
  const leaves = { item, candidates, logSupport, nTargets: training.batchSize };
  return { ...leaves, before, ...model.step(declared.tensors, leaves, before, config, random) };
}

function sessionMemory(model: SessionParts<unknown>, request: MemoryRequest<unknown, 'sequences'>): MemoryEstimate {
  const { engine, config, data } = request;
  const { nItems } = data;
  const training = sessionSettings.parse(request.training);
  const declared = declaredAs(model.parameters(config, { nItems }));
  const { loss, states } = sessionStep(model, declared, { config, training, nItems }, new RandomStream(0, 'memory'));
  const { batchSize, optimizer } = training;
  return trainingMemory({
    declarations: declared.declarations,
    optimizer: optimizer.name,
    // a window of steps, and by what negatives are drawn; outside, the order of the sequences
    examples: {
      count: data.start.length - 1,
      unit: 'sequences',
      bytesEach: 0,
      bytes: 12 * Math.max(WINDOW_ENTRIES, batchSize) + 12 * nItems,
      outside: 8 * data.start.length + 16 * nItems,
    },
    step: stepBytes({ engine, loss, batchSize, trainable: declared.list, inBlocks: true, carried: states }),
    ranking: { tables: 0, bytes: scorerBytes(model.width(config), nItems), bytesEach: 0 },
  });
}

export class OpenSessions implements OpenExamples<'sequences'> {
  readonly batches: SessionBatches;
  readonly declared: DeclaredParameters;
  readonly store: ParameterStore;
  readonly plan: StepPlan;
  readonly #options: OpenSessionsOptions;
  readonly #feed: SessionFeed;
  readonly #windowSteps: number;

  constructor(options: OpenSessionsOptions) {
    this.#options = options;
    const { engine, model, config, training, sequences, random } = options;
    const { nItems } = sequences;
    const { sharedNegatives, popularityExponent } = model.candidates(config);
    const support = supportOf(sequences);
    this.batches = new SessionBatches(sequences, training.batchSize, sharedNegatives === 0 ? 2 : 1);
    this.#windowSteps = Math.max(1, Math.floor(WINDOW_ENTRIES / training.batchSize));
    this.#feed = new SessionFeed(engine, {
      batchSize: training.batchSize,
      windowSteps: this.#windowSteps,
      nItems,
      weights: sampleWeights(support, popularityExponent),
      key: random.child('samples').key,
    });
    this.declared = declaredAs(model.parameters(config, { nItems }));
    const step = sessionStep(model, this.declared, { config, training, nItems }, random.child('dropout'));
    const { item, candidates, logSupport, before, loss, states } = step;
    this.store = new ParameterStore(engine, [...this.declared.list, logSupport]);
    initialiseParameters(this.declared, this.store, random.child('init'));
    // an item that no training sequence holds is never a target, and drawn only where draws are uniform
    this.store.write(
      logSupport,
      Float32Array.from(support, (n) => Math.log(Math.max(1, n))),
    );
    this.plan = new StepPlan({
      engine,
      store: this.store,
      loss,
      trainable: this.declared.list,
      feed: this.#feed.feed(item, candidates),
      batchSize: training.batchSize,
      totalRows: this.batches.nRows,
      optimizer: training.optimizer,
      totalSteps: training.epochs * this.batches.stepsPerEpoch,
      inBlocks: true,
      carried: before.map((leaf, l) => ({ leaf, output: states[l] as Tensor })),
      unequalSteps: { stepRows: this.#feed.stepRows, stepsPerEpoch: this.batches.stepsPerEpoch },
    });
  }

  get nRows(): number {
    return this.batches.nRows;
  }

  get stepsPerEpoch(): number {
    return this.batches.stepsPerEpoch;
  }

  get notes(): readonly string[] {
    return skippedNote(this.batches.nSkipped);
  }

  scorer(): RecurrentScorer {
    const { engine, model, config, sequences } = this.#options;
    return new RecurrentScorer(engine, model, config, sequences.nItems, this.declared, this.store);
  }

  /** Runs steps of an epoch, one after the other, from where the batches stand: `first`. At most a window of them. */
  run(epoch: number, first: number, count: number): StepResult {
    const steps = this.batches.fill(this.#feed.window(), Math.min(count, this.#windowSteps));
    return this.plan.run(epoch, first, steps);
  }

  /** Runs steps like `run` and says what took the time. */
  profile(epoch: number, first: number, count: number): { readonly result: StepResult; readonly profile: PlanProfile } {
    const steps = this.batches.fill(this.#feed.window(), Math.min(count, this.#windowSteps));
    return this.plan.profile(epoch, first, steps);
  }

  skipTo(step: number): void {
    this.batches.restart();
    const window = this.#feed.window();
    for (let done = 0; done < step; ) done += this.batches.fill(window, Math.min(step - done, this.#windowSteps));
  }

  free(): void {
    this.plan.free();
    this.#feed.free();
    this.store.free();
  }
}
