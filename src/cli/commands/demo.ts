/** `deeptaste demo`: the main job on the simulated film club, in about a minute. */
import { Command } from 'commander';
import { seedValue, threadCount } from '../option-values.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

export interface DemoFlags extends CommonOptions {
  readonly seed: number;
  readonly threads?: number;
  readonly out: string;
}

export function demoCommand(): Command {
  return new Command('demo')
    .description('compare the models on a simulated film club, then recommend films to three people')
    .option('--seed <n>', 'seed of the world and of the training', seedValue, 1)
    .option('--threads <n>', 'threads that compute; results do not depend on it (default: all)', threadCount)
    .option('--out <folder>', 'where the best model is saved', 'runs/film-club')
    .action(async (flags: DemoFlags) => {
      const { runDemo } = await import('../demo.ts');
      await runDemo(new Terminal(flags), flags);
    });
}
