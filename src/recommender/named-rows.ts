/** Rows by the names of their columns, as a caller gives them, and as a model reads them. */

import type { FieldParts, RecommenderParts } from '../artifact/recommender-parts.ts';
import type { Dataset } from '../data/dataset.ts';
import type { EncodedRow } from '../data/features/feature-encoder.ts';
import type { FieldExamples } from '../data/features/field-examples.ts';
import type { FieldRows } from '../data/features/field-rows.ts';

/** Column → cell: text, number, boolean, date or list; what is absent is missing. */
export type RowRecord = Readonly<Record<string, unknown>>;

export interface RowPrediction {
  /** The probability of a click, or the rating, clipped where the model was measured so. */
  readonly value: number;
  /** What the model gives: a logit, or the rating as it is. */
  readonly output: number;
  /** Cells that are missing or were never seen in training, names that are no field. */
  readonly notes: readonly string[];
}

/** Users, items and what describes them, as the encoder reads them from a data set. */
export function entitiesOf({
  info,
  users,
  items,
  userFields,
  itemFields,
}: Pick<RecommenderParts, 'info' | 'users' | 'items' | 'userFields' | 'itemFields'>): Dataset {
  const none = new Int32Array(0);
  return {
    name: info.data.name,
    hash: info.data.hash,
    schema: info.schema,
    users,
    items,
    userFields,
    itemFields,
    interactions: { length: 0, userIndex: none, itemIndex: none, rating: null, time: null, session: null },
    social: null,
    warnings: [],
  };
}

/** Fills in what is known of the user and the item that a row names, where the row does not say it. */
export function rowCompleter(parts: FieldParts): (record: RowRecord) => RowRecord {
  const { fields } = parts.fields.encoder.fitted;
  const owners = (['user', 'item'] as const).map((owner) => {
    const own = fields.filter((field) => field.owner === owner && field.source === 'field');
    const table = owner === 'user' ? parts.userFields : parts.itemFields;
    return {
      key: idKey(parts, owner),
      vocabulary: owner === 'user' ? parts.users : parts.items,
      columns: own.map(({ key, column }) => ({
        key,
        values: table.fields.find(({ name }) => name === column)?.values,
      })),
    };
  });
  return (record) => {
    const completed: Record<string, unknown> = {};
    for (const { key, vocabulary, columns } of owners) {
      const named = key === null ? null : (record[key] ?? null);
      const index = named === null ? undefined : vocabulary.indexOf(String(named));
      if (index === undefined) continue;
      for (const column of columns) completed[column.key] = column.values?.[index] ?? undefined;
    }
    return { ...completed, ...record };
  };
}

/** The name under which rows give the user or the item: that of the id field, else of the id column. */
export function idKey({ fields, info }: FieldParts, owner: 'user' | 'item'): string | null {
  const { encoder, unnamed } = fields;
  if (unnamed.includes(owner)) return null;
  const field = encoder.fitted.fields.find((each) => each.owner === owner && each.source === 'id');
  return field?.key ?? info.schema.columns.find(({ role }) => role === owner)?.name ?? null;
}

/** Encoded rows as examples: row r has user r and item r. */
export function examplesOfRows(rows: readonly EncodedRow[]): FieldExamples {
  const own = Int32Array.from({ length: rows.length }, (_, row) => row);
  const stacked = (part: 'user' | 'item' | 'context' | 'crosses') => stackedRows(rows.map((row) => row[part]));
  return {
    nRows: rows.length,
    user: own,
    item: own,
    label: new Float32Array(rows.length),
    users: stacked('user'),
    items: stacked('item'),
    context: stacked('context'),
    crosses: stacked('crosses'),
  };
}

/** Encoded rows under each other. */
export function stackedRows(rows: readonly FieldRows[]): FieldRows {
  const { slots, value } = rows[0];
  const index = new Int32Array(rows.length * slots);
  const values = value && new Float32Array(index.length);
  rows.forEach((row, r) => {
    index.set(row.index, r * slots);
    if (row.value) values?.set(row.value, r * slots);
  });
  return { nRows: rows.length, slots, index, value: values };
}

/** One row, n times. */
export function repeatedRow({ slots, index, value }: FieldRows, n: number): FieldRows {
  const indices = new Int32Array(n * slots);
  const values = value && new Float32Array(n * slots);
  for (let row = 0; row < n; row++) {
    indices.set(index, row * slots);
    if (value) values?.set(value, row * slots);
  }
  return { nRows: n, slots, index: indices, value: values };
}
