/** `deeptaste keys`: who may use a server. */
import { Command, Option } from 'commander';
import { DeepTasteError } from '../../core/errors.ts';
import { ACCESS_LEVELS, type Access } from '../../serving/store/records.ts';
import { storeFlag } from '../option-values.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

interface KeyFlags extends CommonOptions {
  readonly store: string;
}

interface AddFlags extends KeyFlags {
  readonly access: Access;
  readonly name: string;
}

export function keysCommand(): Command {
  return new Command('keys')
    .description('who may use a server: keys of a store, kept as hashes')
    .addCommand(
      new Command('add')
        .description('make a key and print it, once')
        .option(...storeFlag)
        .addOption(
          new Option('--access <level>', 'read: ask and look; write: tell, too; admin: run the server, too')
            .choices(ACCESS_LEVELS)
            .makeOptionMandatory(),
        )
        .option('--name <text>', 'whose it is', '')
        .action(add),
    )
    .addCommand(
      new Command('list')
        .description('all keys by their ids')
        .option(...storeFlag)
        .action(list),
    )
    .addCommand(
      new Command('remove')
        .description('end a key; servers refuse it within 5 seconds')
        .argument('<id>', 'as "keys list" shows it')
        .option(...storeFlag)
        .action(remove),
    );
}

// the options that `keys` has too (--json) are read by `keys`
async function add(_: AddFlags, command: Command): Promise<void> {
  const { store: address, access, name, ...flags } = command.optsWithGlobals<AddFlags>();
  const { makeKey } = await import('../../serving/http/keys.ts');
  const { key, stored } = makeKey(access, name);
  const terminal = new Terminal(flags);
  const former = await withStore(address, async (store) => {
    const keys = await store.keys();
    await store.addKey(stored);
    return keys;
  });
  if (access !== 'admin' && former.every((each) => each.access !== 'admin'))
    terminal.note(
      'servers of this store ask for keys from now on, and no key reloads: deeptaste keys add --access admin',
    );
  terminal.print(key);
  terminal.document({ key, id: stored.id, access, name });
}

async function list(_: KeyFlags, command: Command): Promise<void> {
  const { store: address, ...flags } = command.optsWithGlobals<KeyFlags>();
  const keys = await withStore(address, (store) => store.keys());
  const terminal = new Terminal(flags);
  const shown = keys.map(({ id, access, name, created }) => ({
    id,
    access,
    name,
    created: new Date(created).toISOString(),
  }));
  for (const { id, access, name, created } of shown) terminal.print(`${id}  ${access.padEnd(5)}  ${created}  ${name}`);
  terminal.document(shown);
}

async function remove(id: string, _: KeyFlags, command: Command): Promise<void> {
  const { store: address, ...flags } = command.optsWithGlobals<KeyFlags>();
  const isRemoved = await withStore(address, (store) => store.removeKey(id));
  if (!isRemoved)
    throw new DeepTasteError(
      'not-found',
      `keys: must be the id of a key of the store, found "${id}"; see "deeptaste keys list"`,
    );
  new Terminal(flags).document({ removed: id });
}

async function withStore<T>(
  address: string,
  work: (store: import('../../serving/store/store.ts').Store) => Promise<T>,
): Promise<T> {
  const { openStore } = await import('../../serving/store/open-store.ts');
  const store = await openStore(address);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
