/**
 * The tables of an artifact: who the users and items are, what is known about them, what each user took in training, and
 * how well each user was served. Dense indices are written too, so that the files can be queried on their own.
 *
 *   users.parquet, items.parquet   index INTEGER, id VARCHAR, then one column a field
 *   seen.parquet                   user INTEGER, item INTEGER; users ascend, a user's items keep their order
 *   per-user.parquet               user INTEGER, then one DOUBLE column a metric
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { assert, DeepTasteError } from '../core/errors.ts';
import type { Field, FieldTable } from '../data/dataset.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import { Vocabulary } from '../data/vocabulary.ts';
import { readParquet, type WantedColumn } from './parquet-reader.ts';
import { type ColumnType, type Integers, type ParquetColumn, type Texts, writeParquet } from './parquet-writer.ts';

/** Metric values of the evaluated users, by metric name, e.g. `ndcg@10`; NaN where a metric is not defined. */
export interface PerUserValues {
  readonly userIndex: Int32Array; // [n]
  readonly metrics: ReadonlyMap<string, Float64Array>; // each [n]
}

/** How a list of fields is laid out in its file; part of the manifest. */
export interface TableLayout {
  readonly rows: number;
  /** In order. `column` is the field's name, or a variant where Parquet readers could not tell two columns apart. */
  readonly fields: readonly { readonly name: string; readonly kind: Field['kind']; readonly column: string }[];
  readonly title: string | null;
  /** Of ids: see {@link Vocabulary.ignoresCase}; absent = they are as they stand. */
  readonly ignoresCase?: boolean;
}

const columnTypes: Readonly<Record<Field['kind'], ColumnType>> = {
  categorical: 'text',
  text: 'text',
  numeric: 'number',
  multi: 'texts',
};

/** Distinct column names that differ in more than case from each other and from the reserved ones. */
export function columnNames(names: readonly string[], reserved: readonly string[]): string[] {
  const taken = new Set(reserved.map((name) => name.toLowerCase()));
  return names.map((name) => {
    const base = name === '' || name.includes('\0') ? 'field' : name;
    let column = base;
    for (let n = 2; taken.has(column.toLowerCase()); n++) column = `${base}_${n}`;
    taken.add(column.toLowerCase());
    return column;
  });
}

/** Writes a vocabulary and its fields; the layout goes into the manifest. @throws DeepTasteError `data`, `io` */
export async function writeEntities(
  connection: DuckDBConnection,
  path: string,
  vocabulary: Vocabulary,
  table: FieldTable,
): Promise<TableLayout> {
  assert(table.nRows === vocabulary.size, `${table.nRows} rows of fields for ${vocabulary.size} ids`);
  const columns = columnNames(
    table.fields.map(({ name }) => name),
    ['index', 'id'],
  );
  await writeParquet(connection, path, [
    { name: 'index', type: 'integer', values: Int32Array.from({ length: vocabulary.size }, (_, index) => index) },
    { name: 'id', type: 'text', values: textsOf(vocabulary) },
    ...table.fields.map((field, f) => fieldColumn(field, columns[f], table.nRows)),
  ]);
  const fields = table.fields.map(({ name, kind }, f) => ({ name, kind, column: columns[f] }));
  return { rows: table.nRows, fields, title: table.title, ...(vocabulary.ignoresCase && { ignoresCase: true }) };
}

/** The ids as strings a few at a time. */
function textsOf(vocabulary: Vocabulary): Texts {
  return { length: vocabulary.size, slice: (from, to) => vocabulary.idsFrom(from, Math.min(to, vocabulary.size)) };
}

/** Reads a vocabulary and its fields. @throws DeepTasteError `artifact` when the table does not fit its layout */
export async function readEntities(
  path: string,
  layout: TableLayout,
): Promise<{ vocabulary: Vocabulary; fields: FieldTable }> {
  const [index, ids] = await readParquet(path, [
    { name: 'index', type: 'integer' },
    { name: 'id', type: 'text' },
  ]);
  if (ids.length !== layout.rows) throw misfit(path, `hold ${layout.rows} rows`, `${ids.length}`);
  if (!index.every((value, row) => value === row)) throw misfit(path, 'be ordered by index', 'another order');
  const vocabulary = ids.includes(null) ? null : new Vocabulary(ids as string[], layout);
  if (!vocabulary?.isDistinct()) throw misfit(path, 'hold distinct ids', 'missing or equal');
  const wanted = layout.fields.map(({ column, kind }): WantedColumn => ({ name: column, type: columnTypes[kind] }));
  const columns = wanted.length === 0 ? [] : await readParquet(path, wanted);
  const fields = layout.fields.map(({ name, kind }, f) => ({ name, kind, values: columns[f] }) as Field);
  return {
    vocabulary,
    fields: { nRows: layout.rows, fields, title: layout.title },
  };
}

/** Writes the items of each user, in the order of the rows. */
export async function writeSeen(connection: DuckDBConnection, path: string, seen: SparseRows): Promise<void> {
  await writeParquet(connection, path, [
    { name: 'user', type: 'integer', values: rowNumbers(seen) },
    { name: 'item', type: 'integer', values: seen.columns },
  ]);
}

/** The row of each entry, in pieces that follow one another. */
function rowNumbers({ nRows, rowStart, columns }: SparseRows): Integers {
  let row = 0;
  const slice = (from: number, to: number): Int32Array => {
    if (rowStart[row] > from) row = 0;
    const rows = new Int32Array(Math.min(to, columns.length) - from);
    for (let k = 0; k < rows.length; k++) {
      while (row < nRows && rowStart[row + 1] <= from + k) row++;
      rows[k] = row;
    }
    return rows;
  };
  return { length: columns.length, slice };
}

/** Reads the items of each user. @throws DeepTasteError `artifact` when an index is out of range or users descend */
export async function readSeen(path: string, nUsers: number, nItems: number): Promise<SparseRows> {
  const [users, columns] = await readParquet(path, [
    { name: 'user', type: 'integer' },
    { name: 'item', type: 'integer' },
  ]);
  checkIndices(path, 'user', users, nUsers);
  checkIndices(path, 'item', columns, nItems);
  const rowStart = new Int32Array(nUsers + 1);
  for (let k = 0; k < users.length; k++) {
    if (k > 0 && users[k] < users[k - 1]) throw misfit(path, 'be ordered by user', 'another order');
    rowStart[users[k] + 1]++;
  }
  for (let row = 0; row < nUsers; row++) rowStart[row + 1] += rowStart[row];
  return { nRows: nUsers, rowStart, columns };
}

/** Writes per-user metric values; returns the column of each metric, for the manifest. */
export async function writePerUser(
  connection: DuckDBConnection,
  path: string,
  perUser: PerUserValues,
): Promise<{ name: string; column: string }[]> {
  const names = [...perUser.metrics.keys()];
  const columns = columnNames(names, ['user']);
  await writeParquet(connection, path, [
    { name: 'user', type: 'integer', values: perUser.userIndex },
    ...names.map(
      (name, m): ParquetColumn => ({ name: columns[m], type: 'number', values: perUser.metrics.get(name)! }),
    ),
  ]);
  return names.map((name, m) => ({ name, column: columns[m] }));
}

/** Reads per-user metric values. @throws DeepTasteError `artifact` */
export async function readPerUser(
  path: string,
  layout: readonly { readonly name: string; readonly column: string }[],
  nUsers: number,
): Promise<PerUserValues> {
  const [userIndex] = await readParquet(path, [{ name: 'user', type: 'integer' }]);
  checkIndices(path, 'user', userIndex, nUsers);
  const wanted = layout.map(({ column }): WantedColumn<'number'> => ({ name: column, type: 'number' }));
  const values = wanted.length === 0 ? [] : await readParquet(path, wanted);
  const metrics = layout.map(({ name }, m): [string, Float64Array] => {
    if (values[m].includes(null)) throw misfit(path, `hold a number for each "${name}"`, 'a missing one');
    return [name, Float64Array.from(values[m] as number[])];
  });
  return { userIndex, metrics: new Map(metrics) };
}

function fieldColumn(field: Field, column: string, nRows: number): ParquetColumn {
  assert(field.values.length === nRows, `field "${field.name}" has ${field.values.length} values for ${nRows} rows`);
  return { name: column, type: columnTypes[field.kind], values: field.values } as ParquetColumn;
}

function checkIndices(path: string, what: string, indices: Int32Array, size: number): void {
  for (const index of indices)
    if (index < 0 || index >= size) throw misfit(path, `hold ${what} indices below ${size}`, `${index}`);
}

function misfit(path: string, must: string, found: string): DeepTasteError {
  const message = `${path}: the table must ${must}, found ${found}; it does not belong to this artifact, save it again`;
  return new DeepTasteError('artifact', message, { path });
}
