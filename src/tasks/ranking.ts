/** The task of ranking items for users: models learn from who took what. */

import { DeepTasteError } from '../core/errors.ts';
import { requireUsersAndItems, type Split } from '../data/dataset.ts';
import { friendLists } from '../data/social/friends.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import { itemsByUser, trainedItems } from '../evaluation/ranking.ts';
import { parseTaskMetrics } from '../evaluation/task-metrics.ts';
import { continuationOf } from './continuation.ts';
import {
  evaluateScorer,
  hasTrainedTestUser,
  ofPart,
  requireCandidates,
  testDescription,
  validator,
} from './evaluate-ranking.ts';
import { requireRows } from './evaluate-rows.ts';
import { heldOutItems } from './held-out-items.ts';
import { pairValues } from './pair-values.ts';
import { holdsOut, validationAdvice, wholeForTraining, withoutValidation } from './prepare-split.ts';
import type { EvaluationOptions } from './ranking-settings.ts';
import type { Task } from './task.ts';

export interface RankingTaskOptions {
  readonly evaluation: EvaluationOptions;
  readonly seed: number;
  /** Whether the model looks at ratings or counts of the pairs. */
  readonly usesRatings: boolean;
  /** Whether the model is fitted at once, without epochs; default: no. Asked where training goes on. */
  readonly isFitted?: boolean;
}

/** @throws 'data' for a split without training rows, or whose rows name no users or items; 'config' for a metric of another task */
export function rankingTask(split: Split, options: RankingTaskOptions, model: string): Task<'pairs', EvaluationResult> {
  if (split.former && options.usesRatings)
    throw new DeepTasteError(
      'config',
      `from: ${model} weighs pairs by their ratings or counts, which a saved recommender does not keep; train it anew on all rows`,
    );
  if (split.train.length === 0)
    throw new DeepTasteError(
      'data',
      'train: the training part must hold interactions, found none; choose another split',
    );
  requireUsersAndItems(`train ${model}`, split.dataset);
  parseTaskMetrics([...options.evaluation.metrics, options.evaluation.validationMetric], 'ranking');
  requireCandidates(split, options.evaluation.candidates, 'test');
  return taskOf(split, options);
}

function taskOf(split: Split, options: RankingTaskOptions): Task<'pairs', EvaluationResult> {
  const { dataset, train, former } = split;
  const { evaluation, seed, usesRatings, isFitted } = options;
  const sizes = { nUsers: dataset.users.size, nItems: dataset.items.size };
  return {
    name: 'ranking',
    form: 'pairs',
    identity: { data: dataset.hash, split: split.description },
    sizes: { ...sizes, nInteractions: train.length },
    testSplit: () => {
      requireRows(split, 'test');
      return testDescription(split);
    },
    continuation: continuationOf(split),
    training: {},
    nTrained: train.length,
    nRows: dataset.interactions.length,
    data: () => {
      // what is fitted at once is fitted to all rows, those of a training before too
      if (former && isFitted) return { sizes, rows: trainedItems(split) };
      const rows = itemsByUser(split, train);
      const friends = dataset.social && friendLists(dataset.social, sizes.nUsers);
      const values = usesRatings ? pairValues(rows, train) : null;
      return { sizes, rows, values, friends, former: former?.seen, userFields: dataset.userFields };
    },
    validator: (engine) => {
      const validate = validator(engine, split, evaluation, seed);
      return validate && ((scorer) => validate((ranking) => ranking.rank(scorer.form)));
    },
    validation: { metric: evaluation.validationMetric, advice: validationAdvice(split) },
    isMeasured: evaluation.users !== 0 && hasTrainedTestUser(split),
    measure: (engine, scorer, _, part) => evaluateScorer(engine, scorer, split, ofPart(evaluation, part), seed, part),
    withoutValidation: () => (split.validation ? refitTask(split, options) : null),
    whole: () => (holdsOut(split) ? taskOf(wholeForTraining(split), options) : null),
    about: () => ({
      schema: dataset.schema,
      data: {
        name: dataset.name,
        hash: dataset.hash,
        nInteractions: dataset.interactions.length + (former?.nInteractions ?? 0),
      },
    }),
    parts: (weights) => {
      const { users, items, userFields, itemFields } = dataset;
      const seen = trainedItems(split);
      return { weights, users, items, userFields, itemFields, seen, heldOut: heldOutItems(split, seen) };
    },
  };
}

/** Trained on the validation rows too, measured as before: what was held out for validation is still no candidate of the test. */
function refitTask(split: Split, options: RankingTaskOptions): Task<'pairs', EvaluationResult> {
  const { isMeasured, measure } = taskOf(split, options);
  return { ...taskOf(withoutValidation(split), options), isMeasured, measure };
}
