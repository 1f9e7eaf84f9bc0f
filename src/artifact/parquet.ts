/**
 * Typed columns to and from Parquet files, through an in-memory DuckDB. Values stay exact: text is UTF-8 of any content,
 * numbers keep NaN, −0 and infinities, a missing value (null) differs from an empty one. Rows keep their order.
 */

import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { DuckDBConnection, DuckDBDataChunk, DuckDBListValue, DuckDBResult, DuckDBValue } from '@duckdb/node-api';
import { DeepTasteError } from '../core/errors.ts';
import { ioError, systemErrorCode } from '../core/io-error.ts';
import { type Duckdb, loadDuckdb } from '../data/duckdb.ts';

/** A column to write; all columns of a table have the same number of values. */
export type ParquetColumn =
  | { readonly name: string; readonly type: 'integer'; readonly values: Integers }
  | { readonly name: string; readonly type: 'number'; readonly values: Float64Array | readonly (number | null)[] }
  | { readonly name: string; readonly type: 'text'; readonly values: Texts }
  | { readonly name: string; readonly type: 'texts'; readonly values: readonly (readonly string[] | null)[] };

/** A list of texts; an array is one, and so is whatever makes texts when they are asked for. */
export interface Texts {
  readonly length: number;
  slice(from: number, to: number): readonly (string | null)[];
}

/** A list of integers; a typed array is one. */
export interface Integers {
  readonly length: number;
  slice(from: number, to: number): Int32Array;
}

export type ColumnType = ParquetColumn['type'];

/** The values of a column that is read; null = missing. A missing integer is refused. */
export interface ColumnValues {
  integer: Int32Array;
  number: (number | null)[];
  text: (string | null)[];
  texts: (string[] | null)[];
}

/** A column to read. */
export interface WantedColumn<T extends ColumnType = ColumnType> {
  readonly name: string;
  readonly type: T;
}

const sqlTypes: Readonly<Record<ColumnType, string>> = {
  integer: 'INTEGER',
  number: 'DOUBLE',
  text: 'VARCHAR',
  texts: 'VARCHAR[]',
};

/** DuckDB's vector size: a chunk holds no more rows. */
const CHUNK_ROWS = 2048;

let nOpened = 0;

/** Runs `work` on a private in-memory database. One thread: the same rows then give the same bytes. */
export async function withDuckdb<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  // many rows to write go to the temporary folder, which DuckDB makes when needed and removes
  const { DuckDBInstance } = await loadDuckdb();
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: '512MiB',
    temp_directory: join(tmpdir(), `deeptaste-artifact-${process.pid}-${nOpened++}`),
  });
  try {
    const connection = await instance.connect();
    try {
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

/** Writes columns, in their order, to a Parquet file. @throws DeepTasteError `data` for text that is not Unicode; `io` */
export async function writeParquet(
  connection: DuckDBConnection,
  path: string,
  columns: readonly ParquetColumn[],
): Promise<void> {
  for (const column of columns) checkUnicode(column, path);
  const declared = columns.map(({ name, type }) => `${identifier(name)} ${sqlTypes[type]}`);
  try {
    await connection.run(`CREATE OR REPLACE TEMP TABLE rows_to_write (${declared.join(', ')})`);
    await appendColumns(connection, columns);
    const options = 'FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false';
    await connection.run(`COPY rows_to_write TO ${literal(resolve(path))} (${options})`);
    await connection.run('DROP TABLE rows_to_write');
  } catch (error) {
    throw ioError('writing', path, error);
  }
}

/**
 * Reads the named columns of a Parquet file.
 * @throws DeepTasteError `artifact` when it is not Parquet or a column is missing or of another type; `io`
 */
export async function readParquet<const T extends readonly WantedColumn[]>(
  connection: DuckDBConnection,
  path: string,
  wanted: T,
): Promise<{ [K in keyof T]: ColumnValues[T[K]['type']] }> {
  try {
    // A path is not a pattern, and folders named like `seed=1` are not columns.
    const source = `read_parquet(${literal(resolve(path).replace(/[*?[]/g, '[$&]'))}, hive_partitioning = false)`;
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`);
    checkColumns(path, described.getRows(), wanted);
    const values = wanted.map(({ name, type }) => selected(identifier(name), type)).join(', ');
    const { n } = (await connection.runAndReadAll(`SELECT count(*)::DOUBLE AS n FROM ${source}`)).getRowObjects()[0];
    const types = wanted.map(({ type }) => type);
    const columns = await collect(await connection.stream(`SELECT ${values} FROM ${source}`), types, n as number, path);
    return wanted.map(({ type }, c) => fromDuckdb(type, columns[c])) as {
      [K in keyof T]: ColumnValues[T[K]['type']];
    };
  } catch (error) {
    if (error instanceof DeepTasteError || systemErrorCode(error) !== undefined) throw ioError('reading', path, error);
    const message = `${path}: must be a Parquet table, found otherwise (${firstLine(error)}); save the artifact again`;
    throw new DeepTasteError('artifact', message, { path }, { cause: error });
  }
}

async function appendColumns(connection: DuckDBConnection, columns: readonly ParquetColumn[]): Promise<void> {
  const appender = await connection.createAppender('rows_to_write');
  const duckdb = await loadDuckdb();
  const { INTEGER, DOUBLE, VARCHAR, LIST } = duckdb;
  const driverTypes = { integer: INTEGER, number: DOUBLE, text: VARCHAR, texts: LIST(VARCHAR) };
  const types = columns.map(({ type }) => driverTypes[type]);
  const nRows = columns[0].values.length;
  // one chunk for all pieces: the memory of many would be freed by the garbage collector only, which does not know of it
  const chunk = duckdb.DuckDBDataChunk.create(types);
  for (let start = 0; start < nRows; start += CHUNK_ROWS) {
    const end = Math.min(start + CHUNK_ROWS, nRows);
    chunk.reset();
    chunk.rowCount = end - start;
    columns.forEach((column, c) => {
      chunk.setColumnValues(c, duckdbValues(duckdb, column, start, end));
    });
    appender.appendDataChunk(chunk);
  }
  appender.flushSync();
  appender.closeSync();
}

function duckdbValues(duckdb: Duckdb, column: ParquetColumn, start: number, end: number): readonly DuckDBValue[] {
  if (column.type === 'texts')
    return column.values.slice(start, end).map((texts) => texts && new duckdb.DuckDBListValue([...texts]));
  const part = column.values.slice(start, end);
  return Array.isArray(part) ? part : Array.from(part as Float64Array);
}

/** @param n number of rows: integers, of which there may be very many, go into an array of that length */
async function collect(
  result: DuckDBResult,
  types: readonly ColumnType[],
  n: number,
  path: string,
): Promise<(DuckDBValue[] | Int32Array)[]> {
  const columns = types.map((type) => (type === 'integer' ? new Int32Array(n) : ([] as DuckDBValue[])));
  for (let start = 0; ; ) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return columns;
    for (const [c, values] of columns.entries())
      if (values instanceof Int32Array) values.set(integersOf(chunk, c, path), start);
      else chunk.appendColumnValues(c, values);
    start += chunk.rowCount;
  }
}

function integersOf(chunk: DuckDBDataChunk, column: number, path: string): number[] {
  const values = chunk.getColumnValues(column);
  if (values.includes(null)) throw new DeepTasteError('artifact', `${path}: an index must not be missing, found null`);
  return values as number[];
}

function fromDuckdb(type: ColumnType, values: DuckDBValue[] | Int32Array): ColumnValues[ColumnType] {
  if (values instanceof Int32Array) return values;
  switch (type) {
    case 'integer':
      return Int32Array.from(values as number[]);
    case 'number':
      return values as (number | null)[];
    case 'text':
      return (values as (string | null)[]).map(unmarked);
    case 'texts':
      return (values as (DuckDBListValue | null)[]).map((list) => list && (list.items as string[]).map(unmarked));
  }
}

/**
 * DuckDB's Node client decodes a text as if it were a file: it drops a byte order mark at the beginning. A full stop
 * before each text keeps the mark from standing there.
 */
function selected(column: string, type: ColumnType): string {
  if (type === 'text') return `'.' || ${column}`;
  return type === 'texts' ? `list_transform(${column}, text -> '.' || text)` : column;
}

function unmarked<T extends string | null>(text: T): T {
  return (text === null ? null : text.slice(1)) as T;
}

function checkColumns(
  path: string,
  described: readonly (readonly DuckDBValue[])[],
  wanted: readonly WantedColumn[],
): void {
  const found = new Map(described.map(([name, type]) => [String(name), String(type)]));
  for (const { name, type } of wanted) {
    const must = sqlTypes[type];
    if (found.get(name) === must) continue;
    const message = `${path}: column "${name}" must be ${must}, found ${found.get(name) ?? 'no such column'}`;
    throw new DeepTasteError('artifact', `${message}; save the artifact again`, { path, column: name });
  }
}

/** Half a surrogate pair has no UTF-8 form: it would come back as another text. */
function checkUnicode(column: ParquetColumn, path: string): void {
  const all: Texts = column.type === 'text' ? column.values : column.type === 'texts' ? column.values.flat() : [];
  for (let start = 0; start < all.length; start += CHUNK_ROWS) {
    const texts = all.slice(start, start + CHUNK_ROWS);
    const at = texts.findIndex((text) => text !== null && /\p{Surrogate}/u.test(text));
    if (at < 0) continue;
    const message = `${basename(path)}: text of column "${column.name}" must be valid Unicode, found ${JSON.stringify(texts[at])}`;
    throw new DeepTasteError('data', `${message}; mend it in the data`, { column: column.name, row: start + at });
  }
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0];
}
