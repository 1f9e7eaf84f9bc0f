/** `deeptaste train`: from data to a measured, saved recommender. */

import { Command } from 'commander';
import { DeepTasteError } from '../../core/errors.ts';
import type { AnyModel } from '../../examples/model.ts';
import type { AnyRunInput } from '../../runs/any-settings.ts';
import { type DataFlags, dataOf, defined } from '../data-flags.ts';
import { addEngineOptions } from '../engine-options.ts';
import { noEpochs } from '../epochs-flag.ts';
import type { RunFlags } from '../flags.ts';
import { collect, folderPath, numberIn, seedValue, wholeNumber } from '../option-values.ts';
import { addRunFlags, runInputOf, type SettingsFlags } from '../run-flags.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

interface TrainFlags extends CommonOptions, RunFlags, DataFlags, SettingsFlags {
  readonly data?: string[];
  readonly model?: string;
  readonly set?: string[];
  readonly epochs?: number;
  readonly refit?: true;
  readonly from?: string;
}

export function trainCommand(): Command {
  const command = new Command('train')
    .description('train a model on your data, measure it on held-out rows, save it')
    .option('--data <file...>', 'files of interactions (globs are expanded), or film-club for the simulated data')
    .option('--model <name>', 'the model; "deeptaste models" lists them')
    .option(
      '--from <run>',
      'go on from a saved recommender with the rows of --data: its model, settings and weights',
      folderPath,
    )
    .option(
      '--set <key=value>',
      'a setting, e.g. factors=32, training.batchSize=512, optimizer.learningRate=0.01',
      collect,
    )
    .option('--epochs <n>', 'epochs at most (training.epochs)', wholeNumber(1))
    .option('--refit', 'when the number of epochs is chosen on the validation part, train anew on both parts');
  addRunFlags(addRunOptions(command));
  return command.action(async (flags: TrainFlags) => {
    const terminal = new Terminal(flags);
    if (flags.finish && flags.data === undefined && flags.model === undefined && flags.from === undefined) {
      const { finishStored } = await import('../finish-stored.ts');
      return finishStored(terminal, flags);
    }
    if (flags.from !== undefined) {
      const { continuedRun } = await import('../continued-run.ts');
      const { executeRun } = await import('../execute-run.ts');
      const continued = await continuedRun(flags.from, flags, await terminal.progress());
      return executeRun(terminal, { ...flags, ...continued, fromPath: flags.from });
    }
    requireNamed(flags);
    const { checkedRun } = await import('../checked-run.ts');
    const { executeRun } = await import('../execute-run.ts');
    const { findModel } = await import('../../models/index.ts');
    const settings = await checkedRun(settingsOf(flags, findModel(flags.model)), flags.set ?? [], 'train');
    await executeRun(terminal, { ...flags, from: undefined, settings });
  });
}

type NamedFlags = TrainFlags & { readonly data: string[]; readonly model: string };

/** @throws 'usage' */
function requireNamed(flags: TrainFlags): asserts flags is NamedFlags {
  const missing = flags.data === undefined ? '--data <file...>' : flags.model === undefined ? '--model <name>' : null;
  if (missing !== null && flags.finish)
    throw new DeepTasteError(
      'usage',
      `--finish: must have the whole command of the run, or --out RUN alone, found no ${missing.split(' ')[0]}; ` +
        'where the files of the run have moved, repeat its command with --data and all else',
    );
  if (missing !== null) throw new DeepTasteError('usage', `train: required option '${missing}' not specified`);
}

export function addRunOptions(command: Command): Command {
  return addEngineOptions(command)
    .option(
      '--out <folder>',
      'where the recommender is saved; default: runs/<data>-<model>, or runs/<experiment>',
      folderPath,
    )
    .option('--seed <n>', 'seed of everything random: the same seed gives the same bytes', seedValue)
    .option('--no-final', 'keep the measured model instead of training anew on all rows for use')
    .option('--resume', 'go on from the checkpoint of the same run that was stopped')
    .option('--finish', 'make a recommender of the checkpoint of a run that was stopped, without further training')
    .option('--json-progress', 'progress and notes on standard error for programs: one JSON object a line')
    .option('--checkpoint-seconds <n>', 'least time between checkpoints; 0 = after every epoch', numberIn(0), 10)
    .option('--profile [file]', 'say where the time of training steps goes; the file is a trace for chrome://tracing');
}

/** What `--no-final` says; nothing where it is absent, so that a file may say it. */
export function finalOf({ final }: RunFlags): { final?: false } {
  return final ? {} : { final: false };
}

/** @throws 'usage' for epochs of a model that has none */
function settingsOf(flags: NamedFlags, model: AnyModel): AnyRunInput {
  const { seed, refit, epochs } = flags;
  if (epochs !== undefined && model.learn.by === 'solver') throw noEpochs(epochs, [model]);
  return {
    ...defined({ seed, refit }),
    ...finalOf(flags),
    data: dataOf(flags.data, flags),
    ...runInputOf(model, flags),
    model: model.name,
    training: defined({ epochs }),
  } as AnyRunInput;
}
