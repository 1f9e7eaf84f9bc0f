/** `deeptaste export`: what a saved recommender holds, as a table for other programs. */
import { Command } from 'commander';
import { DeepTasteError } from '../../core/errors.ts';
import { folderPath } from '../option-values.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

interface ExportFlags extends CommonOptions {
  readonly embeddings?: string;
  readonly users?: boolean;
}

export function exportCommand(): Command {
  return new Command('export')
    .description('write the vectors of items, or of users, to a table: id, title, d0, d1, …')
    .argument('<run>', 'folder of a saved recommender', folderPath)
    .option('--embeddings <file>', 'the table to write, *.parquet, *.csv or *.jsonl')
    .option('--users', 'vectors of users instead of items')
    .action(async (path: string, flags: ExportFlags) => {
      const { embeddings, users = false } = flags;
      if (embeddings === undefined)
        throw new DeepTasteError('usage', 'export: needs a file to write, found none; say --embeddings FILE.parquet');
      const { exportEmbeddings } = await import('../export-embeddings.ts');
      await exportEmbeddings(new Terminal(flags), path, embeddings, users ? 'user' : 'item');
    });
}
