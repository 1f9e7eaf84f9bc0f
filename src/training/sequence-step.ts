/** The steps of a recurrent model's training: its parameters, its plan, and the batches that are fed to it. */
import type { RandomStream } from '../core/random.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import { SessionBatches } from '../data/sequences/session-batches.ts';
import type { Tensor } from '../engine/expression.ts';
import { carried, indexInput, listInput, table } from '../engine/ops/index.ts';
import { optimizerOptions } from '../engine/optimizers/optimizer.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import { StepPlan, type StepResult } from '../engine/plan/step-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { SessionFeed } from '../engine/runtime/session-feed.ts';
import { type DeclaredParameters, declaredAs, initialiseParameters } from '../models/expression.ts';
import { RecurrentScorer } from '../models/recurrent-scorer.ts';
import type { SequenceModel } from '../models/sequence-model.ts';
import type { SequenceTrainingOptions } from './sequence-options.ts';
import type { SequenceSteps } from './sequence-steps.ts';

export interface SequenceStepOptions {
  readonly engine: Engine;
  readonly model: SequenceModel;
  readonly config: unknown;
  readonly training: SequenceTrainingOptions;
  readonly sequences: Sequences;
  readonly random: RandomStream;
}

/** Entries of a window of steps: 1 MiB an array. */
const WINDOW_ENTRIES = 262_144;
/** Added to the squared gradients under Adagrad's root. */
const EPSILON = 1e-6;

export class SequenceStep implements SequenceSteps {
  readonly batches: SessionBatches;
  readonly declared: DeclaredParameters;
  readonly store: ParameterStore;
  readonly plan: StepPlan;
  readonly #options: SequenceStepOptions;
  readonly #feed: SessionFeed;
  readonly #windowSteps: number;

  constructor(options: SequenceStepOptions) {
    this.#options = options;
    const { engine, model, config, training, sequences, random } = options;
    const { nItems } = sequences;
    const { samples, exponent } = model.candidates(config);
    const support = supportOf(sequences);
    this.batches = new SessionBatches(sequences, training.batchSize, samples === 0 ? 2 : 1);
    this.#windowSteps = Math.max(1, Math.floor(WINDOW_ENTRIES / training.batchSize));
    this.#feed = new SessionFeed(engine, {
      batchSize: training.batchSize,
      windowSteps: this.#windowSteps,
      nItems,
      weights: sampleWeights(support, exponent),
      key: random.child('samples').key,
    });
    this.declared = declaredAs(model.parameters(config, { nItems }));
    const logSupport = table('ln support', nItems, 1);
    this.store = new ParameterStore(engine, [...this.declared.list, logSupport]);
    initialiseParameters(this.declared, this.store, random.child('init'));
    // an item that no training sequence holds is never a target, and drawn only where draws are uniform
    this.store.write(
      logSupport,
      Float32Array.from(support, (n) => Math.log(Math.max(1, n))),
    );
    const item = indexInput('item');
    const candidates = listInput('candidates', training.batchSize + samples);
    const before = model.stateSizes(config).map((n, l) => carried(`state ${l + 1}`, [n]));
    const leaves = { item, candidates, logSupport, nTargets: training.batchSize };
    const { loss, states } = model.step(this.declared.tensors, leaves, before, config, random.child('dropout'));
    this.plan = new StepPlan({
      engine,
      store: this.store,
      loss,
      trainable: this.declared.list,
      feed: this.#feed.feed(item, candidates),
      batchSize: training.batchSize,
      totalRows: this.batches.nRows,
      optimizer: optimizerOptions.parse({
        name: training.momentum > 0 ? 'adagrad-momentum' : 'adagrad',
        learningRate: training.learningRate,
        beta1: training.momentum,
        epsilon: EPSILON,
      }),
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

  get nSkipped(): number {
    return this.batches.nSkipped;
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

  /** To the first step of an epoch. */
  restart(): void {
    this.batches.restart();
  }

  /** To a step of an epoch, without running those before it. */
  skipTo(step: number): void {
    this.restart();
    const window = this.#feed.window();
    for (let done = 0; done < step; ) done += this.batches.fill(window, Math.min(step - done, this.#windowSteps));
  }

  free(): void {
    this.plan.free();
    this.#feed.free();
    this.store.free();
  }
}

/** Weights ∝ support^exponent by which extra negatives are drawn; null = uniformly, items without support too. */
export function sampleWeights(support: Float64Array, exponent: number): Float64Array | null {
  return exponent === 0 ? null : support.map((n) => (n === 0 ? 0 : n ** exponent));
}

/** Events of each item. */
export function supportOf({ items, nItems }: Sequences): Float64Array {
  const support = new Float64Array(nItems);
  for (const item of items) support[item]++;
  return support;
}
