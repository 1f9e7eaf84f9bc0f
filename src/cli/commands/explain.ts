/** `deeptaste explain`: why a saved model over feature fields predicts a row as it does. */
import { Command } from 'commander';
import { DeepTasteError } from '../../core/errors.ts';
import { collect, wholeNumber } from '../option-values.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

export interface ExplainFlags extends CommonOptions {
  readonly row?: string[];
  readonly pairs: number;
}

export function explainCommand(): Command {
  return new Command('explain')
    .description('say what each value of a row adds to its prediction, for models over feature fields')
    .argument('<run>', 'folder of a saved recommender')
    .option('--row <json|key=value>', 'the row: a JSON object, or cells one by one (repeated)', collect)
    .option('--pairs <n>', 'how many of the strongest pairs of values to list', wholeNumber(0, 1000), 10)
    .action(async (path: string, flags: ExplainFlags) => {
      if (flags.row === undefined)
        throw new DeepTasteError(
          'usage',
          'explain: needs a row, found none; say --row key=value, repeated, or --row JSON',
        );
      const { explainStored } = await import('../explain-stored.ts');
      await explainStored(new Terminal(flags), path, flags.row, flags.pairs);
    });
}
