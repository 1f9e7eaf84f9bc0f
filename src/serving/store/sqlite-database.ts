/** A SQLite file, or memory, by the module of Node; every call waits, hence the server has a thread of its own for it. */
import { statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { DeepTasteError } from '../../core/errors.ts';
import type { Row, Statement } from './sql.ts';

/** @throws DeepTasteError `config`: this Node has no SQLite */
export function requireSqlite(): typeof import('node:sqlite') {
  const sqlite = process.getBuiltinModule?.('node:sqlite');
  if (sqlite) return sqlite;
  throw new DeepTasteError(
    'config',
    `serve: needs Node 22.13 or newer for its embedded store, found ${process.version}; update Node, or give --store postgres://…`,
  );
}

export class SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();
  readonly #path: string;
  /** Number of the file on its disk; null = there is no file. */
  readonly #file: number | null;

  /**
   * @param path of the file, `:memory:` for none
   * @param readOnly a second connection to a file that another one of this process holds open
   * @throws DeepTasteError `io`: it cannot be opened; `config`: no SQLite here
   */
  constructor(path: string, { readOnly = false }: { readonly readOnly?: boolean } = {}) {
    const { DatabaseSync } = requireSqlite();
    this.#path = path;
    try {
      this.#database = new DatabaseSync(path, { readOnly });
      this.#file = path === ':memory:' ? null : statSync(path).ino;
      this.#database.exec('PRAGMA busy_timeout = 5000');
      if (readOnly) return;
      this.#database.exec('PRAGMA journal_mode = WAL');
      // what was acknowledged outlives the process; after a power cut the last moments may be missing
      this.#database.exec('PRAGMA synchronous = NORMAL');
      // what is deleted about people is written over
      this.#database.exec('PRAGMA secure_delete = ON');
    } catch (cause) {
      throw new DeepTasteError(
        'io',
        `store: ${path} must be a SQLite file that can be written, found otherwise (${(cause as Error).message}); choose another file`,
        {},
        { cause },
      );
    }
  }

  /** All statements, or none of them. @throws where the file was removed or replaced: what is written would be lost with it */
  run(statements: readonly Statement[]): Row[][] {
    this.#requireFile();
    const [only] = statements;
    if (statements.length === 1) return [this.#rowsOf(only)];
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const rows = statements.map((each) => this.#rowsOf(each));
      this.#database.exec('COMMIT');
      return rows;
    } catch (error) {
      try {
        this.#database.exec('ROLLBACK');
      } catch {
        // a full disk has ended the transaction already; what is told is why
      }
      throw error;
    }
  }

  /** Each statement by itself: what it reads was written before it began. */
  lookUp(statements: readonly Statement[]): Row[][] {
    return statements.map((each) => this.#rowsOf(each));
  }

  #requireFile(): void {
    if (this.#file === null || statSync(this.#path, { throwIfNoEntry: false })?.ino === this.#file) return;
    throw new Error(
      `${this.#path} was removed or replaced since it was opened; put it back, or start the server again`,
    );
  }

  #rowsOf({ sql, values }: Statement): Row[] {
    let prepared = this.#prepared.get(sql);
    if (!prepared) {
      prepared = this.#database.prepare(sql);
      this.#prepared.set(sql, prepared);
    }
    return prepared.all(...values) as Row[];
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }
}
