/** `deeptaste tune`: searches over models and their options, and says whether it was worth it. */
import { Command, Option } from 'commander';
import { DeepTasteError } from '../../core/errors.ts';
import { addEngineOptions } from '../engine-options.ts';
import type { TuneFlags } from '../flags.ts';
import { collect, commaList, folderPath, numberIn, seedValue, wholeNumber } from '../option-values.ts';
import { addRunFlags } from '../run-flags.ts';
import { Terminal } from '../terminal.ts';

export function tuneCommand(): Command {
  const command = new Command('tune')
    .description(
      'search over models and their options by the validation part, then measure the winner once on the test part, beside models as they are',
    )
    .argument('[study]', 'YAML file of a study; its paths are relative to it')
    .option('--data <file...>', 'files of interactions (globs are expanded), or film-club for the simulated data')
    .option('--models <a,b,c>', 'the models to search; default: auto, those for what is asked', commaList)
    .option('--minutes <n>', 'time of the search; measuring the winner comes after it', numberIn(0))
    .option('--trials <n>', 'trials of the search, models as they are among them', wholeNumber(1))
    .option('--epochs <n>', 'epochs of the search, of all trials together', wholeNumber(1))
    .option('--metric <name>', 'what is to be best on the validation part; default: the validation metric of the task')
    .option('--set <key=value>', 'fixes a setting of all models that have it, or of one: bpr-mf.factors=32', collect)
    .option(
      '--search <key=range>',
      'searches a setting between two numbers, or among values: factors=16..256, ials.regularization=0.001..1:log, hidden=[[64],[128,64]]',
      collect,
    )
    .addOption(
      new Option('--sampler <name>', 'what proposes trials: tpe = by what was good before; default: tpe').choices([
        'tpe',
        'random',
      ]),
    )
    .option('--out <folder>', 'folder of the study; default: studies/<data>', folderPath)
    .option('--resume', 'go on with the study in --out: with what was stopped, or with a larger budget')
    .option('--deterministic', 'nothing depends on time: the same trials and the same winner, stopped or not')
    .option(
      '--workers <n>',
      'trials side by side, a thread each; default: as many as there are threads, 4 at most',
      wholeNumber(1, 64),
    )
    .option('--seed <n>', 'seed of everything random', seedValue)
    .option('--no-final', 'keep the measured winner instead of training it anew on all rows for use')
    .option('--json-progress', 'progress and notes on standard error for programs: one JSON object a line');
  addRunFlags(addEngineOptions(command));
  return command.action(async (file: string | undefined, flags: TuneFlags) => {
    const terminal = new Terminal(flags);
    if ((file === undefined) === (flags.data === undefined))
      throw new DeepTasteError(
        'usage',
        `tune: needs data or the file of a study, found ${file === undefined ? 'neither' : 'both'}; say --data FILE, or deeptaste tune study.yaml`,
      );
    const { studyOfFile, studyOfFlags } = await import('../study-settings.ts');
    const { runStudy } = await import('../run-study.ts');
    const settings = file === undefined ? await studyOfFlags(flags) : await studyOfFile(file, flags);
    await runStudy(terminal, settings, flags);
  });
}
