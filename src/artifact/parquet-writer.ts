/**
 * Typed columns to Parquet files, through an in-memory DuckDB; `parquet-reader.ts` reads them. Values stay exact: text is UTF-8
 * of any content, numbers keep NaN, −0 and infinities, a missing value (null) differs from an empty one. Rows keep their order.
 */

import { basename, resolve } from 'node:path';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import { temporaryFolderPath } from '../core/temporary-folder.ts';
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

const sqlTypes: Readonly<Record<ColumnType, string>> = {
  integer: 'INTEGER',
  number: 'DOUBLE',
  text: 'VARCHAR',
  texts: 'VARCHAR[]',
};

/** DuckDB's vector size: a chunk holds no more rows. */
const CHUNK_ROWS = 2048;

/** Runs `work` on a private in-memory database. One thread: the same rows then give the same bytes. */
export async function withDuckdb<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  // many rows to write go to the temporary folder, which DuckDB makes when needed and removes
  const { DuckDBInstance } = await loadDuckdb();
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: '512MiB',
    temp_directory: temporaryFolderPath('artifact'),
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
