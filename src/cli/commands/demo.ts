/** `deeptaste demo`: the main job on the simulated film club, in about a minute. */

import { Command } from 'commander';
import { DeepTasteError } from '../../core/errors.ts';
import { addEngineOptions } from '../engine-options.ts';
import type { DemoFlags } from '../flags.ts';
import { folderPath, seedValue, wholeNumber } from '../option-values.ts';
import { serveDefaults } from '../serve-defaults.ts';
import { Terminal } from '../terminal.ts';

const DEMO_FOLDER = 'runs/film-club';
const SERVED_FOLDER = 'runs/film-club-models';

export function demoCommand(): Command {
  const command = new Command('demo')
    .description('compare the models on a simulated film club, then recommend films to three people')
    .option('--seed <n>', 'seed of the world and of the training', seedValue, 1)
    .option(
      '--out <folder>',
      `where the best model is saved (default: ${DEMO_FOLDER}; with --serve ${SERVED_FOLDER})`,
      folderPath,
    )
    .option(
      '--serve',
      'train two of the models, then serve them with the Studio, the page to try them and look at them',
    )
    .option(
      '--port <n>',
      `with --serve: port to listen at, 0 = any that is free (default: ${serveDefaults.port})`,
      wholeNumber(0, 65_535),
    );
  return addEngineOptions(command).action(async (flags: DemoFlags) => {
    if (flags.serve) {
      const { serveDemo } = await import('../demo-serve.ts');
      return serveDemo(new Terminal(flags), flags, flags.out ?? SERVED_FOLDER);
    }
    if (flags.port !== undefined)
      throw new DeepTasteError('usage', '--port: must stand with --serve, found it alone; write both, or leave it out');
    const { runDemo } = await import('../demo.ts');
    await runDemo(new Terminal(flags), flags, flags.out ?? DEMO_FOLDER);
  });
}
