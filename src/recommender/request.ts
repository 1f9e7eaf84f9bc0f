/** What a caller may ask a recommender for, checked before anything is computed. */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { type Id, idOf, idsOf, shownValue } from '../core/ids.ts';
import { parseOptions } from '../core/options.ts';
import { quotedNames } from '../core/shown.ts';
import type { Vocabulary } from '../data/vocabulary.ts';
import type { RowRecord } from './named-rows.ts';

/** Somebody to recommend to: a user of the data, somebody new by the items taken or by what describes them. */
export interface Request {
  /** A user of the data. */
  readonly user?: Id;
  /** Items that somebody took, the oldest first. */
  readonly history?: readonly Id[];
  /** Of models over feature fields: cells by the names of their columns, the context and what describes somebody new. */
  readonly row?: RowRecord;
}

export interface RecommendOptions {
  /** Number of items, default 10. */
  readonly k?: number;
  /**
   * Also return items that the person already took. Default: no; of models of sequences as they were measured, which is yes unless
   * they were measured with `filter: 'history'`, since people come back to what they looked at.
   */
  readonly includeSeen?: boolean;
  /** Items that may not be returned. */
  readonly exclude?: readonly Id[];
  /** Items of which some are to be returned, and no others. */
  readonly only?: readonly Id[];
  /**
   * A condition on the fields of items that the recommender keeps, which all returned items fulfil: `genre = 'Comedy' and year >= 1990`;
   * see docs/filters.md.
   */
  readonly where?: string;
  /** 1 for the items that may be returned, by dense index (`parts.items`) [all items]: for conditions that the caller keeps. */
  readonly among?: Uint8Array;
  /** Items that may not be returned, by dense index, ascending and distinct: the same for a few. */
  readonly without?: Int32Array;
  /** What to do when no item of a history, or nothing of a user, is known: say so (the default), or show what most people took and say that. */
  readonly whenEmpty?: 'error' | 'popularity';
}

/** What is wanted of lists for many users. */
export interface RecommendAllOptions extends Omit<RecommendOptions, 'whenEmpty' | 'without'> {
  /** Users of the data, each of whom is served once; default: all of them. */
  readonly users?: Iterable<Id>;
}

const k = z.int().min(1).default(10).meta({ doc: 'number of items' });
const ids = z.custom<readonly Id[]>((value) => typeof value === 'object' && value !== null, 'must be a list of ids');

const where = z.string().optional().meta({ doc: 'a condition on the fields of items' });

const among = z.instanceof(Uint8Array).optional().meta({ doc: '1 for the items that may be returned' });

const listOptions = z.strictObject({
  k,
  includeSeen: z.boolean().optional().meta({ doc: 'also return items that the person already took' }),
  exclude: ids.optional().meta({ doc: 'items that may not be returned' }),
  only: ids.optional().meta({ doc: 'items of which some are to be returned, and no others' }),
  where,
  among,
});

const recommendAllOptions = listOptions.extend({
  users: ids.optional().meta({ doc: 'users of the data; default: all of them' }),
});

const recommendOptions = listOptions.extend({
  without: z.instanceof(Int32Array).optional().meta({ doc: 'indices of items that may not be returned' }),
  whenEmpty: z.enum(['error', 'popularity']).default('error'),
});

const requestSchema = z.strictObject({
  user: z.unknown().optional(),
  history: z.unknown().optional(),
  row: z.custom<RowRecord>(isRow, 'must be an object of cells by the names of their columns').optional(),
});

export const similarOptions = z.strictObject({ k, where, among });

export const similarUsersOptions = z.strictObject({ k: k.meta({ doc: 'number of users' }) });

export interface SessionOptions {
  /** A user of the data, with whose history the session begins. */
  readonly user?: Id;
}

const sessionOptions = z.strictObject({ user: z.unknown().optional() });

/** @returns whose session it is; undefined = nobody's. @throws DeepTasteError `usage`: a key that is not known, an id that is none */
export function sessionOwner(options: unknown): string | undefined {
  const { user } = requestOptions(sessionOptions, options, 'startSession');
  return user === undefined ? undefined : idOf(user, 'startSession: the user');
}

/** @throws DeepTasteError `usage`: a key that is not known, with the nearest one; a value out of its range */
export function wantedOf(options: unknown): z.output<typeof recommendOptions> {
  return requestOptions(recommendOptions, options);
}

/** @throws DeepTasteError `usage`: as {@link wantedOf} */
export function wantedOfAll(options: unknown): z.output<typeof recommendAllOptions> {
  return requestOptions(recommendAllOptions, options, 'recommendAll');
}

export interface CheckedRequest {
  readonly user?: string;
  readonly history?: string[];
  readonly row?: RowRecord;
}

/** @throws DeepTasteError `usage`: nobody is asked for, a user and a history at once, ids that are none */
export function checkedRequest(request: unknown): CheckedRequest {
  const { user, history, row } = requestOptions(requestSchema, request ?? {}, 'recommend: the request');
  if (user === undefined && history === undefined && row === undefined)
    throw new DeepTasteError(
      'usage',
      'recommend: needs somebody to recommend to, found nobody; give { user: ID }, { history: [ID, …] } or { row: { … } }',
    );
  if (user !== undefined && history !== undefined)
    throw new DeepTasteError(
      'usage',
      'recommend: needs one person to recommend to, found a user and a history; give either of them',
    );
  return {
    ...(user !== undefined && { user: idOf(user, 'recommend: the user') }),
    ...(history !== undefined && { history: idsOf(history, 'recommend: the history') }),
    ...(row !== undefined && { row }),
  };
}

/**
 * Options with their defaults filled in. @param where opens the message
 * @throws DeepTasteError `usage`: a key that is not known, with the nearest one; a value out of its range
 */
export function requestOptions<S extends z.ZodType>(schema: S, options: unknown, where = 'recommend'): z.output<S> {
  return parseOptions(schema, options, where, 'usage');
}

/** How somebody is served of whom nothing is known, by what was asked (`whenEmpty: 'popularity'`). */
export const MOST_TAKEN = {
  history: 'no item of the history is known: what most people took',
  user: 'nothing is known of the user: what most people took',
} as const;

export function emptyHistory(): DeepTasteError {
  return new DeepTasteError(
    'usage',
    'recommend: the history must hold the id of at least one item, found none; to somebody of whom nothing is known ' +
      'show what most people took (whenEmpty: "popularity", or the model of that name)',
  );
}

/** A few ids, to show what they look like. */
export function examplesOf(vocabulary: Vocabulary): string {
  return quotedNames(vocabulary.idsFrom(0, 3));
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
