/** How good predicted values of rows are: click probabilities, or ratings. */
import { isLowerBetter, parseMetrics } from './metric-name.ts';
import { type Calibration, calibration } from './metrics/calibration.ts';
import type { RatingRange } from './metrics/rating-error.ts';
import { type Predictions, predictionValues } from './prediction-values.ts';
import { type Interval, ratingInterval } from './statistics/rating-interval.ts';

/** What rows are predicted: the probability of a label, or a rating. */
export type RowTask = 'click' | 'rating';

/** JSON-able. */
export interface RowEvaluation {
  readonly task: RowTask;
  readonly nRows: number;
  /** Share of rows labelled 1, or the mean rating. */
  readonly meanLabel: number;
  /** By name; null where a metric is undefined (labels of one kind). */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** 95 % intervals of rmse and mae, over users where rows name them; absent for clicks. */
  readonly intervals?: Readonly<Record<string, Interval>>;
  /** Metrics of which less is better. */
  readonly lowerIsBetter: readonly string[];
  /** Metrics that are left out, and why; absent = none. */
  readonly notes?: readonly string[];
  /** What ratings were clipped to; null = as predicted. */
  readonly ratingRange: RatingRange | null;
  /** The data of a reliability plot; null for ratings. */
  readonly calibration: Calibration | null;
}

/** The metrics of a task when none are asked for; GAUC where rows name users. */
export function rowMetrics(task: RowTask, namesUsers: boolean): string[] {
  if (task === 'rating') return ['rmse', 'mae'];
  return namesUsers ? ['auc', 'gauc', 'logloss'] : ['auc', 'logloss'];
}

/**
 * Metrics of predicted rows, with calibration for clicks.
 * @throws DeepTasteError `data`, `numeric`: rows that a metric means nothing for; `config`: an unknown metric
 */
export function evaluateRows(
  task: RowTask,
  rows: Predictions,
  metrics: readonly string[] = rowMetrics(task, rows.userIndex !== undefined),
): RowEvaluation {
  const values = predictionValues(rows, metrics);
  const { labels, predictions, ratingRange = null } = rows;
  let sum = 0;
  for (let row = 0; row < labels.length; row++) sum += labels[row];
  const notes = undefinedNotes(values, labels);
  const intervals = Object.keys(values).flatMap((name) => {
    const interval = ratingInterval(name, labels, predictions, ratingRange, rows.userIndex);
    return interval ? [[name, interval] as const] : [];
  });
  return {
    task,
    nRows: labels.length,
    meanLabel: sum / labels.length,
    metrics: Object.fromEntries(Object.entries(values).map(([name, v]) => [name, Number.isNaN(v) ? null : v])),
    ...(intervals.length > 0 && { intervals: Object.fromEntries(intervals) }),
    lowerIsBetter: parseMetrics(metrics)
      .filter(isLowerBetter)
      .map(({ name }) => name),
    ...(notes.length > 0 && { notes }),
    ratingRange,
    calibration: task === 'click' ? calibration(labels, predictions) : null,
  };
}

function undefinedNotes(values: Readonly<Record<string, number>>, labels: ArrayLike<number>): string[] {
  const isOneKind = Array.from(labels).every((label) => label === labels[0]);
  const why = isOneKind ? `all ${labels.length} rows are labelled ${labels[0]}` : 'no user has rows of both labels';
  return Object.entries(values).flatMap(([name, value]) =>
    Number.isNaN(value) ? [`${name} is left out: ${why}`] : [],
  );
}
