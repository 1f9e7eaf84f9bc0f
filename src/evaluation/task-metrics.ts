/** What each task can measure, known before any data are read: every command, and the library, ask here before the first epoch. */
import { DeepTasteError } from '../core/errors.ts';
import { type Metric, type MetricFamily, parseMetrics } from './metric-name.ts';

/** What is asked of a model: rank items for users, rank the next item of a sequence, predict rows. */
export type MeasuredTask = 'ranking' | 'next-item' | 'click' | 'rating';

const families: Readonly<Record<MeasuredTask, readonly MetricFamily[]>> = {
  ranking: [
    ...(['hr', 'recall', 'precision', 'ndcg', 'mrr', 'map', 'auc', 'gauc'] as const),
    ...(['coverage', 'novelty', 'diversity', 'gini'] as const),
  ],
  'next-item': ['hr', 'recall', 'precision', 'ndcg', 'mrr', 'map'],
  click: ['auc', 'gauc', 'logloss'],
  rating: ['rmse', 'mae'],
};

const sources: Readonly<Record<MeasuredTask, string>> = {
  ranking: 'a ranking of items',
  'next-item': 'the rank of the next item',
  click: 'predicted probabilities (task click)',
  rating: 'predicted ratings (task rating)',
};

/** @throws DeepTasteError `config` when the task does not give what the metric is computed from */
export function checkTaskMetric({ name, family }: Metric, task: MeasuredTask): void {
  if (families[task].includes(family)) return;
  throw new DeepTasteError(
    'config',
    `metric "${name}": ${sources[task]} does not give it; choose one of ${families[task].join(', ')}`,
    { metric: name, task },
  );
}

/**
 * Reads the names of metrics that a task is to measure.
 * @throws DeepTasteError `config` for unknown names, wrong cutoffs, and metrics that the task cannot measure
 */
export function parseTaskMetrics(names: readonly string[], task: MeasuredTask): Metric[] {
  const metrics = parseMetrics(names);
  for (const metric of metrics) checkTaskMetric(metric, task);
  return metrics;
}
