/** Errors of predicted ratings. With a range, predictions are clipped to it first; say which was done with the number. */
import { DeepTasteError } from '../../core/errors.ts';
import { checkLengths, checkNumbers } from './prediction-checks.ts';

/** The rating scale, e.g. { low: 1, high: 5 }. */
export interface RatingRange {
  readonly low: number;
  readonly high: number;
}

/** RMSE = √(1/n Σ (ŷ − y)²), in the units of the rating. @param range clips ŷ; absent: as predicted */
export function rmse(labels: ArrayLike<number>, predictions: ArrayLike<number>, range?: RatingRange): number {
  return Math.sqrt(meanOver('rmse', labels, predictions, range, (error) => error * error));
}

/** MAE = 1/n Σ |ŷ − y|, in the units of the rating. @param range clips ŷ; absent: as predicted */
export function mae(labels: ArrayLike<number>, predictions: ArrayLike<number>, range?: RatingRange): number {
  return meanOver('mae', labels, predictions, range, Math.abs);
}

function meanOver(
  metric: string,
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  range: RatingRange | undefined,
  penalty: (error: number) => number,
): number {
  checkLengths(metric, labels, predictions);
  checkNumbers(metric, 'rating', labels);
  checkNumbers(metric, 'prediction', predictions);
  const { low, high } = range ?? { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  if (!(low < high))
    throw new DeepTasteError(
      'config',
      `${metric}: the rating range must have low < high, got ${low} … ${high}; swap them`,
    );
  let sum = 0;
  for (let row = 0; row < labels.length; row++)
    sum += penalty(Math.min(high, Math.max(low, predictions[row])) - labels[row]);
  return sum / labels.length;
}
