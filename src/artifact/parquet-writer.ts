/**
 * Typed columns to Parquet files, through an in-memory DuckDB; `parquet-reader.ts` reads them. Values stay exact: text is UTF-8
 * of any content, numbers keep NaN, −0 and infinities, a missing value (null) differs from an empty one. Rows keep their order.
 */

import { basename, resolve } from 'node:path';
import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk, DuckDBValue } from '@duckdb/node-api';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import { temporaryFolderPath } from '../core/temporary-folder.ts';
import { type Duckdb, loadDuckdb } from '../data/duckdb.ts';

/** A column to write; all columns of a table have the same number of values. */
export type ParquetColumn =
  | { readonly name: string; readonly type: 'boolean'; readonly values: readonly (boolean | null)[] }
  | { readonly name: string; readonly type: 'integer'; readonly values: Integers }
  | { readonly name: string; readonly type: 'number'; readonly values: Float64Array | readonly (number | null)[] }
  | { readonly name: string; readonly type: 'float'; readonly values: readonly (number | null)[] }
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

/** Those of the tables of an artifact. */
export type ColumnType = Exclude<ParquetColumn['type'], 'boolean' | 'float'>;

const sqlTypes: Readonly<Record<ParquetColumn['type'], string>> = {
  boolean: 'BOOLEAN',
  integer: 'INTEGER',
  number: 'DOUBLE',
  float: 'FLOAT',
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
  const rows = await ParquetRows.open(connection, path, columns);
  rows.append(columns);
  await rows.finish();
}

/** A Parquet file whose rows come a few at a time; many wait in DuckDB's temporary folder. One at a time a connection. */
export class ParquetRows {
  readonly #connection: DuckDBConnection;
  readonly #path: string;
  readonly #shownPath: string;
  readonly #duckdb: Duckdb;
  readonly #appender: DuckDBAppender;
  readonly #chunk: DuckDBDataChunk;

  private constructor(
    connection: DuckDBConnection,
    path: string,
    shownPath: string,
    duckdb: Duckdb,
    appender: DuckDBAppender,
    chunk: DuckDBDataChunk,
  ) {
    this.#connection = connection;
    this.#path = path;
    this.#shownPath = shownPath;
    this.#duckdb = duckdb;
    this.#appender = appender;
    this.#chunk = chunk;
  }

  /**
   * @param shownPath for messages: the path that the file will have in the end
   * @throws DeepTasteError `io`
   */
  static async open(
    connection: DuckDBConnection,
    path: string,
    columns: readonly Pick<ParquetColumn, 'name' | 'type'>[],
    shownPath = path,
  ): Promise<ParquetRows> {
    const duckdb = await loadDuckdb();
    const { BOOLEAN, INTEGER, DOUBLE, FLOAT, VARCHAR, LIST } = duckdb;
    const driverTypes = {
      boolean: BOOLEAN,
      integer: INTEGER,
      number: DOUBLE,
      float: FLOAT,
      text: VARCHAR,
      texts: LIST(VARCHAR),
    };
    const declared = columns.map(({ name, type }) => `${identifier(name)} ${sqlTypes[type]}`);
    try {
      await connection.run(`CREATE OR REPLACE TEMP TABLE rows_to_write (${declared.join(', ')})`);
      const appender = await connection.createAppender('rows_to_write');
      // one chunk for all pieces: the memory of many would be freed by the garbage collector only, which does not know of it
      const chunk = duckdb.DuckDBDataChunk.create(columns.map(({ type }) => driverTypes[type]));
      return new ParquetRows(connection, path, shownPath, duckdb, appender, chunk);
    } catch (error) {
      throw ioError('writing', shownPath, error);
    }
  }

  /**
   * Adds rows.
   * @param columns those declared, in their order
   * @throws DeepTasteError `data` for text that is not Unicode; `io`
   */
  append(columns: readonly ParquetColumn[]): void {
    for (const column of columns) checkUnicode(column, this.#shownPath);
    const nRows = columns[0].values.length;
    try {
      for (let start = 0; start < nRows; start += CHUNK_ROWS)
        this.#appendChunk(columns, start, Math.min(start + CHUNK_ROWS, nRows));
    } catch (error) {
      throw ioError('writing', this.#shownPath, error);
    }
  }

  #appendChunk(columns: readonly ParquetColumn[], start: number, end: number): void {
    this.#chunk.reset();
    this.#chunk.rowCount = end - start;
    columns.forEach((column, c) => {
      this.#chunk.setColumnValues(c, duckdbValues(this.#duckdb, column, start, end));
    });
    this.#appender.appendDataChunk(this.#chunk);
  }

  /** Writes the file. @throws DeepTasteError `io` */
  async finish(): Promise<void> {
    try {
      this.#appender.flushSync();
      this.#appender.closeSync();
      const options = 'FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false';
      await this.#connection.run(`COPY rows_to_write TO ${literal(resolve(this.#path))} (${options})`);
      await this.#connection.run('DROP TABLE rows_to_write');
    } catch (error) {
      throw ioError('writing', this.#shownPath, error);
    }
  }
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
