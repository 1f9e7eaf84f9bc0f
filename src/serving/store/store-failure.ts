/** A store that fails, such as on a full disk, and whether it takes writing. */
import { DeepTasteError } from '../../core/errors.ts';
import type { Database } from './sql.ts';

/** The database did not do what it was asked; the message says why, and may name files. */
export class StoreFailure extends DeepTasteError {
  /** `sqlite`, `postgres`: what strangers may know of it. */
  readonly kind: string;

  constructor(kind: string, cause: unknown) {
    super('io', `store (${kind}): ${(cause as Error).message}`, {}, { cause });
    this.kind = kind;
  }
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
      const writes = statements.some(({ sql }) => !/^\s*SELECT\b/i.test(sql));
      try {
        const rows = await database.run(statements);
        if (writes) isWritten = true;
        return rows;
      } catch (cause) {
        if (writes) isWritten = false;
        throw new StoreFailure(kind, cause);
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
