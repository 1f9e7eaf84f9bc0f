/** `deeptaste predict`: a saved model over feature fields, or one of ratings, on the rows of a file. */
import { Command } from 'commander';
import { folderPath } from '../option-values.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

interface PredictFlags extends CommonOptions {
  readonly data: string;
  readonly out?: string;
}

export function predictCommand(): Command {
  return new Command('predict')
    .description(
      'predict the rows of a file: the probability of a click, or the rating; for models over feature fields, and those of users and items trained on ratings',
    )
    .argument('<run>', 'folder of a saved recommender', folderPath)
    .requiredOption('--data <file>', 'file with the rows, its columns named as in training')
    .option('--out <file>', 'the table to write, *.csv, *.parquet or *.jsonl; without it the first rows are shown')
    .action(async (path: string, { data, out, ...common }: PredictFlags) => {
      const { predictFile } = await import('../predict-file.ts');
      await predictFile(new Terminal(common), path, data, out ?? null);
    });
}
