/** The columns of a data set that can become fields: ids, what describes users and items, and the context of rows. */

import { splitList } from '../context-columns.ts';
import type { Dataset, Field, FieldTable, Interactions } from '../dataset.ts';
import type { ColumnKind } from '../schema.ts';
import {
  type CategoricalColumn,
  categoricalColumn,
  type MultiColumn,
  multiColumn,
  type NumericColumn,
  numericColumn,
  type ValueColumn,
} from '../value-columns.ts';
import type { FieldOwner } from './field-rows.ts';

/** Where a field's cells are found in any data set with the same columns. */
interface ColumnRef {
  readonly owner: FieldOwner;
  /** `id` = the user or item itself, `time` = the time of the row. */
  readonly source: 'id' | 'field' | 'time';
  readonly name: string;
}

export interface FeatureColumn extends ColumnRef {
  /** The name that options and records use: the column's, or `owner.name` where two columns have one name. */
  readonly key: string;
  readonly kind: ColumnKind;
}

/** User columns first, then item, then context; each owner's id before its fields. */
export function featureColumns(dataset: Dataset): FeatureColumn[] {
  const { unnamed, userFields, itemFields, interactions } = dataset;
  const columns: Omit<FeatureColumn, 'key'>[] = [];
  for (const owner of ['user', 'item'] as const) {
    if (!unnamed?.includes(owner))
      columns.push({ owner, source: 'id', name: roleName(dataset, owner) ?? owner, kind: 'id' });
    const { fields } = owner === 'user' ? userFields : itemFields;
    for (const { name, kind } of fields)
      columns.push({ owner, source: 'field', name, kind: statedKind(dataset, owner, name) ?? kind });
  }
  for (const { name, kind } of interactions.context ?? [])
    columns.push({ owner: 'context', source: 'field', name, kind });
  if (interactions.time)
    columns.push({ owner: 'context', source: 'time', name: roleName(dataset, 'time') ?? 'time', kind: 'time' });
  return withKeys(columns);
}

function withKeys(columns: readonly Omit<FeatureColumn, 'key'>[]): FeatureColumn[] {
  const count = new Map<string, number>();
  for (const { name } of columns) count.set(name, (count.get(name) ?? 0) + 1);
  return columns.map((column) => {
    const { owner, name } = column;
    return { ...column, key: count.get(name) === 1 ? name : `${owner}.${name}` };
  });
}

function roleName({ schema }: Dataset, role: 'user' | 'item' | 'time'): string | undefined {
  return schema.columns.find((column) => column.role === role && column.owner === 'interaction')?.name;
}

/** Side information is kept as texts or numbers; that some are times stands in the schema. */
function statedKind({ schema }: Dataset, owner: 'user' | 'item', name: string): ColumnKind | undefined {
  const column = schema.columns.find((each) => each.owner === owner && each.name === name && each.role === 'field');
  return column?.kind === 'time' ? 'time' : undefined;
}

/** Side information and ids of a user or item column; null when the data set does not have it. */
export function entityColumn({ owner, source, name }: ColumnRef, dataset: Dataset): ValueColumn | null {
  const ids = owner === 'user' ? dataset.users : dataset.items;
  if (source === 'id') {
    const index = Int32Array.from({ length: ids.size }, (_, row) => row);
    return { name, kind: 'categorical', values: ids.ids, index };
  }
  const table: FieldTable = owner === 'user' ? dataset.userFields : dataset.itemFields;
  const field = table.fields.find((each) => each.name === name);
  const isTime = statedKind(dataset, owner === 'user' ? 'user' : 'item', name) === 'time';
  return field ? columnOfField(field, isTime ? 'time' : 'numeric') : null;
}

function columnOfField(field: Field, ofNumbers: NumericColumn['kind']): ValueColumn {
  if (field.kind === 'numeric') return numericColumn(field.name, field.values, ofNumbers);
  return field.kind === 'multi' ? multiColumn(field.name, field.values) : categoricalColumn(field.name, field.values);
}

/** A context column; null when the rows do not have it. */
export function contextColumn({ source, name }: ColumnRef, interactions: Interactions): ValueColumn | null {
  if (source === 'time') return interactions.time && { name, kind: 'time', value: interactions.time };
  return interactions.context?.find((column) => column.name === name) ?? null;
}

/** A column in which every cell is missing. */
export function missingColumn(name: string, nRows: number): CategoricalColumn {
  return { name, kind: 'categorical', values: [], index: new Int32Array(nRows).fill(-1) };
}

/** Numbers as they are; texts are read as numbers, and as dates when times are wanted; what is none is missing. */
export function asNumbers(column: ValueColumn, kind: NumericColumn['kind']): NumericColumn {
  if ('value' in column) return column;
  const ofValue = column.values.map((text) => readNumber(text, kind));
  const { name } = column;
  if (column.kind === 'categorical') {
    const numbers = Array.from(column.index, (value) => (value < 0 ? null : ofValue[value]));
    return numericColumn(name, numbers, kind);
  }
  const { rowStart, index } = column;
  const firsts = Array.from({ length: rowStart.length - 1 }, (_, row) =>
    rowStart[row] < rowStart[row + 1] ? ofValue[index[rowStart[row]]] : null,
  );
  return numericColumn(name, firsts, kind);
}

/** A text as a number; for times, dates in ISO 8601 count too, UTC where they name no zone. NaN = neither. */
function readNumber(text: string, kind: NumericColumn['kind']): number {
  const trimmed = text.trim();
  if (trimmed === '') return Number.NaN;
  const number = Number(trimmed);
  if (!Number.isNaN(number) || kind === 'numeric') return number;
  const isZoned = /(Z|[-+]\d\d:?\d\d)$/i.test(trimmed) || /^\d{4}-\d\d-\d\d$/.test(trimmed);
  return Date.parse(isZoned ? trimmed : `${trimmed.replace(' ', 'T')}Z`) / 1000;
}

/** Categories as they are; numbers become the texts that JavaScript writes for them, in ascending order. */
export function asCategories(
  column: ValueColumn,
  textOf: (x: number) => string = String,
): CategoricalColumn | MultiColumn {
  if (column.kind === 'categorical' || column.kind === 'multi') return column;
  const { name, value } = column;
  const distinct = Float64Array.from(new Set<number>(value as Iterable<number>))
    .filter((x) => !Number.isNaN(x))
    .sort();
  const texts = [...new Set(Array.from(distinct, textOf))];
  const numberOfText = new Map(texts.map((text, k) => [text, k]));
  const numberOf = new Map(Array.from(distinct, (x) => [x, numberOfText.get(textOf(x))!]));
  const index = new Int32Array(value.length);
  for (let row = 0; row < value.length; row++) index[row] = numberOf.get(value[row]) ?? -1;
  return { name, kind: 'categorical', values: texts, index };
}

/** One cell of a record: text, number, boolean, date or list; undefined, null, '' and NaN are missing. */
export function cellColumn(
  name: string,
  cell: unknown,
  kind: 'categorical' | 'multi' | 'numeric' | 'time',
): ValueColumn {
  if (kind === 'multi') {
    const parts = Array.isArray(cell)
      ? cell.map((part) => textOfCell(part) ?? '')
      : splitList(textOfCell(cell) ?? '', '|');
    return multiColumn(name, [parts.filter((part) => part !== '')]);
  }
  if (kind === 'categorical') return categoricalColumn(name, [textOfCell(Array.isArray(cell) ? cell[0] : cell)]);
  if (cell instanceof Date) return numericColumn(name, [cell.getTime() / 1000], kind);
  if (typeof cell === 'boolean') return numericColumn(name, [Number(cell)], kind);
  return numericColumn(name, [typeof cell === 'number' ? cell : readNumber(textOfCell(cell) ?? '', kind)], kind);
}

function textOfCell(cell: unknown): string | null {
  if (cell === undefined || cell === null || (typeof cell === 'number' && Number.isNaN(cell))) return null;
  const text = cell instanceof Date ? cell.toISOString() : String(cell).trim();
  return text === '' ? null : text;
}
