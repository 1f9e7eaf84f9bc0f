/**
 * Examples of short windows: the last L events of a sequence side by side in a row, and whose they are; to be predicted are the
 * events that follow, among items that the sequence does not hold.
 */
import { z } from 'zod';
import { RandomStream } from '../core/random.ts';
import { discountedReturns } from '../data/sequences/discounted-returns.ts';
import { RecentBatches } from '../data/sequences/recent-batches.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import type { Tensor } from '../engine/expression.ts';
import { indexInput, input } from '../engine/ops/index.ts';
import { optimizerOptions } from '../engine/optimizers/optimizer.ts';
import { stepBytes } from '../engine/plan/step-memory.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { type DeclaredParameters, declaredAs, initialiseParameters } from '../layers/declared-parameters.ts';
import { trainingPass } from '../layers/forward-pass.ts';
import type { Parameters } from '../layers/parameters.ts';
import {
  type RecentLeaves,
  RecentScorer,
  type RecentScoring,
  recentScorerBytes,
  trainedRecentScorer,
} from '../scoring/recent-scorer.ts';
import type { SequenceScorer } from '../scoring/sequence-scorer.ts';
import { batchSettings } from './batch-settings.ts';
import { type MemoryEstimate, trainingMemory } from './memory-estimate.ts';
import type { Examples, Gradients, MemoryRequest, Model, ModelHead, OpenRequest, TrainingDefaults } from './model.ts';
import { epochOrders, type OpenExamples, stepsFedByCaller } from './open-examples.ts';
import { skippedNote } from './skipped-sequences.ts';
import { stoppingSettings } from './stopping.ts';

export const recentSettings = z.strictObject({
  ...batchSettings({
    epochs: [50, 'passes over the training events, at most'],
    batchSize: [512, 'windows of events a step'],
    largestBatch: 65_536,
    search: [256, 512, 1024],
  }),
  optimizer: optimizerOptions.prefault({}).meta({ doc: 'how weights are updated' }),
  ...stoppingSettings({}),
});

export const recent: Examples = {
  name: 'recent',
  title: 'the last events of a sequence side by side, and the next ones',
  unit: 'examples',
  settings: recentSettings,
};

/** What a model declares that is trained on short windows. */
export interface RecentParts<C> extends RecentScoring<C> {
  readonly trainingDefaults: TrainingDefaults;
  /** Events to be predicted, and items that the sequence does not hold; of each window. */
  asked(config: C): { readonly targets: number; readonly negatives: number };
  /** γ of the returns that a row is told, R_t = Σ γ^k r_{t+k} over its sequence; absent = the model asks for none. */
  discount?(config: C): number;
  /** The loss looks at all items: what its rows share is computed by blocks. */
  readonly inBlocks?: boolean;
  /** Loss of each row [B, 1]. */
  loss(parameters: Parameters, represented: Tensor, asked: AskedLeaves, config: C): Tensor;
}

/** What a row is asked. */
export interface AskedLeaves {
  /** Index [B, targets + negatives]: the next events, −1 where the sequence has ended, then items that it does not hold. */
  readonly candidates: Tensor;
  /** What each counts for [B, targets + negatives]: 1 / targets, 0 where there is none, 1 / negatives. */
  readonly weight: Tensor;
  /** R_t of the first target, divided by the mean of all returns [B, 1]; only where the model has a `discount`. */
  readonly returned: Tensor;
  /** Rows of a step at most. */
  readonly capacity: number;
}

export type RecentModel<C = unknown> = Model<C, 'sequences'> &
  RecentParts<C> & { readonly learn: Gradients<C, 'sequences'> };

/** Declares a model that looks at a few last events side by side; infers the type of its options. */
export function recentModel<C>(declared: ModelHead<C> & RecentParts<C>): RecentModel<C> {
  return {
    ...declared,
    form: 'sequences',
    tasks: ['next-item', 'ranking'],
    streams: 'models/',
    learn: {
      by: 'gradients',
      examples: recent,
      defaults: declared.trainingDefaults,
      open: (request) => new OpenRecent(declared, request),
      memory: (request) => recentMemory(declared, request),
    },
    scorerOf: (engine, { config, weights, about }) =>
      trainedRecentScorer(engine(), declared, config, about.nItems, weights),
  };
}

const sizesOf = (sequences: Sequences) => ({ nItems: sequences.nItems, nUsers: sequences.nUsers ?? 0 });

/** The leaves of a step, and its loss. */
function recentStep<C>(
  model: RecentParts<C>,
  declared: DeclaredParameters,
  config: C,
  { nUsers, capacity }: { readonly nUsers: number; readonly capacity: number },
  random: RandomStream,
): { readonly leaves: RecentLeaves; readonly asked: AskedLeaves; readonly loss: Tensor } {
  const { targets, negatives } = model.asked(config);
  const leaves = { item: indexInput('item', model.maxLength(config)), user: indexInput('user') };
  const n = targets + negatives;
  const asked = {
    candidates: indexInput('candidates', n),
    weight: input('weight', [n]),
    returned: input('returned', [1]),
    capacity,
  };
  const represented = model.represent(declared.tensors, leaves, config, { nUsers }, trainingPass(random));
  return { leaves, asked, loss: model.loss(declared.tensors, represented, asked, config) };
}

function recentMemory<C>(model: RecentParts<C>, request: MemoryRequest<C, 'sequences'>): MemoryEstimate {
  const { engine, config, data } = request;
  const sizes = sizesOf(data);
  const training = recentSettings.parse(request.training);
  const declared = declaredAs(model.parameters(config, sizes));
  const { targets, negatives } = model.asked(config);
  const maxLength = model.maxLength(config);
  const count = data.items.length;
  const batchSize = Math.min(training.batchSize, Math.max(1, count));
  const { loss } = recentStep(
    model,
    declared,
    config,
    { nUsers: sizes.nUsers, capacity: batchSize },
    new RandomStream(0, 'memory'),
  );
  return trainingMemory({
    declarations: declared.declarations,
    optimizer: training.optimizer.name,
    // the event and the sequence of each example, the order of an epoch, the items of each sequence while they are sorted and then,
    // and the rows of a step
    examples: {
      count,
      unit: 'events',
      bytesEach: 0,
      bytes: 0,
      outside:
        (model.discount ? 32 : 20) * count +
        8 * data.start.length +
        4 * batchSize * (maxLength + 1 + 2 * (targets + negatives)),
    },
    step: stepBytes({ engine, loss, batchSize, trainable: declared.list, inBlocks: model.inBlocks }),
    ranking: { tables: 0, bytes: recentScorerBytes(model.width(config, sizes), maxLength, sizes.nItems), bytesEach: 0 },
  });
}

class OpenRecent<C> implements OpenExamples<'sequences'> {
  readonly declared: DeclaredParameters;
  readonly store: ParameterStore;
  readonly plan: StepPlan;
  readonly nRows: number;
  readonly stepsPerEpoch: number;
  readonly notes: readonly string[];
  readonly #steps: ReturnType<typeof stepsFedByCaller>;
  readonly #model: RecentParts<C>;
  readonly #request: OpenRequest<C, 'sequences'>;

  constructor(model: RecentParts<C>, request: OpenRequest<C, 'sequences'>) {
    this.#model = model;
    this.#request = request;
    const { engine, config, data, random } = request;
    const sizes = sizesOf(data);
    const training = recentSettings.parse(request.training);
    const batches = new RecentBatches(data, {
      ...model.asked(config),
      ...(model.discount && { returns: discountedReturns(data, model.discount(config)) }),
      maxLength: model.maxLength(config),
      batchSize: training.batchSize,
      random: random.child('examples'),
    });
    this.nRows = batches.nRows;
    this.stepsPerEpoch = batches.stepsPerEpoch;
    this.notes = skippedNote(batches.nSkipped);
    this.declared = declaredAs(model.parameters(config, sizes));
    this.store = new ParameterStore(engine, this.declared.list);
    initialiseParameters(this.declared, this.store, random.child('init'));
    const { leaves, asked, loss } = recentStep(
      model,
      this.declared,
      config,
      { nUsers: sizes.nUsers, capacity: batches.batchSize },
      random.child('dropout'),
    );
    const fed = [
      { leaf: leaves.item, values: batches.rows.item },
      ...(sizes.nUsers > 0 ? [{ leaf: leaves.user, values: batches.rows.user }] : []),
      { leaf: asked.candidates, values: batches.rows.candidates },
      ...(model.discount
        ? [{ leaf: asked.returned, values: batches.rows.returned }]
        : [{ leaf: asked.weight, values: batches.rows.weight }]),
    ];
    this.plan = new StepPlan({
      engine,
      store: this.store,
      loss,
      trainable: this.declared.list,
      fedByCaller: fed.map(({ leaf }) => leaf),
      inBlocks: model.inBlocks,
      batchSize: batches.batchSize,
      totalRows: batches.nRows,
      optimizer: training.optimizer,
      totalSteps: training.epochs * batches.stepsPerEpoch,
    });
    const orderOf = epochOrders(batches.nRows, random.child('examples'));
    this.#steps = stepsFedByCaller(this.plan, batches.stepsPerEpoch, (epoch, step) => {
      const nRows = batches.fill(orderOf(epoch), epoch, step);
      for (const { leaf, values } of fed) this.plan.write(leaf, values.subarray(0, nRows * leaf.size));
    });
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

  scorer(): SequenceScorer {
    const { engine, config, data } = this.#request;
    return new RecentScorer(
      engine,
      this.#model as RecentParts<unknown>,
      config,
      sizesOf(data),
      this.declared,
      this.store,
    );
  }

  free(): void {
    this.plan.free();
    this.store.free();
  }
}
