/** `deeptaste demo`: the main job on the simulated film club, in about a minute. */

import { Command } from 'commander';
import { addEngineOptions } from '../engine-options.ts';
import type { DemoFlags } from '../flags.ts';
import { folderPath, seedValue } from '../option-values.ts';
import { Terminal } from '../terminal.ts';

export function demoCommand(): Command {
  const command = new Command('demo')
    .description('compare the models on a simulated film club, then recommend films to three people')
    .option('--seed <n>', 'seed of the world and of the training', seedValue, 1)
    .option('--out <folder>', 'where the best model is saved', folderPath, 'runs/film-club');
  return addEngineOptions(command).action(async (flags: DemoFlags) => {
    const { runDemo } = await import('../demo.ts');
    await runDemo(new Terminal(flags), flags);
  });
}
