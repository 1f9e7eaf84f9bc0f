/** The task of predicting ratings of users and items, measured on the rows that models over fields are measured on. */

import { DeepTasteError } from '../core/errors.ts';
import { type Interactions, requireUsersAndItems, type Split } from '../data/dataset.ts';
import { friendLists } from '../data/social/friends.ts';
import { itemsByUser } from '../evaluation/ranking.ts';
import type { RowResult } from '../evaluation/result.ts';
import { parseTaskMetrics } from '../evaluation/task-metrics.ts';
import type { Scorer } from '../scoring/scorer.ts';
import { testDescription } from './evaluate-ranking.ts';
import { evaluatePredictions, type PredictedRows, requireRows, validationOfRows } from './evaluate-rows.ts';
import { heldOutItems } from './held-out-items.ts';
import { holdsOut, validationAdvice, wholeForTraining, withoutValidation } from './prepare-split.ts';
import type { EvaluationOptions } from './ranking-settings.ts';
import { resolveTask } from './row-settings.ts';
import type { Task } from './task.ts';
import { type TrainingRatings, trainingRatings } from './training-ratings.ts';
import { untrainedNotes } from './untrained-notes.ts';

export interface RatingTaskOptions {
  readonly evaluation: EvaluationOptions;
  readonly seed: number;
  /** Mean and range of a training that is over; absent = those of the training part. */
  readonly stored?: TrainingRatings;
}

/** @throws 'data' for a split without training rows, or whose rows have no ratings or name no users or items; 'config' for a metric of another task */
export function ratingTask(split: Split, options: RatingTaskOptions, model: string): Task<'pairs', RowResult> {
  const { dataset, train } = split;
  if (train.length === 0)
    throw new DeepTasteError('data', 'train: the training part must hold ratings, found none; choose another split');
  requireUsersAndItems(`train ${model}`, dataset);
  resolveTask('rating', dataset);
  const { metrics, validationMetric } = options.evaluation;
  parseTaskMetrics([...metrics, validationMetric], 'rating');
  return taskOf(split, options);
}

function taskOf(split: Split, options: RatingTaskOptions): Task<'pairs', RowResult> {
  const { dataset, train } = split;
  const { evaluation, seed } = options;
  const { offset, ratingRange } = options.stored ?? trainingRatings(train, evaluation.clip ?? true);
  const rows: PredictedRows = { split, task: 'rating', evaluation, offset, ratingRange };
  const sizes = { nUsers: dataset.users.size, nItems: dataset.items.size };
  const again = (part: Split) => taskOf(part, { evaluation, seed });
  return {
    name: 'rating',
    form: 'pairs',
    continuation: null,
    identity: { data: dataset.hash, split: split.description, task: 'rating' },
    sizes: { ...sizes, nInteractions: train.length },
    testSplit: () => {
      requireRows(split, 'test');
      return testDescription(split);
    },
    training: {},
    nTrained: train.length,
    nRows: dataset.interactions.length,
    data: () => {
      const { userIndex: user, itemIndex: item, rating } = train;
      return {
        sizes,
        rows: itemsByUser(split, train),
        ratings: { user, item, value: rating!, mean: offset },
        friends: dataset.social && friendLists(dataset.social, sizes.nUsers),
        userFields: dataset.userFields,
      };
    },
    validator: () => {
      const { validation } = split;
      if (!validation || validation.length === 0 || evaluation.users === 0) return undefined;
      const measure = validationOfRows(rows);
      return (scorer) => measure(valuesOf(scorer, validation));
    },
    validation: { metric: evaluation.validationMetric, advice: validationAdvice(split) },
    isMeasured: (split.test?.length ?? 0) > 0 && evaluation.users !== 0,
    measure: (engine, scorer, _, part = 'test') => {
      const held = requireRows(split, part);
      const started = performance.now();
      const values = valuesOf(scorer, held);
      const about = { part, seed, seconds: (performance.now() - started) / 1000 };
      const result = evaluatePredictions(engine, rows, values, about);
      const notes = [...(result.notes ?? []), ...untrainedNotes(split, held, part)];
      return notes.length > 0 ? { ...result, notes } : result;
    },
    withoutValidation: () => (split.validation ? again(withoutValidation(split)) : null),
    whole: () => (holdsOut(split) ? again(wholeForTraining(split)) : null),
    about: () => ({
      schema: dataset.schema,
      data: { name: dataset.name, hash: dataset.hash, nInteractions: dataset.interactions.length },
      rating: { offset, range: ratingRange },
    }),
    parts: (weights) => {
      const { users, items, userFields, itemFields } = dataset;
      const seen = itemsByUser(split, train);
      return { weights, users, items, userFields, itemFields, seen, heldOut: heldOutItems(split, seen) };
    },
  };
}

function valuesOf({ values }: Scorer, { userIndex, itemIndex }: Interactions): Float32Array {
  if (!values) throw new Error('internal: a model of ratings predicts listed pairs');
  return values(userIndex, itemIndex);
}
