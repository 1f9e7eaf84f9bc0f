/** `deeptaste similar`: the items that a saved recommender takes for most alike to one. */
import { Command } from 'commander';
import { folderPath, wholeNumber } from '../option-values.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

interface SimilarFlags extends CommonOptions {
  readonly item: string;
  readonly k: number;
}

export function similarCommand(): Command {
  return new Command('similar')
    .description('the items most alike to one, and what likeness means for the model')
    .argument('<run>', 'folder of a saved recommender', folderPath)
    .requiredOption('--item <id>', 'an item of the training data')
    .option('-k <n>', 'number of items', wholeNumber(1, 1_000_000), 10)
    .action(async (path: string, flags: SimilarFlags) => {
      const { showSimilar } = await import('../similar-items.ts');
      await showSimilar(new Terminal(flags), path, flags.item, flags.k);
    });
}
