/** `deeptaste feedback`: what a server was told, as a table to train with. */
import { Command } from 'commander';
import { folderPath, storeFlag } from '../option-values.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';
import type { FeedbackRequest } from '../write-feedback.ts';

export function feedbackCommand(): Command {
  return new Command('feedback')
    .description('write what people took, as a server was told, into a table for "train --from RUN --data FILE"')
    .argument('<run>', 'folder of the recommender that is served: the columns get the names of its data', folderPath)
    .option(...storeFlag)
    .option('--settings <file>', 'the settings of the server: which events mean that an item was taken')
    .option('--since <date>', 'only events from then on, such as 2026-11-30 or 2026-11-30T12:00:00Z')
    .requiredOption('--out <file>', 'the table to write, *.csv, *.parquet or *.jsonl')
    .action(feedback);
}

async function feedback(run: string, flags: CommonOptions & FeedbackRequest): Promise<void> {
  const { writeFeedback } = await import('../write-feedback.ts');
  await writeFeedback(new Terminal(flags), run, flags);
}
