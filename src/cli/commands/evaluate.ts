/** `deeptaste evaluate`: measures a saved recommender again, perhaps with other metrics or candidates. */

import { Command } from 'commander';
import { DeepTasteError } from '../../core/errors.ts';
import { addEngineOptions } from '../engine-options.ts';
import type { EvaluateFlags } from '../flags.ts';
import { folderPath } from '../option-values.ts';
import { addRunFlags } from '../run-flags.ts';
import { Terminal } from '../terminal.ts';

export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description('measure a saved recommender on the rows that its training held out (train --no-final)')
    .argument('<run>', 'folder of a saved recommender', folderPath)
    .option('--data <file...>', 'where the data are now; default: where they were when the run was trained')
    .option('--save', 'replace the numbers that are stored in the run');
  addRunFlags(addEngineOptions(command));
  return command.action(async (path: string, flags: EvaluateFlags) => {
    const { inspectArtifact } = await import('../../artifact/artifact.ts');
    const manifest = await inspectArtifact(path);
    if (manifest.final) {
      const { showFinalRun } = await import('../final-evaluation.ts');
      return showFinalRun(new Terminal(flags), path, manifest, flags);
    }
    try {
      const { evaluateStored } = await import('../evaluate-stored.ts');
      await evaluateStored(new Terminal(flags), path, flags);
    } catch (error) {
      throw asMovedData(error, path, flags);
    }
  });
}

/** The settings of a run name its files as they lay when it was trained. */
function asMovedData(error: unknown, path: string, { data, items, users, social }: EvaluateFlags): unknown {
  if (!(error instanceof DeepTasteError) || !error.message.includes('there is no such file')) return error;
  // what was given by hand is told as it is
  const given = [...(data ?? []), ...[items, users, social].filter((file) => typeof file === 'string')];
  if (given.some((file) => error.message.includes(file))) return error;
  const where = data === undefined ? '--data' : '--items, --users or --social';
  return new DeepTasteError(
    error.code,
    `evaluate ${path}: the data of the run must be where they were: ${error.message}; say with ${where} where they are now`,
    error.details,
    { cause: error },
  );
}
