/** `deeptaste run`: an experiment file, from data to result. */
import { Command } from 'commander';
import { DeepTasteError } from '../../core/errors.ts';
import type { RunFlags } from '../flags.ts';
import { collect } from '../option-values.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';
import { addRunOptions, finalOf } from './train.ts';

interface ExperimentFlags extends CommonOptions, RunFlags {
  readonly set?: string[];
}

export function runCommand(): Command {
  const command = new Command('run')
    .description('run an experiment file: data, split, model, training and evaluation in YAML')
    .argument('<experiment>', 'YAML file; its paths are relative to it')
    .option('--set <key=value>', 'overrides a setting of the file, e.g. factors=32, training.epochs=5', collect);
  return addRunOptions(command).action(async (path: string, flags: ExperimentFlags) => {
    if (path.trim() === '')
      throw new DeepTasteError(
        'usage',
        'run: <experiment> must be the path of a YAML file, found an empty text; name one, e.g. deeptaste run experiment.yaml',
      );
    const terminal = new Terminal(flags);
    const { readExperiment } = await import('../../runs/experiment-file.ts');
    const { checkedRun } = await import('../checked-run.ts');
    const { executeRun } = await import('../execute-run.ts');
    const experiment = await readExperiment(path);
    const settings = await checkedRun(
      { ...experiment, ...finalOf(flags), seed: flags.seed ?? experiment.seed },
      flags.set ?? [],
      path,
    );
    await executeRun(terminal, { settings, ...flags });
  });
}
