/** From run settings to encoded examples: the split, the task, the fitted feature pipeline. */

import type { FieldFile } from '../artifact/field-file.ts';
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import { checkSettings } from '../core/call-checks.ts';
import { DeepTasteError } from '../core/errors.ts';
import { continuedSplit } from '../data/continued/continued-split.ts';
import type { Interactions, Split } from '../data/dataset.ts';
import { extendFeatures } from '../data/features/extend-features.ts';
import type { FeatureEncoder } from '../data/features/feature-encoder.ts';
import type { FieldExamples } from '../data/features/field-examples.ts';
import { fitFeatures } from '../data/features/fit-features.ts';
import type { RatingRange } from '../evaluation/metrics/rating-error.ts';
import { predictionValues } from '../evaluation/prediction-values.ts';
import { isRowModel } from '../examples/rows.ts';
import { findModelOf } from '../models/index.ts';
import { readsCrosses } from '../scoring/row-scorer.ts';
import { prepareSplit } from './prepare-split.ts';
import {
  type FieldEvaluation,
  type FieldRunSettings,
  type FieldTask,
  resolveFieldEvaluation,
  resolveTask,
} from './row-settings.ts';
import { rangeOf, trainingRatings } from './training-ratings.ts';

/** A split as models of fields see it. */
export interface FieldData {
  readonly split: Split;
  readonly task: FieldTask;
  readonly evaluation: FieldEvaluation;
  readonly encoder: FeatureEncoder;
  readonly warnings: readonly string[];
  /** Added to every predicted value: the mean training rating, 0 for the other tasks. */
  readonly offset: number;
  /** Ratings of the training part; null for the other tasks. */
  readonly ratingRange: RatingRange | null;
  /** What is known of the fields of a training that goes on with these rows; absent = there was none. */
  readonly former?: FieldFile;
}

type Settings = Pick<
  FieldRunSettings,
  'data' | 'split' | 'validationFromTrain' | 'sampleCandidates' | 'task' | 'features' | 'evaluation'
>;

/**
 * Reads, splits and fits.
 * @param former the parts of a recommender over fields from which training goes on: its fields stay, and get the new categories
 * @throws 'config', 'data', 'io'
 */
export async function prepareFieldData(settings: Settings, former?: RecommenderParts): Promise<FieldData> {
  checkSettings('prepareFieldData', settings, 'parseFieldRunSettings', 'data', 'task', 'features', 'evaluation');
  const rowsFor = settings.task === 'ranking' ? 'pairs' : 'examples';
  const split = await prepareSplit(settings, undefined, rowsFor);
  return former ? continuedFieldData({ split, task: settings.task }, settings, former) : fieldDataOf(split, settings);
}

/**
 * A split that is there already, or one with other training rows.
 * @param former of a training that goes on with these rows: its fields stay, and get the new categories
 * @throws 'config', 'data'
 */
export function fieldDataOf(
  split: Split,
  settings: Pick<Settings, 'task' | 'features' | 'evaluation' | 'sampleCandidates'> & Partial<Pick<Settings, 'data'>>,
  former?: FieldFile,
): FieldData {
  const { dataset, train } = split;
  if (train.length === 0)
    throw new DeepTasteError('data', 'train: the training part must hold rows, found none; choose another split');
  const minRating = settings.data && 'files' in settings.data ? settings.data.minRating : undefined;
  const task = resolveTask(settings.task, dataset, minRating);
  const resolved = resolveFieldEvaluation(task, settings, !dataset.unnamed?.includes('user'));
  if (task === 'click' && !former) requireBothLabels(train);
  const { evaluation, note } = measurableValidation(split, task, resolved, settings.evaluation.validationMetric);
  if (former) return continuedFields(split, { task, evaluation, features: settings.features }, note, former);
  const { encoder, warnings, notes } = fitFeatures(dataset, train, settings.features);
  return {
    split,
    task,
    evaluation,
    encoder,
    warnings: [...dataset.warnings, ...warnings, ...notes, ...note],
    ...(task === 'rating' ? trainingRatings(train, evaluation.clip) : { offset: 0, ratingRange: null }),
  };
}

/** Rows of a part, encoded, with the labels that the model is trained on. */
export function encodePart({ split, task, encoder, offset }: FieldData, rows: Interactions): FieldExamples {
  if (task === 'ranking')
    return {
      ...encoder.encodeExamples(split.dataset, rows, new Float32Array(rows.length).fill(1)),
      itemCrosses: encoder.encodeItemCrosses(split.dataset),
    };
  return encoder.encodeExamples(split.dataset, rows, offset === 0 ? undefined : rows.rating!.map((y) => y - offset));
}

/** @throws 'config' when crosses were declared that the model does not read, or that a ranking cannot use */
export function checkCrosses(modelName: string, config: unknown, { encoder, task }: FieldData): void {
  const { layout } = encoder;
  if (layout.crosses.length === 0) return;
  const model = findModelOf('rows', modelName);
  if (!isRowModel(model) || !readsCrosses(model, config, layout))
    throw new DeepTasteError(
      'config',
      `features.crosses: ${model.title} does not read them; leave them out, or take wide-deep`,
    );
  const ofPairs = layout.crosses.find(({ mixesItem }) => mixesItem);
  if (task !== 'ranking' || !ofPairs) return;
  throw new DeepTasteError(
    'config',
    `features.crosses: a ranking draws other items, for which ${ofPairs.name} is not known; cross item fields with item ` +
      'fields and others with others, or predict labels (task click)',
  );
}

/**
 * The same rows for a training that goes on with them. @param former the parts of a recommender over fields
 * @throws 'config' for a recommender of another form or task
 */
export function continuedFieldData(
  { split, task }: { readonly split: Split; readonly task: Settings['task'] },
  settings: Pick<Settings, 'features' | 'evaluation'> & Partial<Pick<Settings, 'data'>>,
  former: RecommenderParts,
): FieldData {
  if (!former.fields)
    throw new DeepTasteError(
      'config',
      `from: the saved run must be of a model over fields, found "${former.info.model.name}"; train it anew`,
    );
  return fieldDataOf(continuedSplit(split, former), { ...settings, task }, former.fields);
}

/** @throws 'config' for another task than that of the saved run; 'data' for rows without its columns */
function continuedFields(
  split: Split,
  { task, evaluation, features }: Pick<FieldData, 'task' | 'evaluation'> & Pick<Settings, 'features'>,
  note: readonly string[],
  former: FieldFile,
): FieldData {
  const { dataset, train } = split;
  if (task !== former.task)
    throw new DeepTasteError(
      'config',
      `from: the rows must be for the task "${former.task}" of the saved run, found "${task}"; say --task ${former.task}, or train anew`,
    );
  const { encoder, notes } = extendFeatures(former.encoder, dataset, train, features);
  const { offset } = former;
  const range = task === 'rating' && evaluation.clip ? rangeOf(train.rating!) : null;
  const ratingRange =
    range && former.ratingRange
      ? { low: Math.min(range.low, former.ratingRange.low), high: Math.max(range.high, former.ratingRange.high) }
      : (range ?? former.ratingRange);
  const warnings = [...dataset.warnings, ...notes, ...note];
  return { split, task, evaluation, encoder, warnings, offset, ratingRange, former };
}

/** A label that is always the same teaches nothing. */
function requireBothLabels({ rating: labels }: Interactions): void {
  if (!labels || labels.some((label) => label !== labels[0])) return;
  throw new DeepTasteError(
    'data',
    `train: the labels of the training part must be of both kinds, found only ${labels[0]}; look at the label column, or split otherwise`,
  );
}

/**
 * What early stopping looks at must have a value on the validation part: AUC has none where all labels are the same. The log loss,
 * which always has one, stands in for a metric that nobody asked for.
 * @throws 'data' for one that was asked for
 */
function measurableValidation(
  split: Split,
  task: FieldTask,
  evaluation: FieldEvaluation,
  asked: string | undefined,
): { evaluation: FieldEvaluation; note: readonly string[] } {
  const rows = split.validation;
  const { validationMetric: name } = evaluation;
  if (task !== 'click' || !rows || rows.length === 0) return { evaluation, note: [] };
  const userIndex = split.dataset.unnamed?.includes('user') ? undefined : rows.userIndex;
  const predictions = { labels: rows.rating!, predictions: new Float32Array(rows.length).fill(0.5), userIndex };
  const [value] = Object.values(predictionValues(predictions, [name]));
  if (!Number.isNaN(value)) return { evaluation, note: [] };
  const found = `the labels of the validation part are all ${rows.rating![0]}`;
  const why = rows.rating!.every((label) => label === rows.rating![0])
    ? found
    : 'no user of it has labels of both kinds';
  if (asked !== undefined)
    throw new DeepTasteError(
      'data',
      `train: validationMetric "${name}" must have a value on the validation part, and ${why}; hold out more, or say validationMetric: logloss`,
    );
  return {
    evaluation: { ...evaluation, validationMetric: 'logloss' },
    note: [`${why}: training is watched by logloss instead of ${name}`],
  };
}
