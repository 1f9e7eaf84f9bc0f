/** `deeptaste negatives`: what the negatives of a training teach, sampler by sampler. */

import { Command } from 'commander';
import { addEngineOptions } from '../engine-options.ts';
import type { NegativesFlags } from '../flags.ts';
import { collect, commaList, folderPath, seedValue, wholeNumber } from '../option-values.ts';
import { addRunFlags } from '../run-flags.ts';
import { Terminal } from '../terminal.ts';

export function negativesCommand(): Command {
  const command = new Command('negatives')
    .description(
      'train with several samplers of negatives and say how much the drawn negatives teach, and how many of them are false',
    )
    .argument('[run]', 'folder of a saved recommender, whose model, settings and data are taken', folderPath)
    .option(
      '--data <file...>',
      'files of interactions, or film-club for the simulated data; with a run: where its data are now',
    )
    .option('--model <name>', 'a model of users and items that draws negatives (default: bpr-mf)')
    .option('--samplers <a,b,c>', 'the samplers (training.negativeSampler)', commaList, [
      'uniform',
      'popularity',
      'dns',
    ])
    .option(
      '--set <key=value>',
      'a setting, e.g. training.candidates=16; those of one sampler concern it alone',
      collect,
    )
    .option('--epochs <n>', 'epochs at most', wholeNumber(1))
    .option('--steps <n>', 'steps at the beginning of each epoch that are looked at', wholeNumber(1), 20)
    .option('--seed <n>', 'seed of everything random (default: that of the run, or 1)', seedValue)
    .option('--svg <file>', 'a picture of slopes over the epochs')
    .option('--save', 'keep it in the folder of the run, where the Studio of a server shows it');
  addRunFlags(addEngineOptions(command));
  return command.action(async (run: string | undefined, flags: NegativesFlags) => {
    const { reportNegatives } = await import('../negative-report.ts');
    await reportNegatives(new Terminal(flags), run ?? null, flags);
  });
}
