/** `deeptaste attack`: fake people in a copy of the data, and what they do to recommenders that are trained on it. */
import { Command, Option } from 'commander';
import { describeAttacks } from '../../robustness/attacks/index.ts';
import { fakeTimings } from '../../robustness/fake-profiles.ts';
import { addEngineOptions } from '../engine-options.ts';
import type { AttackFlags } from '../flags.ts';
import { collect, commaList, folderPath, seedValue, wholeNumber } from '../option-values.ts';
import { addRunFlags } from '../run-flags.ts';
import { Terminal } from '../terminal.ts';

export function attackCommand(): Command {
  const command = new Command('attack')
    .description(
      'how easily fake people push or bury items: puts them into a copy of the data, trains victims anew with and without them, and says what ' +
        'changes. To test and defend a system of your own',
    )
    .requiredOption(
      '--data <file...>',
      'files of interactions (globs are expanded), or film-club for the simulated data',
    )
    .option('--model <a,b,c>', 'the victims', commaList)
    .requiredOption('--attack <a,b,c>', 'the attacks, see below', commaList)
    .option('--budget <n|share>', 'fake people: 20, or 1%; several as 1%,3%,5%', commaList, ['1%'])
    .option(
      '--length <n|mean|matched>',
      'rows of each fake person, targets included: matched = as many as a real person drawn at random has',
      'matched',
    )
    .addOption(
      new Option(
        '--times <how>',
        'when fake people act: at times of a real person drawn at random, anywhere in the span of the data, or all at once',
      )
        .choices(fakeTimings)
        .default('people'),
    )
    .option(
      '--targets <ids|unpopular|random|popular>',
      'items that are pushed: ids, or drawn anew with each seed: from the less popular half, from all, from the most popular tenth',
      commaList,
      ['unpopular'],
    )
    .option('--n-targets <n>', 'targets to draw', wholeNumber(1, 1000), 5)
    .option('--demote', 'bury the targets instead of promoting them')
    .option('--seeds <n>', 'how often all is drawn and trained anew, with seeds that count up', wholeNumber(1, 1000), 5)
    .option('--seed <n>', 'the first seed', seedValue, 1)
    .option(
      '--set <key=value>',
      'a setting of an attack: bandwagon.popular=0.3; or of victims, as in compare: ials.factors=32',
      collect,
    )
    .option('--epochs <n>', 'epochs of victims at most, of those that have epochs', wholeNumber(1))
    .option(
      '--questions <n>',
      'how often an attack from outside may ask its victim, which trains it',
      wholeNumber(1),
      500,
    )
    .option('--spies <n>', 'real people whose lists an attack from outside sees', wholeNumber(1), 50)
    .option('--out <folder>', 'folder for attack.json and a picture of hit rates against budgets', folderPath)
    .option(
      '--write-data <file>',
      'the data with the fake people of the one attack and the first seed in them, *.csv, *.parquet or *.jsonl',
    );
  addRunFlags(addEngineOptions(command));
  command.addHelpText('after', () => `\nAttacks:\n${describeAttacks()}`);
  return command.action(async (flags: AttackFlags) => {
    const { attackVictims } = await import('../attack-victims.ts');
    await attackVictims(new Terminal(flags), flags);
  });
}
