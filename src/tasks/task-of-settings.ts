/** The task of a run of models of users and items, or of sequences: of a split that is there and the settings of the run. */
import type { Split } from '../data/dataset.ts';
import type { SequenceSplit } from '../data/sequences/sequence-data.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import { findModel } from '../models/index.ts';
import { type NextItemTaskOptions, nextItemTask } from './next-item.ts';
import { rankingTask } from './ranking.ts';
import { rankingByHistoryTask } from './ranking-by-history.ts';
import type { RunSettings } from './ranking-settings.ts';
import { usesRatings } from './ratings-note.ts';
import type { Task } from './task.ts';

/** Ranking for users; models of sequences rank by the users' histories. @throws as `rankingTask` */
export function rankingTaskOf(
  split: Split,
  { model, config, evaluation, seed }: Pick<RunSettings, 'model' | 'config' | 'evaluation' | 'seed'>,
): Task<'pairs', EvaluationResult> | Task<'sequences', EvaluationResult> {
  if (readsHistories({ model })) return rankingByHistoryTask(split, { evaluation, seed }, model);
  const options = { evaluation, seed, usesRatings: usesRatings({ model, config }), isFitted: isFitted(model) };
  return rankingTask(split, options, model);
}

/** Whether a model that is asked to rank goes on from the rows of users in the order of their times. */
export function readsHistories({ model }: Pick<RunSettings, 'model'>): boolean {
  return findModel(model).form === 'sequences';
}

/** @throws as `nextItemTask` */
export function nextItemTaskOf(
  split: SequenceSplit,
  { model, evaluation, seed }: Omit<NextItemTaskOptions, 'isFitted'> & { readonly model: string },
): Task<'sequences', EvaluationResult> {
  return nextItemTask(split, { evaluation, seed, isFitted: isFitted(model) });
}

function isFitted(model: string): boolean {
  return findModel(model).learn.by === 'solver';
}
