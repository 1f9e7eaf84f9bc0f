/** `deeptaste similar`: the items, or the users, that a saved recommender takes for most alike to one. */
import { Command } from 'commander';
import { DeepTasteError } from '../../core/errors.ts';
import { folderPath, whereDoc, wholeNumber } from '../option-values.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

interface SimilarFlags extends CommonOptions {
  readonly item?: string;
  readonly user?: string;
  readonly where?: string;
  readonly k: number;
}

export function similarCommand(): Command {
  return new Command('similar')
    .description('the items most alike to one, or the users, and what likeness means for the model')
    .argument('<run>', 'folder of a saved recommender', folderPath)
    .option('--item <id>', 'an item of the training data')
    .option('--user <id>', 'a user of the training data, of models with vectors of users')
    .option('-k <n>', 'number of items or users', wholeNumber(1, 1_000_000), 10)
    .option('--where <condition>', whereDoc)
    .action(similar);
}

async function similar(path: string, flags: SimilarFlags): Promise<void> {
  const { item, user, where, k } = flags;
  if ((item === undefined) === (user === undefined))
    throw new DeepTasteError(
      'usage',
      `similar: must be asked about an item or a user, found ${item === undefined ? 'neither' : 'both'}; say --item ID or --user ID`,
    );
  if (user !== undefined && where !== undefined)
    throw new DeepTasteError('usage', 'similar: --where is a condition on items, found it with --user; leave it out');
  const terminal = new Terminal(flags);
  if (item !== undefined) {
    const { showSimilar } = await import('../similar-items.ts');
    return showSimilar(terminal, path, item, { k, where });
  }
  const { showSimilarUsers } = await import('../similar-users.ts');
  await showSimilarUsers(terminal, path, user as string, { k });
}
