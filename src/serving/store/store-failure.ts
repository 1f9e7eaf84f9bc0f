/** A store that fails, such as on a full disk, and whether it takes writing. */
import { DeepTasteError } from '../../core/errors.ts';
import type { Database } from './sql.ts';

/** The database did not do what it was asked; the message says why, and may name files. */
export class StoreFailure extends DeepTasteError {
  /** `sqlite`, `postgres`: what strangers may know of it. */
  readonly kind: string;
  /** True: the database works, and refuses what a statement is about. */
  readonly isOfStatement: boolean;
  /** True: it was ended since it and another one waited for each other; nothing of it was done. */
  readonly gaveWay: boolean;

  constructor(kind: string, cause: unknown) {
    super('io', `store (${kind}): ${(cause as Error).message}`, {}, { cause });
    this.kind = kind;
    this.isOfStatement = isRefused(cause);
    this.gaveWay = (cause as { readonly code?: unknown }).code === GIVEN_WAY;
  }
}

/** Of SQLite: TOOBIG, CONSTRAINT, MISMATCH, RANGE. */
const REFUSING_SQLITE = [18, 19, 20, 25];
/** Of Postgres the classes of what is wrong with data, breaks a constraint, or is larger than it may be. */
const REFUSING_POSTGRES = /^(22|23|54)...$/;

/** deadlock_detected of Postgres. */
const GIVEN_WAY = '40P01';

function isRefused(cause: unknown): boolean {
  const { code, errcode } = cause as { readonly code?: unknown; readonly errcode?: unknown };
  // the lower byte of an extended code of SQLite is the code
  if (typeof errcode === 'number') return REFUSING_SQLITE.includes(errcode & 0xff);
  return typeof code === 'string' && REFUSING_POSTGRES.test(code);
}

export interface WatchedDatabase extends Database {
  /** False while the last writing has failed. */
  readonly isWritten: boolean;
}

/** The same database, whose errors are {@link StoreFailure}s. */
export function watchedDatabase(database: Database): WatchedDatabase {
  const { kind } = database;
  let isWritten = true;
  return {
    kind,
    get isWritten() {
      return isWritten;
    },
    async run(statements) {
      const writes = statements.some(({ sql }) => !/^\s*(SELECT|LOCK)\b/i.test(sql));
      try {
        const rows = await database.run(statements);
        if (writes) isWritten = true;
        return rows;
      } catch (cause) {
        const failure = new StoreFailure(kind, cause);
        if (writes && !failure.isOfStatement) isWritten = false;
        throw failure;
      }
    },
    async lookUp(statements) {
      try {
        return await database.lookUp(statements);
      } catch (cause) {
        throw new StoreFailure(kind, cause);
      }
    },
    close: () => database.close(),
  };
}
