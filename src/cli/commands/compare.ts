/** `deeptaste compare`: saved runs by their stored numbers, or several models trained here on the same split. */

import { Command, Option } from 'commander';
import { DeepTasteError } from '../../core/errors.ts';
import { addEngineOptions } from '../engine-options.ts';
import type { CompareFlags } from '../flags.ts';
import { collect, commaList, folderPaths, seedValue, wholeNumber } from '../option-values.ts';
import { addRunFlags } from '../run-flags.ts';
import { Terminal } from '../terminal.ts';

export function compareCommand(): Command {
  const command = new Command('compare')
    .description(
      'compare saved runs, or train models on the same split and compare them, with paired tests over users, sequences or rows',
    )
    .argument('[runs...]', 'folders of saved recommenders', folderPaths)
    .option('--metric <name>', 'the metric to compare on; default: the first one of the runs')
    .option('--baseline <name>', 'the run or model that the others are compared with; default: the best')
    .addOption(
      new Option('--significance <test>', 'the paired test')
        .choices(['bootstrap', 't', 'wilcoxon'])
        .default('bootstrap'),
    )
    .option(
      '--slices [file.svg]',
      'for whom: differences in slices by training rows of users (and of items, where rows are predicted) and by friends, as a picture too',
    )
    .option('--data <file...>', 'train on these data instead of reading runs, or film-club')
    .option('--models <a,b,c>', 'the models to train', commaList)
    .option('--seeds <n>', 'how often each model is trained, with seeds that count up', wholeNumber(1, 1000), 1)
    .option('--seed <n>', 'the first seed', seedValue, 1)
    .option('--set <key=value>', 'a setting of all models that have it, or of one: neumf.factors=32', collect)
    .option('--epochs <n>', 'epochs at most, of models that have epochs', wholeNumber(1))
    .option('--refit', 'when the number of epochs is chosen, train anew on training and validation part');
  addRunFlags(addEngineOptions(command));
  return command.action(async (runs: string[], flags: CompareFlags, called: Command) => {
    const terminal = new Terminal(flags);
    const trains = flags.data !== undefined || flags.models !== undefined;
    if (trains === runs.length > 0)
      throw new DeepTasteError(
        'usage',
        `compare: needs saved runs, or data and models, found ${trains ? 'both' : 'neither'}; ` +
          'say RUN RUN …, or --data FILE --models a,b',
      );
    if (trains) {
      const { compareTrained } = await import('../compare-trained.ts');
      return compareTrained(terminal, flags);
    }
    checkStoredFlags(called);
    const { compareStored } = await import('../compare-stored.ts');
    return compareStored(terminal, runs, flags);
  });
}

/** What may be said of the comparison of saved runs, beside what every command takes. */
const ofStored = ['metric', 'baseline', 'significance', 'slices', 'json', 'quiet', 'debug', 'color'];

/** @throws 'usage' for an option of training: the numbers of saved runs stand */
function checkStoredFlags(called: Command): void {
  const other = called.options.find((option) => {
    const name = option.attributeName();
    return called.getOptionValueSource(name) === 'cli' && !ofStored.includes(name);
  });
  if (other)
    throw new DeepTasteError(
      'usage',
      `compare: saved runs are compared by the numbers that they hold, found ${other.long}; leave it out, measure them anew with ` +
        '"deeptaste evaluate RUN --save", or train with --data FILE --models a,b',
    );
}
