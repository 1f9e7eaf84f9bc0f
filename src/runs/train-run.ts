/**
 * One run, whatever its task and model: train, measure, train anew on all rows for use. The model is chosen and measured without the
 * held-out rows; what comes out is for use, hence trained with every row that the data hold, unless the measured one is asked for.
 */
import type { ArtifactInfo, FinalRecord } from '../artifact/manifest.ts';
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import { type Progress, silent } from '../core/progress.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { isLowerBetter, parseMetric } from '../evaluation/metric-name.ts';
import { type Result, resultJson } from '../evaluation/result.ts';
import type { Form } from '../examples/forms.ts';
import type { Model } from '../examples/model.ts';
import { parseModelOptions } from '../examples/model-options.ts';
import { type ChosenDefaults, resolveTraining } from '../examples/settings.ts';
import type { EpochSettings } from '../examples/stopping.ts';
import { findModelOf, modelForTask } from '../models/index.ts';
import { Recommender } from '../recommender/recommender.ts';
import type { Continuation } from '../tasks/continuation.ts';
import type { Task } from '../tasks/task.ts';
import type { EpochRecord } from '../training/checkpoint.ts';
import { fingerprintOf } from '../training/run-identity.ts';
import { hashOfWeights } from '../training/start-weights.ts';
import { type TrainingHooks, trainModel } from '../training/train.ts';
import type { TrainOutcome } from '../training/train-outcome.ts';
import type { TrainingAccount } from '../training/training-account.ts';
import { continuedConfig, startWeights } from './continued-run.ts';
import { refuseForeignSettings } from './foreign-settings.ts';

export interface TrainRunOptions<F extends Form, R extends Result> extends TrainingHooks {
  readonly engine: Engine;
  readonly task: Task<F, R>;
  /** Name of a model that learns from data of the task's form. */
  readonly model: string;
  /** Options of the model. */
  readonly config: object;
  /** Settings of the training. */
  readonly training: object;
  readonly seed: number;
  /** After the number of epochs is chosen on the validation part, train anew on training and validation part. */
  readonly refit?: boolean;
  /** Train anew on all rows after the measurement; true by default. */
  readonly final?: boolean;
  /** Is given the run whenever there is something to lose: trained before it is measured, measured before it is trained anew. */
  readonly keep?: (run: Run<R>) => Promise<void>;
  readonly progress?: Progress;
  /** A saved recommender from which training goes on; the data of the task are written in its ids. */
  readonly from?: RecommenderParts;
}

/** A run that can be saved: trained, perhaps measured, perhaps trained anew. */
export interface Run<R extends Result = Result> {
  /** For use. */
  readonly recommender: Recommender;
  /** The one that `result` is about; the same as `recommender` where nothing was trained anew. */
  readonly measured: Recommender;
  /** Null when nothing was measured. */
  readonly result: R | null;
  /** How `recommender` was trained anew; null when it is the measured one. */
  readonly final: FinalRecord | null;
  /** Time of training anew. */
  readonly finalSeconds: number;
  /** Time of training what was measured, refitting included, evaluation and training anew not. */
  readonly trainingSeconds: number;
  /** Empty for models with a solver. */
  readonly log: readonly EpochRecord[];
  /** Epoch whose weights were kept; 0 for models with a solver. */
  readonly bestEpoch: number;
  readonly account: TrainingAccount;
  /** How the rows stand to those of the training that went on with them; null when training began anew. */
  readonly continuation: Continuation | null;
  /** Rows that the measured model was trained on, those of the validation part too where it was refitted. */
  readonly nTrained: number;
}

/** A model with its settings checked. */
interface Chosen<F extends Form> {
  readonly model: Model<unknown, F>;
  readonly config: object;
  readonly training: EpochSettings | null;
  /** Settings of `training` that follow the size of the data. */
  readonly defaults: ChosenDefaults | null;
}

type Phase = 'train' | 'refit' | 'final';

/** @throws DeepTasteError `usage`: no such model; `config`: an option; `data`: nothing to train on; `numeric`: a loss that is not finite */
export async function trainRun<F extends Form, R extends Result>(options: TrainRunOptions<F, R>): Promise<Run<R>> {
  const { engine, progress = silent } = options;
  const chosen = chosenOf(options);
  const started = performance.now();
  const { outcome, task } = await trainAndRefit(options, chosen);
  const { log, bestEpoch, cutOff, finishedAt = null } = outcome;
  const run = {
    final: null,
    finalSeconds: 0,
    trainingSeconds: outcome.trainedSeconds ?? (performance.now() - started) / 1000,
    log,
    bestEpoch,
    account: { cutOff, finishedAt, chosenDefaults: chosen.defaults },
    continuation: task.continuation,
    nTrained: task.nTrained,
  };
  const whole = options.final === false ? null : task.whole();
  const trained = recommenderOf(options, chosen, task, outcome.weights);
  if (!task.isMeasured) checkScores(trained, task.form);
  if (task.isMeasured || whole) await options.keep?.({ ...run, recommender: trained, measured: trained, result: null });
  const result = task.isMeasured ? task.measure(engine, trained.scorer(task.form), progress) : null;
  const measured = result === null ? trained : withResult(trained, result);
  const finished = { ...run, recommender: measured, measured, result };
  if (!whole) return finished;
  if (result !== null) await options.keep?.(finished);
  const record = finalRecordOf(options.task, chosen, outcome);
  const startedAnew = performance.now();
  const recommender = await trainAnew(options, chosen, whole, measured, record);
  return { ...finished, recommender, final: record, finalSeconds: (performance.now() - startedAnew) / 1000 };
}

/** The recommender for use of a run that only measured. */
export function trainForUse<F extends Form, R extends Result>(
  options: TrainRunOptions<F, R>,
  { measured, log, bestEpoch }: Pick<Run<R>, 'measured' | 'log' | 'bestEpoch'>,
): Promise<Recommender> {
  const chosen = chosenOf(options);
  const record = finalRecordOf(options.task, chosen, { log, bestEpoch });
  return trainAnew(options, chosen, options.task.whole() ?? options.task, measured, record);
}

function chosenOf<F extends Form, R extends Result>(options: TrainRunOptions<F, R>): Chosen<F> {
  const { task, from } = options;
  const model = modelForTask(findModelOf(task.form, options.model), task.name);
  if (from && task.continuation === null)
    throw new DeepTasteError(
      'config',
      `from: a model of ratings must be trained on all of them, found ${model.name} to go on with; train it anew, or go on with a model over fields`,
      { key: 'from' },
    );
  const given = from ? continuedConfig(from, options) : options.config;
  const config = parseModelOptions(model, { ...given }) as object;
  refuseForeignSettings(model, { ...options.training, ...task.training });
  const { training, chosen } = resolveTraining(
    model,
    { ...options.training, ...task.training },
    task.sizes,
    from?.info.training,
  );
  return { model, config, training, defaults: chosen };
}

async function trainAndRefit<F extends Form, R extends Result>(
  options: TrainRunOptions<F, R>,
  chosen: Chosen<F>,
): Promise<{ outcome: TrainOutcome; task: Task<F, R> }> {
  const { task, refit: isRefit = false, progress = silent } = options;
  const { training } = chosen;
  const all = isRefit ? task.withoutValidation() : null;
  if (isRefit && !all)
    progress.log('note: refit: the split holds no validation part out, so that nothing is trained anew on it');
  if (!all) return { outcome: await train(options, chosen, task, 'train'), task };
  if (!training) return { outcome: await train(options, chosen, all, 'refit'), task: all };
  if (options.resume)
    throw new DeepTasteError('usage', 'resume: a run with refit cannot be resumed; start anew without --resume');
  const search = await train(options, chosen, task, 'train');
  const set = { ...training, epochs: Math.max(1, search.bestEpoch) };
  progress.log(`refit: training anew on training and validation part, ${all.nTrained.toLocaleString('en-US')} in all`);
  const refit = await train(options, { ...chosen, training: set }, all, 'refit');
  const { bestEpoch, cutOff } = search;
  return { outcome: { ...refit, log: [...search.log, ...refit.log], bestEpoch, cutOff }, task: all };
}

function train<F extends Form, R extends Result>(
  options: TrainRunOptions<F, R>,
  { model, config, training }: Chosen<F>,
  task: Task<F, R>,
  phase: Phase,
): Promise<TrainOutcome> {
  const { engine, seed, progress = silent, from } = options;
  const { onEpoch, onEpochStart, onCheckpoint, checkpointSteps, checkpointSeconds, resume, finish, onProfile } =
    options;
  const validate = task.validator(engine);
  const isUnasked = phase === 'train' && !('epochs' in options.training) && !finish;
  if (isUnasked && !validate && training && training.patience > 0)
    progress.log(
      `note: there is no validation part, so that nothing stops training before its ${training.epochs.toLocaleString('en-US')} epochs ` +
        `(--epochs N sets another number); ${task.validation.advice}`,
    );
  return trainModel({
    engine,
    model,
    config,
    training,
    data: task.data(),
    seed,
    progress,
    validate,
    shownValidation: (value) => shownValidation(task.validation.metric, value),
    // what is trained anew takes no more but the rows that were held out
    tellMemory: phase === 'train' || (phase === 'refit' && training === null),
    fingerprint: fingerprintOf({
      ...task.identity,
      ...(from && { from: hashOfWeights(from.weights) }),
      model: model.name,
      config,
      training,
      seed,
      phase,
    }),
    start: from && startWeights(from, model, config, task),
    onEpoch,
    onEpochStart,
    onCheckpoint,
    checkpointSteps,
    checkpointSeconds,
    resume,
    finish,
    pause: options.pause,
    onProfile,
    signal: options.signal,
  });
}

/** Metrics of which less is better are turned where they are compared, and shown as they are. */
function shownValidation(name: string, value: number): string {
  const isTurned = isLowerBetter(parseMetric(name));
  return isTurned ? `validation ${name} ${(-value).toFixed(4)}` : `validation ${value.toFixed(4)}`;
}

/** As many epochs as were kept of the measured training. */
function finalRecordOf<F extends Form, R extends Result>(
  { nRows }: Task<F, R>,
  { training }: Chosen<F>,
  { bestEpoch }: Pick<TrainOutcome, 'log' | 'bestEpoch'>,
): FinalRecord {
  return { nRows, epochs: training && Math.max(1, bestEpoch) };
}

async function trainAnew<F extends Form, R extends Result>(
  options: TrainRunOptions<F, R>,
  chosen: Chosen<F>,
  whole: Task<F, R>,
  measured: Recommender,
  record: FinalRecord,
): Promise<Recommender> {
  const { progress = silent } = options;
  const training = chosen.training && { ...chosen.training, epochs: record.epochs ?? 1 };
  // checkpoints and profiles are those of the training that is measured
  const work = {
    ...options,
    onCheckpoint: undefined,
    resume: null,
    finish: undefined,
    pause: undefined,
    onProfile: undefined,
    progress: finalProgress(progress, record),
  };
  const { weights } = await train(work, { ...chosen, training }, whole, 'final');
  const { protocol, metrics } = measured.parts.info;
  const recommender = recommenderOf(options, chosen, whole, weights, { protocol, metrics, final: record });
  checkScores(recommender, whole.form);
  return recommender;
}

/** What cannot score is not worth saving. @throws 'numeric' for weights whose scores are no numbers */
function checkScores(recommender: Recommender, form: Form): void {
  recommender.scorer(form);
  recommender.close(); // gives the tables of its scorer back; they are made again when it is asked
}

/** Names the work on all rows as such. */
function finalProgress(progress: Progress, { nRows, epochs }: FinalRecord): Progress {
  const rows = nRows.toLocaleString('en-US');
  const howLong = epochs === null ? '' : `, ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`;
  progress.log(`training anew on all ${rows} rows for use${howLong}`);
  return {
    start: (label, total, unit) => progress.start(`all rows: ${label}`, total, unit),
    log: (line) => progress.log(line),
  };
}

function recommenderOf<F extends Form, R extends Result>(
  { engine, seed, from }: TrainRunOptions<F, R>,
  { model, config, training }: Chosen<F>,
  task: Task<F, R>,
  weights: NamedTensors,
  measured: Pick<ArtifactInfo, 'protocol' | 'metrics' | 'final'> = { protocol: null, metrics: {} },
): Recommender {
  const before = from && { from: { hash: from.info.data.hash, nInteractions: from.info.data.nInteractions } };
  const info: ArtifactInfo = {
    model: { name: model.name, config },
    training: training ?? {},
    seed,
    ...task.about(),
    ...measured,
    ...before,
    engine: { kernels: engine.build, blas: engine.blas?.title ?? null },
  };
  return new Recommender({ info, ...task.parts(weights) }, engine);
}

/** The same recommender with its measurements on record. */
export function withResult(recommender: Recommender, result: Result): Recommender {
  const { parts, engine } = recommender;
  const { protocol, metrics } = resultJson(result);
  recommender.close();
  return new Recommender({ ...parts, info: { ...parts.info, protocol, metrics } }, engine);
}
