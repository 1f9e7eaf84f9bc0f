/** `train --finish --out RUN`: a recommender from the checkpoint beside RUN, by the settings that stand there. */

import { DeepTasteError } from '../core/errors.ts';
import { CheckpointFolder } from '../runs/checkpoint-folder.ts';
import type { RunFlags } from './flags.ts';
import type { Terminal } from './terminal.ts';

/** Flags that say nothing of what a run is. */
const allowed = [
  ...['finish', 'out', 'json', 'quiet', 'debug', 'checkpointSeconds', 'profile'],
  ...['threads', 'blas', 'kernels', 'final'],
];

/** @throws 'usage' without `--out`, with flags that belong to the run, or without a checkpoint */
export async function finishStored(terminal: Terminal, flags: RunFlags): Promise<void> {
  const { out } = flags;
  if (out === undefined)
    throw new DeepTasteError('usage', '--finish: say which run with --out RUN, or repeat its whole command');
  const other = Object.keys(flags).find((key) => !allowed.includes(key));
  if (other !== undefined)
    throw new DeepTasteError(
      'usage',
      `--finish: without --data and --model the settings are those of the checkpoint, found "${other}" beside it; ` +
        'leave it out, or repeat the whole command of the run',
    );
  const stored = await new CheckpointFolder(out).settings();
  const where = `${out}.partial/settings.json`;
  const { currentSettings, parseAnyRunSettings } = await import('../runs/any-settings.ts');
  const { executeRun } = await import('./execute-run.ts');
  await executeRun(terminal, { ...flags, settings: parseAnyRunSettings(currentSettings(stored), where) });
}
