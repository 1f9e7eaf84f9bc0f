/** `deeptaste serve`: saved recommenders as a server that takes feedback. */
import { Command, Option } from 'commander';
import type { ServeFlags } from '../flags.ts';
import { commaList, folderPath, folderPaths, interval, numberIn, wholeNumber } from '../option-values.ts';
import { PROMOTIONS } from '../retraining/promotion.ts';
import { serveDefaults } from '../serve-defaults.ts';
import { Terminal } from '../terminal.ts';

export function serveCommand(): Command {
  return new Command('serve')
    .description(
      'answer over HTTP: recommendations by saved recommenders, feedback that counts at once (docs/serving.md)',
    )
    .argument('<runs...>', 'folders of saved recommenders; the first one answers when none is named', folderPaths)
    .option('--host <address>', 'address to listen at; others than this machine need keys', serveDefaults.host)
    .option('--port <n>', 'port to listen at, 0 = any that is free', wholeNumber(0, 65_535), serveDefaults.port)
    .option('--store <file|url>', 'what people do is kept in a SQLite file, or in postgres://…', 'deeptaste.db')
    .option(
      '--bus <url>',
      'redis://…: servers over one store tell each other of changes, and take feedback from a stream',
    )
    .option('--settings <file>', 'scenarios and the meaning of feedback, in YAML')
    .option(
      '--workers <n>',
      'threads that score, each with the recommenders in memory',
      wholeNumber(1, 256),
      serveDefaults.workers,
    )
    .option(
      '--queue <n>',
      'questions that may wait; beyond them the server says that it is busy',
      wholeNumber(1),
      serveDefaults.queue,
    )
    .option('--rate <n>', 'requests a second of one key, or address (default: no limit)', numberIn(0.01))
    .option('--max-body <bytes>', 'size of a request', wholeNumber(1), serveDefaults.maxBody)
    .option('--cors <origin,…>', 'pages from elsewhere that may ask, * = all', commaList)
    .option('--watch', 'load recommenders anew when they are saved anew')
    .option(
      '--retrain-every <interval>',
      'train the recommenders on with feedback so often, such as 24h, as "deeptaste retrain" does',
      interval,
    )
    .addOption(new Option('--promote <rule>', 'with --retrain-every: as of "deeptaste retrain"').choices(PROMOTIONS))
    .option('--margin <share>', 'with --retrain-every: as of "deeptaste retrain"', numberIn(0, 1))
    .option(
      '--runs <folder>',
      'take tables and train models on them over HTTP; runs are saved in this folder',
      folderPath,
    )
    .option(
      '--max-upload <bytes>',
      `with --runs: size of a table that is uploaded (default: ${serveDefaults.maxUpload})`,
      wholeNumber(1),
    )
    .option('--keep <days>', 'how long answers that were given are kept', numberIn(0), serveDefaults.keep)
    .option(
      '--drain <seconds>',
      'how long it answers after the signal to stop, not ready any more',
      numberIn(0, 600),
      serveDefaults.drain,
    )
    .action(serve);
}

async function serve(runs: readonly string[], flags: ServeFlags): Promise<void> {
  const { serveUntilStopped } = await import('../serve-runs.ts');
  await serveUntilStopped(new Terminal(flags), runs, flags);
}
