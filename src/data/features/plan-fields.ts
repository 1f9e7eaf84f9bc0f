/** Which fields a data set gets: those that were asked for, and a sensible one for each other column. */
import type { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import type { ValueColumn } from '../value-columns.ts';
import type { FeatureColumn } from './feature-columns.ts';
import { fieldOptions, type ResolvedFeatureOptions } from './feature-options.ts';
import type { EncodingOptions } from './fit-encoding.ts';

export interface PlannedField {
  readonly name: string;
  readonly column: FeatureColumn;
  readonly options: EncodingOptions;
  /** Only crosses use it. */
  readonly crossOnly: boolean;
}

/** A column that becomes no field, and why. */
export interface UnusedColumn {
  readonly column: FeatureColumn;
  readonly reason: string;
}

interface FieldPlan {
  readonly fields: readonly PlannedField[];
  readonly unused: readonly UnusedColumn[];
}

/**
 * @param valuesOf the cells of a column, looked at where its name does not settle what it is
 * @throws DeepTasteError `config`: a field names a column that is not there, or one whose cells it cannot encode
 */
export function planFields(
  columns: readonly FeatureColumn[],
  options: ResolvedFeatureOptions,
  valuesOf: (column: FeatureColumn) => ValueColumn,
): FieldPlan {
  const fields: PlannedField[] = [];
  const unused: UnusedColumn[] = [];
  const told = toldFields(columns, options);
  for (const column of columns) {
    const own = told.filter((each) => each.column === column);
    for (const { name, field } of own) {
      if (field.encode === 'none') {
        unused.push({ column, reason: 'left out as told' });
        continue;
      }
      checkFits(name, column, field);
      fields.push({ name, column, options: field, crossOnly: field.crossOnly });
    }
    if (own.some(({ name }) => name === column.key)) continue;
    const guess = guessFields(column, options, () => valuesOf(column));
    if (typeof guess === 'string') {
      if (own.length === 0) unused.push({ column, reason: guess });
    } else fields.push(...guess.map(({ suffix = '', ...field }) => ({ name: column.key + suffix, column, ...field })));
  }
  return { fields, unused };
}

function toldFields(columns: readonly FeatureColumn[], { fields }: ResolvedFeatureOptions) {
  const keys = columns.map(({ key }) => key);
  return Object.entries(fields).map(([name, field]) => {
    const key = field.column ?? name;
    const column = columns.find((each) => each.key === key);
    if (column) return { name, field, column };
    throw new DeepTasteError(
      'config',
      `features: field "${name}": there is no column "${key}"${suggestion(key, keys)}`,
      {
        column: key,
        columns: keys,
      },
    );
  });
}

const numericEncodings = ['standard', 'log', 'value', 'quantile', 'buckets', 'log2'];

function checkFits(name: string, { key, kind }: FeatureColumn, { encode }: EncodingOptions): void {
  const isNumber = kind === 'numeric' || kind === 'time';
  const isCalendar = encode === 'hour' || encode === 'weekday';
  if (isCalendar && kind !== 'time' && kind !== 'numeric')
    throw unfit(name, key, encode, 'times', kind, 'category, hash or none');
  if (numericEncodings.includes(encode) && !isNumber)
    throw unfit(name, key, encode, 'numbers', kind, 'category, hash or none');
}

function unfit(
  name: string,
  key: string,
  encode: string,
  needs: string,
  kind: string,
  choices: string,
): DeepTasteError {
  return new DeepTasteError(
    'config',
    `features: field "${name}": encode ${encode} needs ${needs}, column "${key}" is ${kind}; choose ${choices}`,
    { field: name, encode, kind },
  );
}

/** Names of numbers that stand for things rather than amounts. */
const codeName =
  /(^|[_ .])(id|code|zip|zip_?code|post_?code|postal_?code|city|country|region|state|type|category|brand|class|gender|sex|os|device|browser)$/i;

/** So few different whole numbers are categories, such as months, hours or grades. */
const fewNumbers = 32;

interface GuessedField {
  readonly suffix?: string;
  readonly options: EncodingOptions;
  readonly crossOnly: false;
}

/** What a column becomes when nothing is said about it; a text says why it becomes nothing. */
function guessFields(
  { owner, source, name, kind }: FeatureColumn,
  options: ResolvedFeatureOptions,
  values: () => ValueColumn,
): GuessedField[] | string {
  if (source === 'id') {
    if (owner === 'user' ? !options.userId : !options.itemId) return 'left out as told';
    return [guessed({ encode: 'category', minCount: 1 })];
  }
  if (source === 'time') return 'the time of the row; give it a field with encode hour or weekday';
  if (kind === 'text') return 'long texts become fields only as told';
  if (kind === 'time' && owner === 'context') {
    const weekday = guessed({ encode: 'weekday' }, '.weekday');
    return holdsDaysOnly(values()) ? [weekday] : [guessed({ encode: 'hour' }, '.hour'), weekday];
  }
  // The day somebody joined says how long ago that was, rather than that it was a Monday.
  const isAmount = kind === 'time' || (kind === 'numeric' && !codeName.test(name) && !holdsFewWholeNumbers(values()));
  return [guessed({ encode: isAmount ? options.numeric : 'category' })];
}

function guessed(options: z.input<typeof fieldOptions>, suffix?: string): GuessedField {
  return { options: fieldOptions.parse(options) as EncodingOptions, crossOnly: false, ...(suffix && { suffix }) };
}

function holdsDaysOnly(column: ValueColumn): boolean {
  return 'value' in column && column.value.every((x: number) => Number.isNaN(x) || x % 86_400 === 0);
}

function holdsFewWholeNumbers(column: ValueColumn): boolean {
  if (!('value' in column)) return false;
  const distinct = new Set<number>();
  for (const x of column.value) {
    if (Number.isNaN(x)) continue;
    if (!Number.isInteger(x)) return false;
    distinct.add(x);
    if (distinct.size > fewNumbers) return false;
  }
  return true;
}
