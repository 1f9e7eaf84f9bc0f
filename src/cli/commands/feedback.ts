/** `deeptaste feedback`: what a server was told, as a table to train with. */
import { Command } from 'commander';
import { folderPath } from '../option-values.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

interface FeedbackFlags extends CommonOptions {
  readonly store: string;
  readonly settings?: string;
  readonly since?: string;
  readonly out: string;
}

export function feedbackCommand(): Command {
  return new Command('feedback')
    .description('write what people took, as a server was told, into a table for "train --from RUN --data FILE"')
    .argument('<run>', 'folder of the recommender that is served: the columns get the names of its data', folderPath)
    .option('--store <file|url>', 'the store of the server: a SQLite file, or postgres://…', 'deeptaste.db')
    .option('--settings <file>', 'the settings of the server: which events mean that an item was taken')
    .option('--since <date>', 'only events from then on, such as 2026-11-30 or 2026-11-30T12:00:00Z')
    .requiredOption('--out <file>', 'the table to write, *.csv, *.parquet or *.jsonl')
    .action(feedback);
}

async function feedback(run: string, flags: FeedbackFlags): Promise<void> {
  const { writeFeedback } = await import('../write-feedback.ts');
  await writeFeedback(new Terminal(flags), run, flags);
}
