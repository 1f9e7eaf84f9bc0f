/** Measures predicted rows of a held-out part: clicks by their probability, ratings by their value. */
import { DeepTasteError } from '../core/errors.ts';
import { version } from '../core/version.ts';
import { counted } from '../data/counted.ts';
import type { Split } from '../data/dataset.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { MeasuredRows } from '../evaluation/measured-rows.ts';
import { isLowerBetter, parseMetric } from '../evaluation/metric-name.ts';
import { type Predictions, predictionValues } from '../evaluation/prediction-values.ts';
import type { HeldOutPart } from '../evaluation/ranking.ts';
import type { RowProtocol, RowResult } from '../evaluation/result.ts';
import { evaluateRows, type RowTask } from '../evaluation/row-evaluation.ts';
import { traitsOf } from '../evaluation/traits.ts';
import { probabilityOf } from '../scoring/row-scorer.ts';
import { testDescription } from './evaluate-ranking.ts';
import type { FieldTask } from './row-settings.ts';
import type { TrainingRatings } from './training-ratings.ts';

/** Rows of a split, and what their predictions are made of and measured by. */
export interface PredictedRows extends TrainingRatings {
  readonly split: Split;
  readonly task: FieldTask;
  readonly evaluation: { readonly metrics: readonly string[]; readonly validationMetric: string };
}

/** What is predicted of rows from the numbers that the model gives: probabilities, or ratings as they are. */
export function predictedValues(
  outputs: Float32Array,
  { task, offset }: Pick<PredictedRows, 'task' | 'offset'>,
): Float64Array {
  return Float64Array.from(outputs, task === 'rating' ? (y) => y + offset : probabilityOf);
}

/**
 * @param outputs what the model gives for the rows of the part, in their order
 * @throws 'data' when the split has no such part
 */
export function evaluatePredictions(
  engine: Engine,
  data: PredictedRows,
  outputs: Float32Array,
  { part, seed, seconds }: { readonly part: HeldOutPart; readonly seed: number; readonly seconds: number },
): RowResult {
  const task = data.task as RowTask;
  const predicted = predictionsOf(data, part, outputs);
  const evaluation = evaluateRows(task, predicted, data.evaluation.metrics);
  const protocol: RowProtocol = {
    task,
    data: { name: data.split.dataset.name, hash: data.split.dataset.hash },
    split: testDescription(data.split),
    part,
    nRows: evaluation.nRows,
    clipped: data.ratingRange !== null,
    seed,
    versions: { deeptaste: version, node: process.versions.node, kernels: engine.build },
  };
  const notes = [...(evaluation.notes ?? []), ...leftOutBySplit(protocol.split)];
  return {
    ...evaluation,
    ...(notes.length > 0 && { notes }),
    protocol,
    seconds,
    rows: measuredRows(data, part, predicted),
  };
}

/** Some ways of splitting hold out no rows of users and items without training rows. */
function leftOutBySplit({ nUnseenUserRows, nUnseenItemRows }: RowProtocol['split']): string[] {
  const note = (n: unknown, whose: string) =>
    typeof n === 'number' && n > 0
      ? [`${counted(n, 'later row')} of ${whose} without training rows: left out by the split`]
      : [];
  return [...note(nUnseenUserRows, 'users'), ...note(nUnseenItemRows, 'items')];
}
function measuredRows(data: PredictedRows, part: HeldOutPart, predicted: PredictionsOfRows): MeasuredRows {
  const { split, ratingRange } = data;
  const { userIndex, itemIndex } = requireRows(split, part);
  const { low, high } = ratingRange ?? { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  return {
    userIndex: predicted.userIndex ?? null,
    labels: predicted.labels,
    predictions: [predicted.predictions.map((y) => Math.min(high, Math.max(low, y)))],
    traits: traitsOf(split, userIndex, itemIndex),
  };
}

/** The validation metric of predicted rows, turned so that higher is better. */
export function validationOfRows(data: PredictedRows): (outputs: Float32Array) => number {
  const metric = parseMetric(data.evaluation.validationMetric);
  const sign = isLowerBetter(metric) ? -1 : 1;
  return (outputs) => sign * predictionValues(predictionsOf(data, 'validation', outputs), [metric.name])[metric.name];
}

interface PredictionsOfRows extends Predictions {
  readonly labels: Float32Array;
  readonly predictions: Float64Array;
}

function predictionsOf(data: PredictedRows, part: HeldOutPart, outputs: Float32Array): PredictionsOfRows {
  const { split, ratingRange } = data;
  const rows = requireRows(split, part);
  const namesUsers = !split.dataset.unnamed?.includes('user');
  return {
    labels: rows.rating!,
    predictions: predictedValues(outputs, data),
    ...(namesUsers && { userIndex: rows.userIndex }),
    ...(ratingRange && { ratingRange }),
  };
}

/** @throws 'data' when the split has no such part */
export function requireRows(split: Split, part: HeldOutPart) {
  const rows = split[part];
  if (rows && rows.length > 0) return rows;
  throw new DeepTasteError('data', `evaluate: the split must have a ${part} part, found none; choose another split`);
}
