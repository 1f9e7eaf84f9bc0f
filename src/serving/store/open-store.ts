/** The store that an address names. */
import { DeepTasteError } from '../../core/errors.ts';
import { openSqlStore } from './sql-store.ts';
import { sqliteFile, sqliteInMemory } from './sqlite.ts';
import type { Store } from './store.ts';

/**
 * @param address the path of a SQLite file, `:memory:`, or postgres://…
 * @throws DeepTasteError `io`: it cannot be opened; `config`: an address that is none, a store of a newer version
 */
export async function openStore(address: string): Promise<Store> {
  if (/^postgres(ql)?:\/\//.test(address)) {
    const { postgres } = await import('./postgres.ts');
    return openSqlStore(await postgres(address));
  }
  if (/^[a-z]{2,}:\/\//i.test(address))
    throw new DeepTasteError(
      'config',
      `store: must be the path of a SQLite file or postgres://…, found "${address.split('://')[0]}://"`,
    );
  // a file of that name is another database for each connection
  return address === ':memory:' ? memoryStore() : openSqlStore(await sqliteFile(address));
}

/** Nothing outlives the process: for tests, and recommenders that are served within another program. */
export function memoryStore(): Promise<Store> {
  return openSqlStore(sqliteInMemory());
}
