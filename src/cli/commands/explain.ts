/** `deeptaste explain`: why a saved model over feature fields predicts a row as it does, or what its search has left of it. */
import { Command } from 'commander';
import { collect, folderPath, wholeNumber } from '../option-values.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

interface ExplainFlags extends CommonOptions {
  readonly row?: string[];
  readonly data?: string;
  readonly pairs: number;
}

export function explainCommand(): Command {
  return new Command('explain')
    .description(
      'say what each value of a row adds to its prediction, for models over feature fields; without a row, what a model that ' +
        'searches has kept',
    )
    .argument('<run>', 'folder of a saved recommender', folderPath)
    .option(
      '--row <json|key=value|n>',
      'the row: a JSON object, cells one by one (repeated), or a row of --data',
      collect,
    )
    .option('--data <file>', 'file that holds the row, whose number --row says, from 1')
    .option('--pairs <n>', 'how many of the strongest pairs of values to list', wholeNumber(0, 1000), 10)
    .action(async (path: string, flags: ExplainFlags) => {
      if (flags.row === undefined) {
        const { tellFound } = await import('../tell-found.ts');
        return tellFound(new Terminal(flags), path);
      }
      const { explainStored } = await import('../explain-stored.ts');
      await explainStored(new Terminal(flags), path, await rowAsked(flags.row, flags.data), flags.pairs);
    });
}

async function rowAsked(row: readonly string[], file: string | undefined): Promise<Record<string, unknown>> {
  const { rowOf, rowOfFile } = await import('../row-option.ts');
  return file === undefined ? rowOf(row) : rowOfFile(file, row);
}
