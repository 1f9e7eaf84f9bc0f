/** Everything that defines a run of a model over feature fields. The form of experiment files, as in settings.ts. */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import type { Dataset } from '../data/dataset.ts';
import { featureOptions } from '../data/features/feature-options.ts';
import { parseMetric, parseMetrics } from '../evaluation/metric-name.ts';
import { type RowTask, rowMetrics } from '../evaluation/row-evaluation.ts';
import { checkTaskMetric } from '../evaluation/task-metrics.ts';
import { evaluationOptions, runSettings } from './ranking-settings.ts';

/** What a run predicts: the probability of a label, a rating, or which items a user takes. */
export type FieldTask = RowTask | 'ranking';

const { candidates, filter, tieRule, users } = evaluationOptions.shape;

/** What is not said depends on the task. */
export const fieldEvaluationOptions = z.strictObject({
  metrics: z.array(z.string()).min(1).optional().meta({
    doc: 'what is computed on the test part; default: auc, gauc, logloss of clicks, rmse, mae of ratings, ndcg@10 … of rankings',
  }),
  validationMetric: z.string().optional().meta({ doc: 'what early stopping looks at; default: auc, rmse, or ndcg@10' }),
  clip: z
    .boolean()
    .optional()
    .meta({ doc: 'clip predicted ratings to the range of the training ratings; default true' }),
  candidates: candidates.unwrap().optional().meta({ doc: 'of rankings: all items or the listed ones; default auto' }),
  filter: filter.unwrap().optional().meta({ doc: "of rankings: the user's own items that are no candidates" }),
  tieRule: tieRule.unwrap().optional().meta({ doc: 'of rankings: rank of items that score the same' }),
  users: users.meta({
    doc: 'of rankings: rank for so many users of a part at most, drawn with the seed; 0 = do not evaluate',
  }),
});

export const fieldRunSettings = runSettings.extend({
  task: z.enum(['auto', 'click', 'rating', 'ranking']).default('auto').meta({
    doc: 'what is predicted; auto = click where rows have labels, rating where they have ratings, else ranking',
  }),
  features: featureOptions.prefault({}).meta({ doc: 'how columns become fields (docs/features.md)' }),
  evaluation: fieldEvaluationOptions.prefault({}),
});

export type FieldRunSettings = z.output<typeof fieldRunSettings>;
export type FieldRunInput = z.input<typeof fieldRunSettings>;

/** @throws 'config' naming the key, what it must be and the nearest known key */
export function parseFieldRunSettings(input: unknown, where = 'run settings'): FieldRunSettings {
  const settings = parseOptions(fieldRunSettings, input, where);
  const { evaluation, training, task } = settings;
  if ('task' in training)
    throw new DeepTasteError(
      'config',
      `${where}: the task is a setting of the run, found "training.task"; say task: click, rating or ranking`,
    );
  parseMetrics(evaluation.metrics ?? ['auc']);
  parseMetric(evaluation.validationMetric ?? 'auc');
  if (task !== 'auto') resolveFieldEvaluation(task, settings, true);
  return settings;
}

/** The settings of an evaluation with the defaults of its task. */
export interface FieldEvaluation {
  readonly metrics: readonly string[];
  readonly validationMetric: string;
  readonly clip: boolean;
  readonly candidates: 'auto' | 'all' | 'listed';
  readonly filter: z.output<typeof filter>;
  readonly tieRule: z.output<typeof tieRule>;
  readonly users?: number;
}

const rankingKeys = ['candidates', 'filter', 'tieRule', 'users'] as const;
const ofAllTasks = { candidates: 'auto', filter: 'train+validation', tieRule: 'expected', clip: true } as const;

/**
 * @param namesUsers whether rows name users, which gauc needs
 * @throws 'config' for what belongs to another task
 */
export function resolveFieldEvaluation(
  task: FieldTask,
  { evaluation, sampleCandidates }: Pick<FieldRunSettings, 'evaluation' | 'sampleCandidates'>,
  namesUsers: boolean,
): FieldEvaluation {
  const wrong = (key: string, other: string) =>
    new DeepTasteError('config', `evaluation: "${key}" is about ${other}, and the task is ${task}; leave it out`, {
      key,
    });
  const isRanking = task === 'ranking';
  const foreign = isRanking ? undefined : rankingKeys.find((key) => evaluation[key] !== undefined);
  if (foreign !== undefined) throw wrong(foreign, 'rankings');
  if (!isRanking && sampleCandidates) throw wrong('sampleCandidates', 'rankings');
  if (task !== 'rating' && evaluation.clip !== undefined) throw wrong('clip', 'ratings');
  const metrics =
    evaluation.metrics ?? (isRanking ? evaluationOptions.parse({}).metrics : rowMetrics(task, namesUsers));
  const validationMetric = evaluation.validationMetric ?? { click: 'auc', rating: 'rmse', ranking: 'ndcg@10' }[task];
  for (const name of [...metrics, validationMetric]) checkMetric(name, task, namesUsers);
  return { ...ofAllTasks, ...evaluation, metrics, validationMetric };
}

function checkMetric(name: string, task: FieldTask, namesUsers: boolean): void {
  const metric = parseMetric(name);
  checkTaskMetric(metric, task);
  if (metric.family === 'gauc' && !namesUsers)
    throw new DeepTasteError('config', 'metric "gauc": needs rows that name users, found none; say --user COLUMN');
}

/**
 * The task that the rows allow, or that is asked for.
 * @param minRating kept positives are no ratings
 * @throws 'config' when the rows do not fit the task
 */
export function resolveTask(
  asked: FieldRunSettings['task'],
  dataset: Pick<Dataset, 'name' | 'label' | 'unnamed' | 'interactions'>,
  minRating?: number,
): FieldTask {
  const { name, label, unnamed, interactions } = dataset;
  const hasLabels = label !== undefined && minRating === undefined;
  const guessed = hasLabels ? 'click' : interactions.rating && minRating === undefined ? 'rating' : 'ranking';
  const task = asked === 'auto' ? guessed : asked;
  const fail = (must: string, found: string, mend: string) =>
    new DeepTasteError('config', `train: task "${task}" needs ${must}, those of ${name} have ${found}; ${mend}`, {
      task,
    });
  if (task === 'click' && !label) throw fail('rows with labels', 'none', 'say --label COLUMN, or choose another task');
  if (task === 'rating' && (!interactions.rating || label))
    throw fail('rows with ratings', label ? 'labels' : 'none', 'say --rating COLUMN, or choose another task');
  if (task === 'ranking' && unnamed && unnamed.length > 0)
    throw fail(
      'rows that name users and items',
      `no ${unnamed.join(' and no ')}`,
      asked === 'auto'
        ? 'say --label COLUMN to predict a label'
        : `say ${unnamed.map((role) => `--${role} COLUMN`).join(' ')}, or choose another task`,
    );
  if (task === 'ranking' && label && interactions.rating?.includes(0))
    throw fail(
      'rows that were all taken',
      'labels of 0',
      'say --min-rating 1 to keep the positive ones, or task click',
    );
  return task;
}
