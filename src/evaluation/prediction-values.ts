/** Metrics of predicted values of rows (click probabilities, ratings), as opposed to ranks. */
import { DeepTasteError } from '../core/errors.ts';
import { type Metric, parseMetrics } from './metric-name.ts';
import { auc, groupAuc } from './metrics/auc.ts';
import { logLoss } from './metrics/log-loss.ts';
import { mae, type RatingRange, rmse } from './metrics/rating-error.ts';

export interface Predictions {
  /** What happened: 0 or 1 for clicks, the rating for ratings [n]. */
  readonly labels: ArrayLike<number>;
  /** What the model said: a probability for logloss, any score for auc, a rating for rmse and mae [n]. */
  readonly predictions: ArrayLike<number>;
  /** Dense user of each row [n]; needed by gauc. */
  readonly userIndex?: Int32Array;
  /** Rating scale to clip predictions to before rmse and mae; absent: not clipped. */
  readonly ratingRange?: RatingRange;
}

/** The value of each metric, e.g. predictionValues(rows, ['auc', 'logloss']). NaN where undefined (one label only). */
export function predictionValues(rows: Predictions, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(parseMetrics(names).map((metric) => [metric.name, predictionValue(rows, metric)]));
}

function predictionValue({ labels, predictions, userIndex, ratingRange }: Predictions, metric: Metric): number {
  switch (metric.family) {
    case 'auc':
      return auc(labels, predictions);
    case 'gauc':
      if (userIndex === undefined)
        throw new DeepTasteError('config', 'metric "gauc": the user of each row is needed, found none; give userIndex');
      return groupAuc(labels, predictions, userIndex).value;
    case 'logloss':
      return logLoss(labels, predictions);
    case 'rmse':
      return rmse(labels, predictions, ratingRange);
    case 'mae':
      return mae(labels, predictions, ratingRange);
    default:
      throw new DeepTasteError(
        'config',
        `metric "${metric.name}": it needs rankings, found predicted values of rows; choose auc, gauc, logloss, rmse or mae`,
        { metric: metric.name },
      );
  }
}
