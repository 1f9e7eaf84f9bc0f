/** An in-memory DuckDB database: the workbench on which files become columns. */
import { rmSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance, DuckDBType } from '@duckdb/node-api';
import { DeepTasteError } from '../../core/errors.ts';
import { makeTemporaryFolder, temporaryFolderPath } from '../../core/temporary-folder.ts';
import { loadDuckdb } from '../duckdb.ts';
import { TextList } from '../text-list.ts';

/** A text as an SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path as an SQL literal that DuckDB takes for this one file: no pattern, no home folder. */
export function sqlFile(path: string): string {
  const escaped = path.replace(/[[*?]/g, '[$&]');
  return sqlText(escaped.startsWith('~') ? `./${escaped}` : escaped);
}

/** A name as an SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * What DuckDB may hold in memory while files are read; tables beyond that go to a temporary folder. A sixth of the machine's
 * memory, between 1 and 4 GiB.
 */
function defaultReadMemory(): number {
  return Math.min(4, Math.max(1, totalmem() / 1024 ** 3 / 6));
}

/** Columns that rows are written into; the type must be the one of DuckDB's column. */
export type TypedColumn = Uint8Array | Int32Array | Float32Array | Float64Array;

export type Cell = string | number | bigint | boolean | null | object;

/** Numbers of a chunk of one column, in DuckDB's own memory: to be read before the next chunk, not to be kept. */
export type NumberChunk = Float64Array | Float32Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

export class Database {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  /** Files that are read anew with every query on a view of them. */
  readonly #lazyFiles: string[] = [];
  #folder: string | null = null;
  #nNames = 0;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  /** @param gibibytes what may be held in memory; beyond that a temporary folder is used */
  static async open(gibibytes = defaultReadMemory()): Promise<Database> {
    // Everything needed is linked in; nothing is to be fetched from the network.
    const { DuckDBInstance } = await loadDuckdb();
    const instance = await DuckDBInstance.create(':memory:', {
      autoinstall_known_extensions: 'false',
      memory_limit: `${Math.round(gibibytes * 1024)}MiB`,
      // Where tables go that do not fit in memory; it is made when needed, and removed at the end.
      temp_directory: temporaryFolderPath('data'),
    });
    const connection = await instance.connect();
    // Times without an offset are UTC wherever the program runs.
    await connection.run("SET TimeZone = 'UTC'");
    return new Database(instance, connection);
  }

  /** Runs `work` on a fresh database and closes it afterwards, whatever happens. */
  static async use<T>(work: (database: Database) => Promise<T>, gibibytes?: number): Promise<T> {
    const database = await Database.open(gibibytes);
    try {
      return await work(database);
    } catch (error) {
      throw outOfMemory(error) ?? database.#damagedFile(error) ?? error;
    } finally {
      database.close();
    }
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A new path in a folder that lasts as long as the database: for unpacked and rewritten copies of files. */
  temporaryPath(): string {
    this.#folder ??= makeTemporaryFolder('copies');
    return join(this.#folder, this.freshName('copy'));
  }

  /** Notes that a view reads this file, so that errors found later name the file. */
  readsLazily(path: string): void {
    this.#lazyFiles.push(path);
  }

  /** What DuckDB or its driver says about the bytes of a file that a view reads, as an error about that file. */
  #damagedFile(error: unknown): DeepTasteError | null {
    if (error instanceof DeepTasteError || this.#lazyFiles.length === 0 || !isAboutBytes(error)) return null;
    return readError(this.#lazyFiles.join(' or '), error);
  }

  /** A table name that is not taken yet. */
  freshName(prefix: string): string {
    return `${prefix}_${this.#nNames++}`;
  }

  async run(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  /** Removes a table or a view. */
  async drop(name: string): Promise<void> {
    const { n } = await this.row<{ n: number }>(
      `SELECT count(*) AS n FROM duckdb_views() WHERE view_name = ${sqlText(name)}`,
    );
    await this.run(`DROP ${n > 0 ? 'VIEW' : 'TABLE'} ${name}`);
  }

  /** The columns of an answer, without its rows. */
  async columnsOf(sql: string): Promise<{ name: string; type: DuckDBType }[]> {
    const result = await this.#connection.run(`SELECT * FROM (${sql}) LIMIT 0`);
    const types = result.columnTypes();
    return result.columnNames().map((name, c) => ({ name, type: types[c] }));
  }

  /** The rows of a small answer, as objects; 64-bit integers become numbers. */
  async rows<Row = Record<string, Cell>>(sql: string): Promise<Row[]> {
    const reader = await this.#connection.runAndReadAll(sql);
    return reader.getRowObjectsJS().map((row) => {
      for (const key of Object.keys(row)) if (typeof row[key] === 'bigint') row[key] = Number(row[key]);
      return row as Row;
    });
  }

  /** The first row of a small answer. */
  async row<Row = Record<string, Cell>>(sql: string): Promise<Row> {
    return (await this.rows<Row>(sql))[0];
  }

  /** Walks over a large answer chunk by chunk; `visit` gets the value at each row of one column, in order. */
  async columns(sql: string, visits: readonly ((value: Cell, row: number) => void)[]): Promise<void> {
    const result = await this.#connection.stream(sql);
    let start = 0;
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      const { rowCount } = chunk;
      for (let c = 0; c < visits.length; c++) {
        const vector = chunk.getColumnVector(c);
        const visit = visits[c];
        for (let i = 0; i < rowCount; i++) visit(vector.getItem(i) as Cell, start + i);
      }
      start += rowCount;
    }
  }

  /** The cells of a large answer, column by column, some two thousand rows at a time. */
  async *chunks(sql: string): AsyncGenerator<readonly (readonly Cell[])[]> {
    const result = await this.#connection.stream(sql);
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk())
      yield chunk.getColumns() as Cell[][];
  }

  /**
   * Walks over a large answer of numbers, whole vectors at a time: several times faster than cell by cell.
   * @param sql its columns are DOUBLE, FLOAT, INTEGER or unsigned, and hold no NULL
   */
  async numbers(sql: string, visits: readonly ((chunk: NumberChunk, start: number) => void)[]): Promise<void> {
    const result = await this.#connection.stream(sql);
    let start = 0;
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      for (let c = 0; c < visits.length; c++) visits[c](itemsOf(chunk.getColumnVector(c), chunk.rowCount), start);
      start += chunk.rowCount;
    }
  }

  /**
   * Walks over a large answer chunk by chunk and writes its columns into arrays. The answer's first column is the place (BIGINT) of
   * a row in these arrays, so that the rows may come in any order and need not be sorted; cells must not be missing.
   */
  async scatter(sql: string, targets: readonly TypedColumn[], onRows?: (done: number) => void): Promise<void> {
    const result = await this.#connection.stream(sql);
    let done = 0;
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      const { rowCount } = chunk;
      const places = cellsOf(chunk.getColumnVector(0)) as BigInt64Array;
      for (let c = 0; c < targets.length; c++) {
        place(cellsOf(chunk.getColumnVector(c + 1)) as TypedColumn, places, targets[c], rowCount);
      }
      done += rowCount;
      onRows?.(done);
    }
  }

  /** One column of an answer as a compact list of texts. */
  async textList(sql: string): Promise<TextList> {
    const list = new TextList();
    await this.columns(sql, [(value) => list.push(value as string)]);
    return list;
  }

  /** One column of an answer as texts. */
  async texts(sql: string): Promise<(string | null)[]> {
    const values: (string | null)[] = [];
    await this.columns(sql, [(value) => values.push(value as string | null)]);
    return values;
  }
}

/** The array behind a vector of numbers; where the driver has none, a copy. */
function itemsOf(vector: { readonly getItem: (row: number) => unknown }, n: number): NumberChunk {
  const items = cellsOf(vector);
  if (ArrayBuffer.isView(items) && (items as NumberChunk).length === n) return items as NumberChunk;
  return Float64Array.from({ length: n }, (_, row) => Number(vector.getItem(row)));
}

/** A vector's cells as they stand in DuckDB's memory, of which the driver's types do not tell. */
function cellsOf(vector: object): unknown {
  return (vector as { readonly items?: unknown }).items;
}

/** Rows nearly always come in runs of neighbours; those are copied at once. */
function place(items: TypedColumn, places: BigInt64Array, target: TypedColumn, n: number): void {
  const first = Number(places[0]);
  if (isRun(places, n)) {
    target.set(items.length === n ? items : items.subarray(0, n), first);
    return;
  }
  for (let k = 0; k < n; k++) target[Number(places[k])] = items[k];
}

function isRun(places: BigInt64Array, n: number): boolean {
  const low = new Uint32Array(places.buffer, places.byteOffset, n * 2);
  for (let k = 1; k < n; k++) if (low[2 * k] !== low[2 * k - 2] + 1) return false;
  return true;
}

/** DuckDB's "out of memory" as an error that says what to do; null for other errors. */
function outOfMemory(error: unknown): DeepTasteError | null {
  const cause = error instanceof DeepTasteError ? error.cause : error;
  const text = cause instanceof Error ? cause.message.split('\n')[0] : '';
  if (!/^(Out of Memory Error|IO Error: .*(No space left|max_temp_directory_size))/i.test(text)) return null;
  return new DeepTasteError(
    'memory',
    `data: reading needs more memory or more room in ${tmpdir()} than it may take (${text}); allow more with readMemory ` +
      '(--read-memory GIB), make room, or store the ids as integers in Parquet files',
    {},
    { cause: error },
  );
}

/** False for faults of our own queries, which must not hide as damage of a file. */
function isAboutBytes(error: unknown): boolean {
  const text = error instanceof Error ? error.message : '';
  return (
    error instanceof RangeError ||
    /^(IO|Invalid Input|Conversion|Serialization|INTERNAL|TProtocolException|Invalid|Out of Range|FATAL|Not implemented)\b.*/i.test(
      text,
    )
  );
}

/** An error of DuckDB as a one-line error about a file. */
export function readError(path: string, error: unknown): DeepTasteError {
  if (error instanceof DeepTasteError) return error;
  const text = (error instanceof Error ? error.message : String(error)).split('\n')[0];
  const cause = text.replace(/^[A-Z][A-Za-z ]* Error: /, '').trim();
  const advice = /invalid UTF-8/.test(cause)
    ? '; save it as UTF-8, or say how it is written with --encoding NAME (encoding)'
    : '';
  return new DeepTasteError('data', `${path}: cannot be read: ${cause}${advice}`, { path }, { cause: error });
}
