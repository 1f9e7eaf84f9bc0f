/** One stage of training a gradient model: its plan, its feed of examples, and the epochs. */
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Progress } from '../core/progress.ts';
import type { RandomStream } from '../core/random.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { SamplerRecord } from '../engine/runtime/sampler.ts';
import { trainingPass } from '../layers/forward-pass.ts';
import {
  type DeclaredParameters,
  declareParameters,
  initialiseParameters,
  lossExpression,
} from '../models/expression.ts';
import type { GradientModel, Sizes } from '../models/model.ts';
import { gradientScorer, type Scorer, weightsOf } from '../models/scoring.ts';
import { joinTensors, tensorsUnder } from './checkpoint.ts';
import { type EpochLoopResult, runEpochs, type StageProgress } from './epoch-loop.ts';
import { checkMemory } from './memory-estimate.ts';
import type { TrainingOptions } from './options.ts';

/** The positives: distinct training items of every user, ascending. */
export interface TrainingData {
  readonly sizes: Sizes;
  readonly rows: SparseRows;
  /** Rating or count of each of them, in the order of the columns; absent = there are none, or nobody asked. */
  readonly values?: Float32Array | null;
}

export interface StageOptions {
  readonly engine: Engine;
  readonly model: GradientModel;
  readonly config: unknown;
  readonly training: TrainingOptions;
  readonly data: TrainingData;
  readonly random: RandomStream;
  readonly progress: Progress;
  /** Weights to start from instead of random ones. */
  readonly start?: NamedTensors;
  /** Validation metric of the present weights, higher is better. Never the test part. */
  readonly validate?: (scorer: Scorer) => number;
  /** Called after every epoch with the state from which the stage can go on. */
  readonly onEpoch?: (progress: StageProgress, tensors: () => NamedTensors) => Promise<void>;
  /** State to go on from. */
  readonly resume?: { readonly progress: StageProgress; readonly tensors: NamedTensors };
  /** Asks for a profile of some steps; called once, with what was found. */
  readonly onProfile?: (profile: PlanProfile) => void;
  readonly signal?: AbortSignal;
}

export type { StageProgress };
export type StageResult = EpochLoopResult;

export async function trainStage(options: StageOptions): Promise<StageResult> {
  const stage = new Stage(options);
  try {
    return await stage.run();
  } finally {
    stage.free();
  }
}

class Stage {
  readonly #options: StageOptions;
  readonly #declared: DeclaredParameters;
  readonly #store: ParameterStore;
  readonly #sampler: SamplerRecord;
  readonly #plan: StepPlan;
  readonly #rows: number;
  #resume: { readonly progress: StageProgress; readonly best: NamedTensors | null } | undefined;

  constructor(options: StageOptions) {
    this.#options = options;
    const { engine, model, config, training, data, random, start, resume } = options;
    this.#declared = declareParameters(model, config, data.sizes);
    checkMemory({
      ...{ declarations: this.#declared.declarations, training, ...data.sizes, threads: engine.threads },
      nInteractions: data.rows.columns.length,
    });
    this.#store = new ParameterStore(engine, this.#declared.list);
    this.#sampler = new SamplerRecord(engine, {
      users: null,
      items: data.rows.columns,
      ...data.sizes,
      rowStart: data.rows.rowStart,
      columns: data.rows.columns,
      negatives: training.negatives,
      reject: training.rejectTaken,
      popularityExponent: training.negativeSampler === 'popularity' ? training.popularityExponent : 0,
      key: random.child('examples').key,
    });
    const pairwise = model.loss === 'pairwise';
    this.#rows = pairwise ? this.#sampler.rowsPairwise : this.#sampler.rowsPointwise;
    const { loss, leaves } = lossExpression(
      ...([model, this.#declared.tensors, config] as const),
      trainingPass(random.child('noise')),
    );
    const batchSize = Math.min(training.batchSize, this.#rows);
    this.#plan = new StepPlan({
      engine,
      store: this.#store,
      loss,
      feed: pairwise ? this.#sampler.pairwise(...leaves) : this.#sampler.pointwise(...leaves),
      batchSize,
      totalRows: this.#rows,
      optimizer: training.optimizer,
      totalSteps: training.epochs * Math.ceil(this.#rows / batchSize),
    });
    initialiseParameters(this.#declared, this.#store, random.child('init'));
    if (start) this.#load(start);
    if (resume) {
      this.#load(tensorsUnder(resume.tensors, 'weights'));
      const state = tensorsUnder(resume.tensors, 'state');
      this.#plan.state.write(new Map([...state].map(([name, { data: values }]) => [name, values as Float32Array])));
      const best = tensorsUnder(resume.tensors, 'best');
      this.#resume = { progress: resume.progress, best: best.size > 0 ? best : null };
    }
  }

  #load(weights: NamedTensors): void {
    for (const [name, { data }] of weights) this.#store.write(this.#store.named(name), data);
  }

  run(): Promise<StageResult> {
    const { engine, model, config, data, training, progress, validate, onEpoch, onProfile, signal } = this.#options;
    return runEpochs({
      name: model.name,
      title: model.title,
      plan: this.#plan,
      rows: this.#rows,
      training,
      progress,
      weights: () => weightsOf(this.#declared, this.#store),
      validate:
        validate &&
        (() => {
          const scorer = gradientScorer(engine, model, config, data.sizes, this.#declared, this.#store);
          const value = validate(scorer);
          scorer.free();
          return value;
        }),
      onEpoch: onEpoch && ((state, best) => onEpoch(state, () => this.#tensors(best))),
      resume: this.#resume,
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
    this.#sampler.free();
    this.#store.free();
  }
}
