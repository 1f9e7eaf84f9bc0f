/** The thread that holds the SQLite file: statements come as messages, in order. */
import { parentPort, workerData } from 'node:worker_threads';
import { DeepTasteError } from '../../core/errors.ts';
import type { Row, Statement } from './sql.ts';
import { SqliteDatabase } from './sqlite-database.ts';

export interface SqliteCall {
  readonly id: number;
  /** Null = close the file. */
  readonly statements: readonly Statement[] | null;
}

export type SqliteReply =
  | { readonly id: number; readonly rows: Row[][] }
  | { readonly id: number; readonly failure: SqliteFailure };

export interface SqliteFailure {
  readonly message: string;
  /** Of an error of ours. */
  readonly code: string | null;
  /** Of SQLite itself. */
  readonly errcode: number | null;
}

/** The number of the reply that says whether the file could be opened. */
export const OPENING = 0;

const port = parentPort;
if (port) serve((workerData as { readonly path: string }).path);

function serve(path: string): void {
  const reply = (message: SqliteReply): void => port?.postMessage(message);
  const failed = (id: number, error: unknown): void => {
    const code = error instanceof DeepTasteError ? error.code : null;
    const { message, errcode = null } = error as Error & { readonly errcode?: number };
    reply({ id, failure: { message, code, errcode } });
  };
  let database: SqliteDatabase;
  try {
    database = new SqliteDatabase(path);
  } catch (error) {
    failed(OPENING, error);
    return;
  }
  reply({ id: OPENING, rows: [] });
  port?.on('message', ({ id, statements }: SqliteCall) => {
    try {
      if (statements === null) database.close();
      reply({ id, rows: statements === null ? [] : database.run(statements) });
    } catch (error) {
      failed(id, error);
    }
  });
}
