/** An in-memory DuckDB database: the workbench on which files become columns. */
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { DeepTasteError } from '../../core/errors.ts';

let nOpened = 0;

/** Tables beyond this go to files, so that the memory of reading does not grow with the files. */
const TABLE_MEMORY = Math.min(4 * 1024 ** 3, totalmem() / 4);

/** A text as an SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as an SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export type Cell = string | number | bigint | boolean | null | object;

/** Numbers of a chunk of one column, in DuckDB's own memory: to be read before the next chunk, not to be kept. */
export type NumberChunk = Float64Array | Float32Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

export class Database {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  #nNames = 0;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(): Promise<Database> {
    // Everything needed is linked in; nothing is to be fetched from the network.
    const instance = await DuckDBInstance.create(':memory:', {
      autoinstall_known_extensions: 'false',
      memory_limit: `${Math.ceil(TABLE_MEMORY / 1024 ** 2)}MiB`,
      // Where tables go that do not fit; it is made when needed, and removed at the end.
      temp_directory: join(tmpdir(), `deeptaste-${process.pid}-${nOpened++}`),
    });
    const connection = await instance.connect();
    // Times without an offset are UTC wherever the program runs.
    await connection.run("SET TimeZone = 'UTC'");
    return new Database(instance, connection);
  }

  /** Runs `work` on a fresh database and closes it afterwards, whatever happens. */
  static async use<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = await Database.open();
    try {
      return await work(database);
    } finally {
      database.close();
    }
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  /** A table name that is not taken yet. */
  freshName(prefix: string): string {
    return `${prefix}_${this.#nNames++}`;
  }

  async run(sql: string): Promise<void> {
    await this.#connection.run(sql);
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

  /** One column of an answer as texts. */
  async texts(sql: string): Promise<(string | null)[]> {
    const values: (string | null)[] = [];
    await this.columns(sql, [(value) => values.push(value as string | null)]);
    return values;
  }
}

/** The array behind a vector of numbers; where the driver has none, a copy. */
function itemsOf(vector: { readonly getItem: (row: number) => unknown }, n: number): NumberChunk {
  const { items } = vector as unknown as { readonly items?: unknown };
  if (ArrayBuffer.isView(items) && (items as NumberChunk).length === n) return items as NumberChunk;
  return Float64Array.from({ length: n }, (_, row) => Number(vector.getItem(row)));
}

/** An error of DuckDB as a one-line error about a file. */
export function readError(path: string, error: unknown): DeepTasteError {
  if (error instanceof DeepTasteError) return error;
  const text = (error instanceof Error ? error.message : String(error)).split('\n')[0];
  const cause = text.replace(/^[A-Z][A-Za-z ]* Error: /, '').trim();
  return new DeepTasteError('data', `${path}: cannot be read: ${cause}`, { path }, { cause: error });
}
