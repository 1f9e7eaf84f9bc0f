/** The task of ranking items for users, asked of models of sequences: a user's history goes on with the items that are ranked. */
import { ITEM_COUNTS } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import {
  type Dataset,
  type Interactions,
  joinInteractions,
  requireUsersAndItems,
  type Split,
} from '../data/dataset.ts';
import { sequencesOf } from '../data/sequences/from-interactions.ts';
import { itemSupport, selectEvents } from '../data/sequences/select-sequences.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import { HistoryTables } from '../evaluation/history-tables.ts';
import { parseTaskMetrics } from '../evaluation/task-metrics.ts';
import type { SequenceScorer } from '../scoring/sequence-scorer.ts';
import {
  evaluateRanking,
  hasTrainedTestUser,
  ofPart,
  type RankPart,
  testDescription,
  validator,
} from './evaluate-ranking.ts';
import { requireRows } from './evaluate-rows.ts';
import { holdsOut, validationAdvice, wholeForTraining, withoutValidation } from './prepare-split.ts';
import type { EvaluationOptions } from './ranking-settings.ts';
import type { Task } from './task.ts';

export interface HistoryTaskOptions {
  readonly evaluation: EvaluationOptions;
  readonly seed: number;
}

/** @throws 'data' for a split without training rows, or whose rows name no users or items; 'config' for a metric of another task */
export function rankingByHistoryTask(
  split: Split,
  options: HistoryTaskOptions,
  model: string,
): Task<'sequences', EvaluationResult> {
  const { evaluation, seed } = options;
  const { dataset, train } = split;
  if (train.length === 0)
    throw new DeepTasteError(
      'data',
      'train: the training part must hold interactions, found none; choose another split',
    );
  requireUsersAndItems(`train ${model}`, dataset);
  parseTaskMetrics([...evaluation.metrics, evaluation.validationMetric], 'ranking');
  const sequencesFrom = (interactions: Interactions) => sequencesByUser(dataset, interactions);
  const histories = (known: Sequences) => historiesOf(known, dataset.users.size, isTrained);
  const sequences = sequencesFrom(train);
  const support = itemSupport(sequences);
  const isTrained = Uint8Array.from(support, (n) => (n > 0 ? 1 : 0));
  const rankBy = (scorer: SequenceScorer, past: SparseRows) => rankAfter(scorer, past, isTrained);
  const again = (part: Split) => rankingByHistoryTask(part, options, model);
  const own: Task<'sequences', EvaluationResult> = {
    name: 'ranking',
    form: 'sequences',
    identity: { data: dataset.hash, split: split.description, task: 'ranking' },
    testSplit: () => {
      requireRows(split, 'test');
      return testDescription(split);
    },
    continuation: null,
    training: {},
    nTrained: train.length,
    nRows: dataset.interactions.length,
    data: () => sequences,
    validator: (engine) => {
      const validate = validator(engine, split, evaluation, seed);
      if (!validate) return undefined;
      const past = histories(sequences);
      return (scorer) => validate(rankBy(scorer, past));
    },
    validation: { metric: evaluation.validationMetric, advice: validationAdvice(split) },
    isMeasured: evaluation.users !== 0 && hasTrainedTestUser(split),
    measure: (engine, scorer, _, part = 'test') => {
      const rank = part === 'test' ? rankTestBy(split, scorer) : rankBy(scorer, histories(sequences));
      return evaluateRanking(engine, rank, split, ofPart(evaluation, part), seed, part);
    },
    // measured as before, as models of users and items are: the same users, and what is no candidate
    withoutValidation: () =>
      split.validation
        ? { ...again(withoutValidation(split)), isMeasured: own.isMeasured, measure: own.measure }
        : null,
    whole: () => (holdsOut(split) ? again(wholeForTraining(split)) : null),
    about: () => ({
      schema: dataset.schema,
      data: { name: dataset.name, hash: dataset.hash, nInteractions: dataset.interactions.length },
    }),
    parts: (weights) => {
      const { users, items, userFields, itemFields } = dataset;
      const seen = histories(sequencesFrom(dataset.interactions));
      return { weights: withCounts(weights, support), users, items, userFields, itemFields, seen };
    },
  };
  return own;
}

/** How a trained model ranks for the users of the test part: their histories are those of training and of validation. */
export function rankTestBy(
  { dataset, train, validation }: Pick<Split, 'dataset' | 'train' | 'validation'>,
  scorer: SequenceScorer,
): RankPart {
  const isTrained = Uint8Array.from(itemSupport(sequencesByUser(dataset, train)), (n) => (n > 0 ? 1 : 0));
  const known = sequencesByUser(dataset, validation ? joinInteractions(train, validation) : train);
  return rankAfter(scorer, historiesOf(known, dataset.users.size, isTrained), isTrained);
}

function rankAfter(scorer: SequenceScorer, past: SparseRows, isTrained: Uint8Array): RankPart {
  return (ranking) => ranking.rankOn(new HistoryTables(scorer, past, isTrained));
}

function sequencesByUser(dataset: Dataset, interactions: Interactions): Sequences {
  return sequencesOf({ ...dataset, interactions }, { by: 'user' }).sequences;
}

/** Items of every user that training knows, the oldest first; an item may occur again. */
function historiesOf(sequences: Sequences, nUsers: number, isTrained: Uint8Array): SparseRows {
  const { start, items, owner } = selectEvents(sequences, (event) => isTrained[sequences.items[event]] === 1);
  const rowStart = new Int32Array(nUsers + 1);
  const owners = owner ?? new Int32Array(0);
  owners.forEach((user, s) => {
    rowStart[user + 1] = start[s + 1] - start[s];
  });
  for (let user = 0; user < nUsers; user++) rowStart[user + 1] += rowStart[user];
  const columns = new Int32Array(items.length);
  owners.forEach((user, s) => {
    columns.set(items.subarray(start[s], start[s + 1]), rowStart[user]);
  });
  return { nRows: nUsers, rowStart, columns };
}

function withCounts(weights: NamedTensors, support: ArrayLike<number>): NamedTensors {
  const counts = Float32Array.from(support);
  return new Map([...weights, [ITEM_COUNTS, { shape: [counts.length], data: counts }]]);
}
