/** One run of a model over feature fields: train it on a split, measure it, make it a recommender. */
import { createHash } from 'node:crypto';
import { parseOptions } from '../core/options.ts';
import { type Progress, silent } from '../core/progress.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { type EvaluationResult, toJson } from '../evaluation/evaluation-result.ts';
import type { HeldOutPart } from '../evaluation/ranking.ts';
import { itemsByUser } from '../evaluation/ranking.ts';
import type { Model } from '../examples/model.ts';
import { type RowSettings, rowSettings } from '../examples/rows.ts';
import { resolveTraining } from '../examples/settings.ts';
import { findModelOf } from '../models/index.ts';
import type { RowPredictor } from '../scoring/row-scorer.ts';
import type { EpochRecord } from '../training/checkpoint.ts';
import { fingerprintOf } from '../training/run-identity.ts';
import { type TrainingHooks, trainModel } from '../training/train.ts';
import type { TrainOutcome } from '../training/train-outcome.ts';
import type { TrainingAccount } from '../training/training-account.ts';
import { callParts, checkCall, trainingHooks } from './call-checks.ts';
import { evaluateFieldRows, type RowResult, requireRows, validationOfRows } from './evaluate-rows.ts';
import type { FieldRunSettings, FieldTask } from './field-settings.ts';
import { epochsToRepeat, type Finished, finalProgress, measureAndFinish, withoutHooks } from './final-training.ts';
import { heldOutItems } from './held-out-items.ts';
import type { RecommenderParts } from './parts.ts';
import { checkCrosses, encodePart, type FieldData, fieldDataOf } from './prepare-field-run.ts';
import { holdsOut, wholeForTraining, withoutValidation } from './prepare-split.ts';
import { evaluateFieldRanking, validationOfRanking } from './rank-fields.ts';
import { Recommender } from './recommender.ts';

/** Predicted rows, or ranked items. */
export type FieldResult = RowResult | EvaluationResult;

export interface TrainFieldsOptions extends TrainingHooks {
  readonly engine: Engine;
  readonly data: FieldData;
  readonly settings: Pick<
    FieldRunSettings,
    'model' | 'config' | 'training' | 'refit' | 'evaluation' | 'features' | 'task' | 'seed'
  > & {
    /** Train anew on all rows after the measurement; true by default. */
    readonly final?: boolean;
  };
  readonly progress?: Progress;
  /** Is given the run whenever there is something to lose: trained before it is measured, measured before it is trained anew. */
  readonly keep?: (run: FieldRun) => Promise<void>;
}

/** `result` is null when the split has no test part. */
export interface FieldRun extends Finished<Recommender, FieldResult> {
  /** Time of training what was measured, refitting included, evaluation and training anew not. */
  readonly trainingSeconds: number;
  readonly log: readonly EpochRecord[];
  readonly bestEpoch: number;
  readonly account: TrainingAccount;
}

export function isRowResult(result: FieldResult): result is RowResult {
  return 'task' in result;
}

const trainParts = {
  engine: callParts.engine,
  data: callParts.fieldData,
  settings: callParts.fieldSettings,
  ...trainingHooks,
} satisfies Record<keyof TrainFieldsOptions, unknown>;

/** @throws 'config': an option; 'data': labels or rows that do not fit; 'numeric': a loss that is not finite; 'usage': interrupted */
export async function trainFieldRecommender(options: TrainFieldsOptions): Promise<FieldRun> {
  checkCall('trainFieldRecommender', options, trainParts);
  const { engine, settings, progress = silent, keep } = options;
  const model = findModelOf('rows', settings.model);
  const config = parseOptions(model.options as never, settings.config, `options of model ${model.name}`) as object;
  checkCrosses(model.name, config, options.data);
  const training = fieldTrainingOf(model, options.data.task, settings.training);
  const started = performance.now();
  const { outcome, data } = await trainAndRefit(options, model, config, training);
  const trainingSeconds = outcome.trainedSeconds ?? (performance.now() - started) / 1000;
  const { log, bestEpoch, cutOff, finishedAt = null } = outcome;
  const account = { cutOff, finishedAt, chosenDefaults: null };
  const { split } = data;
  const epochs = epochsToRepeat(outcome);
  const record = { nRows: split.dataset.interactions.length, epochs };
  const finished = await measureAndFinish<Recommender, FieldResult>({
    trained: new Recommender(partsOf(options, data, model, { config, training, outcome }), engine),
    measure: split.test?.length ? (trained) => evaluateFields(engine, data, trained, settings.seed) : null,
    withResult: (trained, result) => {
      trained.close();
      return new Recommender({ ...trained.parts, info: withResult(trained.parts.info, result) }, engine);
    },
    trainAnew:
      settings.final !== false && holdsOut(split)
        ? async (measured) => {
            const whole = fieldDataOf(wholeForTraining(split), { ...settings, task: data.task });
            const work = { ...withoutHooks(options), progress: finalProgress(progress, record) };
            const repeated = await trainOnce(work, whole, model, config, { ...training, epochs }, 'final');
            const parts = partsOf(options, whole, model, { config, training, outcome: repeated });
            const { protocol, metrics } = measured.parts.info;
            const info = { ...parts.info, protocol, metrics, final: record };
            return new Recommender({ ...parts, info }, engine);
          }
        : null,
    record,
    keep: keep && ((run) => keep({ ...run, trainingSeconds, log, bestEpoch, account })),
  });
  return { ...finished, trainingSeconds, log, bestEpoch, account };
}

/** What an artifact records of its measurement. */
export function withResult<I extends object>(info: I, result: FieldResult): I & { protocol: object; metrics: object } {
  const { protocol, metrics } = isRowResult(result) ? result : toJson(result);
  return { ...info, protocol, metrics };
}

/** The settings of a model's training for a task. @throws 'config' */
export function fieldTrainingOf(model: Model<unknown, 'rows'>, task: FieldTask, given: object): RowSettings {
  const { training } = resolveTraining(model, { ...given, task: task === 'rating' ? 'regression' : task });
  return rowSettings.parse(training);
}

/** Measures a recommender on a held-out part. @throws 'data' when there is none */
export function evaluateFields(
  engine: Engine,
  data: FieldData,
  recommender: Recommender,
  seed: number,
  part: HeldOutPart = 'test',
): FieldResult {
  if (data.task === 'ranking')
    return evaluateFieldRanking(engine, data, recommender.scorer('rows').ranking, seed, part);
  const examples = encodePart(data, requireRows(data.split, part));
  const started = performance.now();
  const outputs = recommender.scorer('rows').logits(examples);
  return evaluateFieldRows(engine, data, outputs, { part, seed, seconds: (performance.now() - started) / 1000 });
}

interface Trained {
  readonly config: object;
  readonly training: RowSettings;
  readonly outcome: TrainOutcome;
}

function partsOf(
  { engine, settings }: TrainFieldsOptions,
  { split, encoder, task, offset, ratingRange }: FieldData,
  model: Model<unknown, 'rows'>,
  { config, training, outcome }: Trained,
): RecommenderParts {
  const { dataset } = split;
  const { users, items, userFields, itemFields } = dataset;
  const seen = itemsByUser(split, split.train);
  return {
    weights: outcome.weights,
    fields: { encoder, task, offset, ratingRange, unnamed: [...(dataset.unnamed ?? [])] },
    users,
    items,
    userFields,
    itemFields,
    seen,
    heldOut: heldOutItems(split, seen),
    info: {
      ...{ model: { name: model.name, config }, training, seed: settings.seed, schema: dataset.schema },
      ...{ protocol: null, metrics: {} },
      engine: { kernels: engine.build, blas: engine.blas?.title ?? null },
      data: { name: dataset.name, hash: dataset.hash, nInteractions: dataset.interactions.length },
    },
  };
}

/** Finds the number of epochs on the validation part; with `refit` trains anew on both parts, fields fitted anew too. */
async function trainAndRefit(
  options: TrainFieldsOptions,
  model: Model<unknown, 'rows'>,
  config: object,
  training: RowSettings,
): Promise<{ outcome: TrainOutcome; data: FieldData }> {
  const { data, settings } = options;
  const search = await trainOnce(options, data, model, config, training, 'train');
  if (!settings.refit || !data.split.validation) return { outcome: search, data };
  const all = fieldDataOf(withoutValidation(data.split), { ...settings, task: data.task });
  const set = { ...training, epochs: Math.max(1, search.bestEpoch) };
  const refit = await trainOnce(options, all, model, config, set, 'refit');
  const { bestEpoch, cutOff } = search;
  return { outcome: { ...refit, log: [...search.log, ...refit.log], bestEpoch, cutOff }, data: all };
}

function trainOnce(
  options: TrainFieldsOptions,
  data: FieldData,
  model: Model<unknown, 'rows'>,
  config: object,
  training: RowSettings,
  phase: 'train' | 'refit' | 'final',
): Promise<TrainOutcome> {
  const { engine, settings, progress = silent } = options;
  const { onEpoch, onCheckpoint, checkpointSteps, checkpointSeconds, resume, finish, onProfile, signal } = options;
  const { split, encoder } = data;
  const fingerprint = fingerprintOf({
    data: split.dataset.hash,
    split: split.description,
    features: createHash('sha256').update(JSON.stringify(encoder)).digest('hex'),
    model: model.name,
    config,
    training,
    seed: settings.seed,
    phase,
  });
  return trainModel({
    engine,
    model,
    config,
    training,
    data: { layout: encoder.layout, examples: encodePart(data, split.train) },
    seed: settings.seed,
    progress,
    validate: validationOf(engine, data),
    fingerprint,
    onEpoch,
    onCheckpoint,
    checkpointSteps,
    checkpointSeconds,
    resume,
    finish,
    onProfile,
    signal,
  });
}

/** Undefined when the split has no validation part. */
function validationOf(engine: Engine, data: FieldData): ((predictor: RowPredictor) => number) | undefined {
  const { validation } = data.split;
  if (!validation || validation.length === 0) return undefined;
  if (data.task === 'ranking') {
    const measure = validationOfRanking(engine, data);
    return ({ ranking }) => measure(ranking);
  }
  const examples = encodePart(data, validation);
  const measure = validationOfRows(data);
  return ({ logits }) => measure(logits(examples));
}
