/** `deeptaste data`: what files hold, as deeptaste reads them; `deeptaste data get`: public data sets. */
import { Command } from 'commander';
import { DeepTasteError } from '../../core/errors.ts';
import { addDataFlags, type DataFlags, dataOf, FILM_CLUB } from '../data-flags.ts';
import { wholeNumber } from '../option-values.ts';
import type { GetOptions } from '../public-sets/get.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

export function dataCommand(): Command {
  const command = new Command('data')
    .description('look at data: columns with their roles, counts, warnings')
    .argument('<files...>', 'files of interactions (globs are expanded), or film-club')
    .action(describe);
  return addDataFlags(command).addCommand(getCommand());
}

async function describe(files: string[], flags: CommonOptions & DataFlags): Promise<void> {
  const terminal = new Terminal(flags);
  const { describeData } = await import('../../data/describe.ts');
  const { renderDescription } = await import('../../data/describe-text.ts');
  const data = dataOf(files, flags);
  const description = await describeData('simulated' in data ? await filmClub() : data);
  terminal.print(renderDescription(description));
  terminal.document(description);
}

async function filmClub() {
  const { simulateFilmClub } = await import('../../data/simulated/film-club.ts');
  return simulateFilmClub({}).dataset;
}

type GetFlags = CommonOptions & GetOptions;

function getCommand(): Command {
  return new Command('get')
    .description('download a public data set and check it against its pinned checksums; without a name: list them')
    .argument('[name]', 'name of the set')
    .option('--dir <folder>', 'the set goes into <folder>/<name>', 'data')
    .option('--url <url>', 'take it from this address; the checksums hold all the same')
    .option(
      '--registry <file>',
      'JSON of further sets, or of mirrors: name → { url, sha256 or md5, files, interactions }',
    )
    .option('--timeout <seconds>', 'give up when nothing arrives for so long', wholeNumber(1, 3600), 60)
    .action(async (name: string | undefined, _: GetFlags, command: Command) => {
      // the options that `data` has too (--json, --user) are read by `data`
      const flags: GetFlags = command.optsWithGlobals();
      const terminal = new Terminal(flags);
      const { getDataSet, listDataSets } = await import('../public-sets/get.ts');
      if (name !== undefined) return getDataSet(terminal, name, flags);
      if (flags.url !== undefined)
        throw new DeepTasteError(
          'usage',
          `data get: --url needs the NAME of the set that is there; ${FILM_CLUB} needs no download`,
        );
      return listDataSets(terminal, flags.registry);
    });
}
