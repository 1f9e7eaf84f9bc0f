/** SQLite as a database of the store: a file in a thread of its own, or the memory of this one. */
import { Worker } from 'node:worker_threads';
import { DeepTasteError, type ErrorCode } from '../../core/errors.ts';
import type { Database, Row, Statement } from './sql.ts';
import { requireSqlite, SqliteDatabase } from './sqlite-database.ts';
import { OPENING, type SqliteCall, type SqliteFailure, type SqliteReply } from './sqlite-thread.ts';

/** Nothing outlives the process. @throws DeepTasteError `config`: this Node has no SQLite */
export function sqliteInMemory(): Database {
  const database = new SqliteDatabase(':memory:');
  return {
    kind: 'sqlite',
    run: async (statements) => database.run(statements),
    lookUp: async (statements) => database.lookUp(statements),
    close: async () => database.close(),
  };
}

interface Waiting {
  readonly resolve: (rows: Row[][]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One thread writes, and reads what takes long; this one looks up rows by a connection of its own, which costs less than a message to
 * the thread and its answer. In SQLite's write-ahead log neither waits for the other.
 */
class SqliteFile implements Database {
  readonly kind = 'sqlite';
  readonly opened: Promise<unknown>;
  readonly #thread: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #path: string;
  #reader: SqliteDatabase | null = null;
  #failure: Error | null = null;
  #nCalls = OPENING;

  constructor(path: string) {
    this.#path = path;
    const file = import.meta.url.endsWith('.ts') ? './sqlite-thread.ts' : './sqlite-thread.js';
    this.#thread = new Worker(new URL(file, import.meta.url), { workerData: { path }, execArgv: [] });
    this.opened = this.#reply(OPENING);
    this.#thread.on('message', (reply: SqliteReply) => this.#settle(reply));
    this.#thread.on('error', (error) => this.#fail(error));
    this.#thread.on('exit', () => this.#fail(new DeepTasteError('io', 'store: its thread has ended')));
  }

  run(statements: readonly Statement[]): Promise<Row[][]> {
    return this.#call(statements);
  }

  async lookUp(statements: readonly Statement[]): Promise<Row[][]> {
    if (this.#failure) throw this.#failure;
    this.#reader ??= new SqliteDatabase(this.#path, { readOnly: true });
    return this.#reader.lookUp(statements);
  }

  async close(): Promise<void> {
    this.#reader?.close();
    // a thread that could not open the file has ended and answers no more
    await this.#call(null).catch(() => {});
    await this.#thread.terminate();
  }

  #call(statements: readonly Statement[] | null): Promise<Row[][]> {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = ++this.#nCalls;
    const call: SqliteCall = { id, statements };
    this.#thread.postMessage(call);
    return this.#reply(id);
  }

  #reply(id: number): Promise<Row[][]> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #settle(reply: SqliteReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (!waiting) return;
    if ('rows' in reply) waiting.resolve(reply.rows);
    else waiting.reject(errorOf(reply.failure));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function errorOf({ code, message, errcode }: SqliteFailure): Error {
  return code === null
    ? Object.assign(new Error(message), { errcode })
    : new DeepTasteError(code as ErrorCode, message);
}

/** @throws DeepTasteError `io`: the file cannot be opened; `config`: this Node has no SQLite */
export async function sqliteFile(path: string): Promise<Database> {
  requireSqlite();
  const file = new SqliteFile(path);
  try {
    await file.opened;
    // the second connection is one to the same file, whatever lies at the path later
    await file.lookUp([]);
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}
