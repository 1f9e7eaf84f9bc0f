/** One run: train a model on a split, measure it, train it anew on all rows, make it a recommender. */
import type { ArtifactInfo, FinalRecord } from '../artifact/manifest.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import { parseOptions } from '../core/options.ts';
import { type Progress, silent } from '../core/progress.ts';
import { requireUsersAndItems, type Split } from '../data/dataset.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { type EvaluationResult, toJson } from '../evaluation/evaluation-result.ts';
import { itemsByUser } from '../evaluation/ranking.ts';
import { parseTaskMetrics } from '../evaluation/task-metrics.ts';
import type { Model } from '../examples/model.ts';
import { type ChosenDefaults, type EpochSettings, resolveTraining } from '../examples/settings.ts';
import { findModelOf } from '../models/index.ts';
import type { EpochRecord } from '../training/checkpoint.ts';
import { fingerprintOf } from '../training/run-identity.ts';
import { type TrainingHooks, trainModel } from '../training/train.ts';
import type { TrainOutcome } from '../training/train-outcome.ts';
import type { TrainingAccount } from '../training/training-account.ts';
import { callParts, checkCall, trainingHooks } from './call-checks.ts';
import { evaluateScorer, hasTrainedTestUser, validator } from './evaluate.ts';
import { epochsToRepeat, type Finished, finalProgress, measureAndFinish, withoutHooks } from './final-training.ts';
import { heldOutItems } from './held-out-items.ts';
import { pairValues } from './pair-values.ts';
import { holdsOut, wholeForTraining, withoutValidation } from './prepare-split.ts';
import { usesRatings } from './ratings-note.ts';
import { Recommender } from './recommender.ts';
import type { RunSettings } from './settings.ts';

export interface TrainOptions extends TrainingHooks {
  readonly engine: Engine;
  readonly split: Split;
  readonly settings: Pick<RunSettings, 'model' | 'config' | 'training' | 'refit' | 'evaluation' | 'seed'> & {
    /** Train anew on all rows after the measurement; true by default. */
    readonly final?: boolean;
  };
  readonly progress?: Progress;
  /** Is given the run whenever there is something to lose: trained before it is measured, measured before it is trained anew. */
  readonly keep?: (run: TrainedRun) => Promise<void>;
}

/** `result` is null when the split has no test part, or nobody is to be evaluated. */
export interface TrainedRun extends Finished<Recommender, EvaluationResult> {
  /** Time of fitting or training what was measured, refitting included, evaluation and training anew not. */
  readonly trainingSeconds: number;
  readonly log: readonly EpochRecord[];
  readonly bestEpoch: number;
  readonly account: TrainingAccount;
}

/** A model with its settings checked. */
interface Chosen {
  readonly model: Model<unknown, 'pairs'>;
  readonly config: object;
  readonly training: EpochSettings | null;
  /** Settings of `training` that follow the size of the data. */
  readonly defaults: ChosenDefaults | null;
}

const trainParts = {
  engine: callParts.engine,
  split: callParts.split,
  settings: callParts.settings,
  ...trainingHooks,
} satisfies Record<keyof TrainOptions, unknown>;

/** @throws DeepTasteError `usage`: a wrong call; `config`: an option; `data`: nothing to train on; `numeric`: a loss that is not finite */
export async function trainRecommender(options: TrainOptions): Promise<TrainedRun> {
  checkCall('trainRecommender', options, trainParts);
  const { engine, split, settings, keep } = options;
  if (split.train.length === 0)
    throw new DeepTasteError(
      'data',
      'train: the training part must hold interactions, found none; choose another split',
    );
  const chosen = chosenOf(options);
  requireUsersAndItems(`train ${chosen.model.name}`, split.dataset);
  parseTaskMetrics([...settings.evaluation.metrics, settings.evaluation.validationMetric], 'ranking');
  const started = performance.now();
  const { outcome, split: used } = await trainAndRefit(options, chosen);
  const { log, bestEpoch, cutOff, finishedAt = null } = outcome;
  const account = { cutOff, finishedAt, chosenDefaults: chosen.defaults };
  const trainingSeconds = outcome.trainedSeconds ?? (performance.now() - started) / 1000;
  const isMeasured = settings.evaluation.users !== 0 && hasTrainedTestUser(split);
  const record = finalRecordOf(split, chosen, outcome);
  const finished = await measureAndFinish<Recommender, EvaluationResult>({
    trained: recommenderOf(options, chosen, used, outcome.weights),
    measure: isMeasured
      ? (trained) => evaluateScorer(engine, trained.scorer('pairs'), split, settings.evaluation, settings.seed)
      : null,
    withResult,
    trainAnew:
      settings.final !== false && holdsOut(used) ? (measured) => trainAnew(options, chosen, measured, record) : null,
    record,
    keep: keep && ((run) => keep({ ...run, trainingSeconds, log, bestEpoch, account })),
  });
  return { ...finished, trainingSeconds, log, bestEpoch, account };
}

/** The recommender for use of a run that only measured. */
export function trainForUse(
  options: TrainOptions,
  { measured, log, bestEpoch }: Pick<TrainedRun, 'measured' | 'log' | 'bestEpoch'>,
): Promise<Recommender> {
  const chosen = chosenOf(options);
  return trainAnew(options, chosen, measured, finalRecordOf(options.split, chosen, { log, bestEpoch }));
}

function chosenOf({ settings, split }: TrainOptions): Chosen {
  const model = findModelOf('pairs', settings.model);
  const config = parseOptions(model.options as never, settings.config, `options of model ${model.name}`) as object;
  const { train, dataset } = split;
  const sizes = { nInteractions: train.length, nUsers: dataset.users.size, nItems: dataset.items.size };
  const { training, chosen } = resolveTraining(model, settings.training, sizes);
  return { model, config, training, defaults: chosen };
}

function finalRecordOf(
  { dataset }: Split,
  { training }: Chosen,
  outcome: Pick<TrainOutcome, 'log' | 'bestEpoch'>,
): FinalRecord {
  return { nRows: dataset.interactions.length, epochs: training && epochsToRepeat(outcome) };
}

async function trainAnew(
  options: TrainOptions,
  chosen: Chosen,
  measured: Recommender,
  record: FinalRecord,
): Promise<Recommender> {
  const { split, progress = silent } = options;
  const whole = wholeForTraining(split);
  const training = chosen.training && { ...chosen.training, epochs: record.epochs as number };
  const work = { ...withoutHooks(options), progress: finalProgress(progress, record) };
  const { weights } = await trainOn(work, { ...chosen, training }, whole, 'final');
  const { protocol, metrics } = measured.parts.info;
  return recommenderOf(options, chosen, whole, weights, { protocol, metrics, final: record });
}

function recommenderOf(
  { engine, split, settings }: TrainOptions,
  { model, config, training }: Chosen,
  used: Split,
  weights: NamedTensors,
  measured: Pick<ArtifactInfo, 'protocol' | 'metrics' | 'final'> = { protocol: null, metrics: {} },
): Recommender {
  const { dataset } = split;
  const seen = itemsByUser(used, used.train);
  return new Recommender(
    {
      info: {
        model: { name: model.name, config },
        training: training ?? {},
        seed: settings.seed,
        schema: dataset.schema,
        ...measured,
        engine: { kernels: engine.build, blas: engine.blas?.title ?? null },
        data: { name: dataset.name, hash: dataset.hash, nInteractions: dataset.interactions.length },
      },
      weights,
      users: dataset.users,
      items: dataset.items,
      userFields: dataset.userFields,
      itemFields: dataset.itemFields,
      seen,
      heldOut: heldOutItems(used, seen),
    },
    engine,
  );
}

/** The same recommender with its measurements on record. */
function withResult(recommender: Recommender, result: EvaluationResult): Recommender {
  const { parts, engine } = recommender;
  const { protocol, metrics } = toJson(result);
  recommender.close();
  return new Recommender({ ...parts, info: { ...parts.info, protocol, metrics } }, engine);
}

function trainOn(
  options: TrainOptions,
  { model, config, training }: Chosen,
  part: Split,
  phase: 'train' | 'refit' | 'final',
): Promise<TrainOutcome> {
  const { engine, settings, progress = silent } = options;
  const rows = itemsByUser(part, part.train);
  return trainModel({
    engine,
    model,
    config,
    training,
    data: {
      sizes: { nUsers: part.dataset.users.size, nItems: part.dataset.items.size },
      rows,
      values: usesRatings(settings) ? pairValues(rows, part.train) : null,
    },
    seed: settings.seed,
    progress,
    validate: validator(engine, part, settings.evaluation, settings.seed),
    fingerprint: fingerprintOf({
      data: part.dataset.hash,
      split: part.description,
      model: model.name,
      config,
      training,
      seed: settings.seed,
      phase,
    }),
    onCheckpoint: options.onCheckpoint,
    checkpointSteps: options.checkpointSteps,
    checkpointSeconds: options.checkpointSeconds,
    onEpoch: options.onEpoch,
    resume: options.resume,
    finish: options.finish,
    onProfile: options.onProfile,
    signal: options.signal,
  });
}

async function trainAndRefit(options: TrainOptions, chosen: Chosen): Promise<{ outcome: TrainOutcome; split: Split }> {
  const { split, settings } = options;
  const { training } = chosen;
  if (!settings.refit || !split.validation) return { outcome: await trainOn(options, chosen, split, 'train'), split };
  const all = withoutValidation(split);
  if (!training) return { outcome: await trainOn(options, chosen, all, 'refit'), split: all };
  if (options.resume)
    throw new DeepTasteError('usage', 'resume: a run with refit cannot be resumed; start anew without --resume');
  const search = await trainOn(options, chosen, split, 'train');
  const set = { ...training, epochs: Math.max(1, search.bestEpoch) };
  const refit = await trainOn(options, { ...chosen, training: set }, all, 'refit');
  const { bestEpoch, cutOff } = search;
  return { outcome: { ...refit, log: [...search.log, ...refit.log], bestEpoch, cutOff }, split: all };
}
