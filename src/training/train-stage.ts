/** The training loop: one model, epoch after epoch, with early stopping and checkpoints. */
import { setImmediate } from 'node:timers/promises';
import { DeepTasteError } from '../core/errors.ts';
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
import { type EpochRecord, joinTensors, type TrainingProgress, tensorsUnder } from './checkpoint.ts';
import type { TrainingOptions } from './options.ts';

/** The positives: distinct training items of every user, ascending. */
export interface TrainingData {
  readonly sizes: Sizes;
  readonly rows: SparseRows;
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

export type StageProgress = Omit<TrainingProgress, 'stagesDone'>;

export interface StageResult {
  readonly weights: NamedTensors;
  readonly progress: StageProgress;
}

/** Steps of a profile. */
const PROFILED_STEPS = 50;
/** Work between two looks at the event loop, ms. */
const SLICE_MS = 100;

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
  #best: NamedTensors | null = null;
  #profiled = false;
  #progress: StageProgress = { epochsDone: 0, bestValidation: null, bestEpoch: 0, looksWithoutGain: 0, log: [] };

  constructor(options: StageOptions) {
    this.#options = options;
    const { engine, model, config, training, data, random, start, resume } = options;
    this.#declared = declareParameters(model, config, data.sizes);
    this.#store = new ParameterStore(engine, this.#declared.list);
    const users = rowNumbers(data.rows);
    this.#sampler = new SamplerRecord(engine, {
      users,
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
      this.#progress = resume.progress;
      this.#load(tensorsUnder(resume.tensors, 'weights'));
      const state = tensorsUnder(resume.tensors, 'state');
      this.#plan.state.write(new Map([...state].map(([name, { data: values }]) => [name, values as Float32Array])));
      const best = tensorsUnder(resume.tensors, 'best');
      if (best.size > 0) this.#best = best;
    }
  }

  #load(weights: NamedTensors): void {
    for (const [name, { data }] of weights) this.#store.write(this.#store.named(name), data);
  }

  async run(): Promise<StageResult> {
    const { training, model, progress, onEpoch } = this.#options;
    const task = progress.start(`training ${model.title}`, training.epochs * this.#rows, 'examples');
    while (this.#progress.epochsDone < training.epochs && !this.#shouldStop()) {
      const epoch = this.#progress.epochsDone;
      const started = performance.now();
      const lossSum = await this.#runEpoch(epoch, (rows) => task.update(epoch * this.#rows + rows));
      const seconds = (performance.now() - started) / 1000;
      const validation = this.#look(epoch);
      const record: EpochRecord = {
        model: model.name,
        epoch: epoch + 1,
        loss: lossSum / this.#rows,
        validation,
        seconds,
        examplesPerSecond: this.#rows / seconds,
      };
      this.#progress = { ...this.#progress, epochsDone: epoch + 1, log: [...this.#progress.log, record] };
      task.update((epoch + 1) * this.#rows, describe(record, training.epochs));
      await onEpoch?.(this.#progress, () => this.#tensors());
    }
    const { bestEpoch, bestValidation, epochsDone } = this.#progress;
    const kept =
      this.#best && training.keepBest ? `, kept epoch ${bestEpoch} (validation ${bestValidation?.toFixed(4)})` : '';
    task.end(`${epochsDone} epochs${kept}`);
    const weights = this.#best && training.keepBest ? this.#best : weightsOf(this.#declared, this.#store);
    checkFinite(weights);
    return { weights, progress: this.#progress };
  }

  #shouldStop(): boolean {
    const { patience } = this.#options.training;
    return this.#options.validate !== undefined && patience > 0 && this.#progress.looksWithoutGain >= patience;
  }

  async #runEpoch(epoch: number, report: (rows: number) => void): Promise<number> {
    const steps = this.#plan.stepsPerEpoch;
    let lossSum = 0;
    let slice = 8;
    for (let step = 0; step < steps; ) {
      const isProfiled = this.#isToProfile(step, steps);
      const count = Math.min(isProfiled ? PROFILED_STEPS : slice, steps - step);
      const started = performance.now();
      lossSum += isProfiled ? this.#profile(epoch, step, count) : this.#plan.run(epoch, step, count).lossSum;
      step += count;
      const ms = performance.now() - started;
      slice = Math.max(1, Math.min(4096, Math.round((count * SLICE_MS) / Math.max(ms, 1))));
      report(Math.round((step / steps) * this.#rows));
      await setImmediate();
      if (this.#options.signal?.aborted) throw new DeepTasteError('usage', 'training: interrupted');
    }
    return lossSum;
  }

  /** Profiles begin when the code is warm: in the middle of the first epoch that runs. */
  #isToProfile(step: number, steps: number): boolean {
    return this.#options.onProfile !== undefined && !this.#profiled && (step + 1) * 2 >= steps;
  }

  #profile(epoch: number, step: number, count: number): number {
    const { result, profile } = this.#plan.profile(epoch, step, count);
    this.#profiled = true;
    this.#options.onProfile?.(profile);
    return result.lossSum;
  }

  /** The validation metric after an epoch when it is due; remembers the best weights. */
  #look(epoch: number): number | null {
    const { validate, training, engine, model, config, data } = this.#options;
    const due = (epoch + 1) % training.evaluateEvery === 0 || epoch + 1 === training.epochs;
    if (!validate || !due) return null;
    const scorer = gradientScorer(engine, model, config, data.sizes, this.#declared, this.#store);
    const value = validate(scorer);
    scorer.free();
    const { bestValidation, looksWithoutGain } = this.#progress;
    if (bestValidation === null || value > bestValidation) {
      this.#best = weightsOf(this.#declared, this.#store);
      this.#progress = { ...this.#progress, bestValidation: value, bestEpoch: epoch + 1, looksWithoutGain: 0 };
    } else this.#progress = { ...this.#progress, looksWithoutGain: looksWithoutGain + 1 };
    return value;
  }

  #tensors(): NamedTensors {
    const state = new Map(this.#plan.state.read().map(({ name, shape, data }) => [name, { shape, data }]));
    return joinTensors({ weights: weightsOf(this.#declared, this.#store), state, best: this.#best });
  }

  free(): void {
    this.#plan.free();
    this.#sampler.free();
    this.#store.free();
  }
}

/** Losses are checked before each update; this is for what the last update did. */
function checkFinite(weights: NamedTensors): void {
  for (const [name, { data }] of weights)
    if (!data.every(Number.isFinite))
      throw new DeepTasteError(
        'numeric',
        `training: the weights must be finite, found NaN or infinity in "${name}" after the last step ` +
          '(lower the learning rate, or clip gradients with optimizer.clipNorm)',
        { parameter: name },
      );
}

function describe({ epoch, loss, validation }: EpochRecord, epochs: number): string {
  const metric = validation === null ? '' : `  validation ${validation.toFixed(4)}`;
  return `epoch ${epoch}/${epochs}  loss ${loss.toFixed(4)}${metric}`;
}

/** The row of every entry of a CSR structure. */
function rowNumbers({ nRows, rowStart, columns }: SparseRows): Int32Array {
  const rows = new Int32Array(columns.length);
  for (let r = 0; r < nRows; r++) rows.fill(r, rowStart[r], rowStart[r + 1]);
  return rows;
}
