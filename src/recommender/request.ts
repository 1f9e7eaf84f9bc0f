/** What a caller may ask a recommender for, checked before anything is computed. */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { idsOf, shownValue } from '../core/ids.ts';
import { parseOptions } from '../core/options.ts';
import type { RowRecord } from './named-rows.ts';

const k = z.int().min(1).default(10).meta({ doc: 'number of items' });
const includeSeen = z.boolean().optional();
const row = z.custom<RowRecord>(isRow, 'must be an object of cells by the names of their columns').optional();

/** What a list of recommendations can be asked for. */
export const recommendOptions = z.strictObject({
  k,
  includeSeen: includeSeen.meta({ doc: 'also return items the person already took; default: no' }),
});

/** As {@link recommendOptions}, of a model over feature fields. */
export const fieldRecommendOptions = recommendOptions.extend({ row });

/** As {@link recommendOptions}, of what comes next. */
export const continueOptions = z.strictObject({
  k,
  includeSeen: includeSeen.meta({ doc: 'also return items of the history; default: as the model was measured' }),
  whenEmpty: z.enum(['error', 'popularity']).default('error'),
});

/**
 * Options with their defaults filled in. @param where opens the message
 * @throws DeepTasteError `usage`: a key that is not known, with the nearest one; a value out of its range
 */
export function requestOptions<S extends z.ZodType>(schema: S, options: unknown, where = 'recommend'): z.output<S> {
  return parseOptions(schema, options, where, 'usage');
}

/** The ids of a history that holds at least one. @throws DeepTasteError `usage` */
export function historyOf(itemIds: unknown): string[] {
  const ids = idsOf(itemIds, 'recommend: the history');
  if (ids.length > 0) return ids;
  throw emptyHistory();
}

export function emptyHistory(): DeepTasteError {
  return new DeepTasteError(
    'usage',
    'recommend: the history must hold the id of at least one item, found none; to somebody of whom nothing is known ' +
      'show what most people took (the model "popularity")',
  );
}

/** Rows to predict. @throws DeepTasteError `usage` when it is no list of objects */
export function rowsOf(rows: unknown, where = 'predict'): RowRecord[] {
  if (!Array.isArray(rows)) {
    const advice = isRow(rows) ? '; give a list: [row]' : '';
    throw new DeepTasteError('usage', `${where}: must be given a list of rows, found ${shownValue(rows)}${advice}`);
  }
  return rows.map((each, n) => rowRecord(each, `${where}: row ${n + 1}`));
}

/** One row. @throws DeepTasteError `usage` */
export function rowRecord(value: unknown, where: string): RowRecord {
  if (isRow(value)) return value;
  throw new DeepTasteError(
    'usage',
    `${where}: must be an object of cells by the names of their columns, found ${shownValue(value)}`,
  );
}

function isRow(value: unknown): value is RowRecord {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && !Array.isArray(value) && !(value instanceof Map) && !(value instanceof Date);
}
