/** The tasks of predicting labels or ratings of rows, and of ranking items by what describes users and items. */
import { createHash } from 'node:crypto';
import { formerTableRows } from '../data/features/extend-features.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { type HeldOutPart, trainedItems } from '../evaluation/ranking.ts';
import type { Result } from '../evaluation/result.ts';
import type { RowPredictor } from '../scoring/row-scorer.ts';
import { continuationOf } from './continuation.ts';
import { testDescription } from './evaluate-ranking.ts';
import { evaluatePredictions, requireRows, validationOfRows } from './evaluate-rows.ts';
import { heldOutItems } from './held-out-items.ts';
import { encodePart, type FieldData, fieldDataOf } from './prepare-fields.ts';
import { holdsOut, validationAdvice, wholeForTraining, withoutValidation } from './prepare-split.ts';
import { evaluateFieldRanking, validationOfRanking } from './rank-by-fields.ts';
import type { FieldRunSettings } from './row-settings.ts';
import type { Task } from './task.ts';
import { untrainedNotes } from './untrained-notes.ts';

export type RowTaskSettings = Pick<FieldRunSettings, 'evaluation' | 'features' | 'seed'>;

export function rowsTask(data: FieldData, settings: RowTaskSettings): Task<'rows', Result> {
  const { split, encoder, task, offset, ratingRange, former } = data;
  const { dataset, train } = split;
  const again = (part: FieldData['split']) => rowsTask(fieldDataOf(part, { ...settings, task }, former), settings);
  return {
    name: task,
    form: 'rows',
    identity: {
      data: dataset.hash,
      split: split.description,
      features: createHash('sha256').update(JSON.stringify(encoder)).digest('hex'),
    },
    testSplit: () => {
      requireRows(split, 'test');
      return testDescription(split);
    },
    continuation: continuationOf(split),
    training: { task: task === 'rating' ? 'regression' : task },
    nTrained: train.length,
    nRows: dataset.interactions.length,
    data: () => ({ layout: encoder.layout, examples: encodePart(data, train), former: split.former?.seen }),
    validator: (engine) => validatorOf(engine, data, settings.seed),
    validation: { metric: data.evaluation.validationMetric, advice: validationAdvice(split) },
    isMeasured: (split.test?.length ?? 0) > 0 && data.evaluation.users !== 0,
    measure: (engine, scorer, _, part) => measureRows(engine, data, scorer, settings.seed, part),
    withoutValidation: () => (split.validation ? again(withoutValidation(split)) : null),
    whole: () => (holdsOut(split) ? again(wholeForTraining(split)) : null),
    about: () => ({
      schema: dataset.schema,
      data: {
        name: dataset.name,
        hash: dataset.hash,
        nInteractions: dataset.interactions.length + (split.former?.nInteractions ?? 0),
      },
    }),
    formerRows: former && (() => formerTableRows(former.encoder, encoder)),
    parts: (weights) => {
      const { users, items, userFields, itemFields, unnamed = [] } = dataset;
      const seen = trainedItems(split);
      const fields = { encoder, task, offset, ratingRange, unnamed: [...unnamed] };
      return { weights, fields, users, items, userFields, itemFields, seen, heldOut: heldOutItems(split, seen) };
    },
  };
}

/** Measures a held-out part. @throws 'data' when there is none */
export function measureRows(
  engine: Engine,
  data: FieldData,
  scorer: RowPredictor,
  seed: number,
  part: HeldOutPart = 'test',
): Result {
  if (data.task === 'ranking') return evaluateFieldRanking(engine, data, scorer.ranking, seed, part);
  const rows = requireRows(data.split, part);
  const examples = encodePart(data, rows);
  const started = performance.now();
  const outputs = scorer.logits(examples);
  const seconds = (performance.now() - started) / 1000;
  const result = evaluatePredictions(engine, data, outputs, { part, seed, seconds });
  const notes = [...(result.notes ?? []), ...untrainedNotes(data.split, rows, part, namedBy(data))];
  return notes.length > 0 ? { ...result, notes } : result;
}

/** Whether the fields of the model hold the ids of users and items. */
function namedBy({ split, encoder }: FieldData): ('user' | 'item')[] {
  const isNamed = (owner: 'user' | 'item') =>
    !split.dataset.unnamed?.includes(owner) &&
    encoder.fitted.fields.some((field) => field.owner === owner && field.source === 'id');
  return (['user', 'item'] as const).filter(isNamed);
}

function validatorOf(engine: Engine, data: FieldData, seed: number): ((scorer: RowPredictor) => number) | undefined {
  const { validation } = data.split;
  if (!validation || validation.length === 0 || data.evaluation.users === 0) return undefined;
  if (data.task === 'ranking') {
    const measure = validationOfRanking(engine, data, seed);
    return ({ ranking }) => measure(ranking);
  }
  const examples = encodePart(data, validation);
  const measure = validationOfRows(data);
  return ({ logits }) => measure(logits(examples));
}
