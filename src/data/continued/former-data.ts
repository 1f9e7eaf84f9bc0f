/** What a saved recommender keeps of the data of its training, and how new data are written in its ids. */
import { createHash } from 'node:crypto';
import { DeepTasteError } from '../../core/errors.ts';
import { quotedName } from '../../core/shown.ts';
import type { Field, FieldTable } from '../dataset.ts';
import type { Schema } from '../schema.ts';
import type { SparseRows } from '../sparse-rows.ts';
import type { Vocabulary } from '../vocabulary.ts';

/** The parts of a recommender with which training goes on. */
export interface FormerData {
  readonly info: {
    readonly schema: Schema;
    readonly data: { readonly name: string; readonly hash: string; readonly nInteractions: number };
  };
  readonly users: Vocabulary;
  readonly items: Vocabulary;
  readonly userFields: FieldTable;
  readonly itemFields: FieldTable;
  /** What each user took in training; of models of sequences the history, the oldest first. */
  readonly seen: SparseRows;
  /** What each user took in rows that training did not have. */
  readonly heldOut?: SparseRows;
}

/** Users or items. */
interface Entities {
  readonly ids: Vocabulary;
  readonly fields: FieldTable;
}

/** Those of a former training, in their order, and behind them the new ones. */
export interface JoinedEntities extends Entities {
  /** The joined index of each of the new data [own.ids.size]. */
  readonly indexOf: Int32Array;
  readonly nFormer: number;
}

/** What new data say of somebody goes before what was known. @throws 'data' when a field holds something else than before */
export function joinEntities(former: Entities, own: Entities): JoinedEntities {
  const ids = former.ids.with(own.ids.ids);
  const indexOf = Int32Array.from(own.ids.ids, (id) => ids.indexOf(id) as number);
  return { ids, indexOf, nFormer: former.ids.size, fields: joinFields(former.fields, own.fields, indexOf, ids.size) };
}

function joinFields(former: FieldTable, own: FieldTable, indexOf: Int32Array, nRows: number): FieldTable {
  const names = [...new Set([...former.fields, ...own.fields].map(({ name }) => name))];
  const fields = names.map((name): Field => {
    const before = former.fields.find((field) => field.name === name);
    const now = own.fields.find((field) => field.name === name);
    const { kind } = (before ?? now) as Field;
    const values: unknown[] = new Array(nRows).fill(null);
    before?.values.forEach((value, row) => {
      values[row] = value;
    });
    now?.values.forEach((value, row) => {
      if (value !== null) values[indexOf[row]] = asKind(kind, value, name);
    });
    return { name, kind, values } as Field;
  });
  return { nRows, fields, title: former.title ?? own.title };
}

/** A cell as the former training read such cells. */
function asKind(kind: Field['kind'], value: string | number | readonly string[], name: string): unknown {
  if (kind === 'multi') return typeof value === 'object' ? value : [String(value)];
  if (kind !== 'numeric') return typeof value === 'object' ? value.join('|') : String(value);
  if (typeof value === 'number') return value;
  throw new DeepTasteError(
    'data',
    `from: field ${quotedName(name)} must hold numbers as in the saved run, found ${quotedName(String(value))}; mend the file, or train anew`,
    { field: name },
  );
}

/** Rows of users of a former training, or of all. */
export function withRows({ nRows, rowStart, columns }: SparseRows, n: number): SparseRows {
  const longer = new Int32Array(n + 1).fill(columns.length);
  longer.set(rowStart.subarray(0, nRows + 1));
  return { nRows: n, rowStart: longer, columns };
}

/** Names both data together. */
export function joinedHash(former: string, own: string): string {
  return createHash('sha256').update(`${former} ${own}`).digest('hex');
}

/** Columns that the new data do not have stay known: they tell which numbers are times. */
export function joinedSchema(former: Schema, own: Schema): Schema {
  const isOwn = new Set(own.columns.map(({ owner, name }) => `${owner} ${name}`));
  const kept = former.columns.filter(({ owner, name }) => owner !== 'interaction' && !isOwn.has(`${owner} ${name}`));
  return { columns: [...own.columns, ...kept.filter(({ role }) => role === 'field' || role === 'title')] };
}
