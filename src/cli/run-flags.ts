/** From the options of `train` (and `evaluate`, `compare`) to the settings of a run, the form that experiment files have too. */

import { type Command, Option } from 'commander';
import { DeepTasteError } from '../core/errors.ts';
import type { AnyModel } from '../examples/model.ts';
import type { AnyRunInput } from '../runs/any-settings.ts';
import type { RunInput } from '../tasks/ranking-settings.ts';
import { addDataFlags, type DataFlags, dataOptionsOf, defined, FILM_CLUB } from './data-flags.ts';
import type { EvaluationFlags, SequenceFlags, SplitFlags } from './flags.ts';
import { commaList, jsonOrText, wholeNumber } from './option-values.ts';
import { addSequenceFlags, refuseSequenceFlags, sequencesOfFlags } from './sequence-flags.ts';

/** Which of them belong to which models, the settings of runs say (runs/any-settings.ts). */
const splitMethods = [
  ...['leave-one-out', 'ratio', 'time', 'session', 'last-session', 'cold-items', 'given'],
  ...['last-days', 'prefix-files', 'none'],
];

export function addSplitFlags(command: Command): Command {
  return command
    .optionsGroup('What is held out:')
    .addOption(
      new Option(
        '--split <method>',
        'how to hold out; none = train on all rows, measure nothing; default: time when times vary, else ratio; of sequences: the last day, of histories the last item',
      ).choices(splitMethods),
    )
    .option('--by <order>', 'what orders the rows of a user: time, random, order; with last-days: end, start')
    .option(
      '--test <share|file>',
      'share of the rows for testing; with --split given, the file of test rows',
      jsonOrText,
    )
    .option('--validation <share|file>', 'the same for validation', jsonOrText)
    .option('--sample-candidates <n>', 'rank among n sampled items, as some papers do', wholeNumber(1))
    .optionsGroup('Options:');
}

/** Data, split and evaluation: all that commands which read data to train or to measure have. */
export function addRunFlags(command: Command): Command {
  return addDataFlags(addSequenceFlags(addSplitFlags(addEvaluationFlags(command))));
}

export function addEvaluationFlags(command: Command): Command {
  return command
    .option('--metrics <a,b,c>', 'metrics on the test part; the first one leads the table', commaList)
    .addOption(
      new Option('--candidates <which>', 'rank all items, or those that the split lists').choices([
        'auto',
        'all',
        'listed',
      ]),
    )
    .option('--eval-users <n>', 'rank for n users at most, drawn with the seed; 0 = do not evaluate', wholeNumber(0));
}

/** The data of a run: files, or the simulated film club. @throws 'usage' */
export function dataOf(files: readonly string[], flags: DataFlags): RunInput['data'] {
  const told = dataOptionsOf(flags);
  if (!files.includes(FILM_CLUB)) return { ...told, files: [...files] };
  const [option] = Object.keys(told);
  if (files.length > 1 || option !== undefined)
    throw new DeepTasteError(
      'usage',
      `--data ${FILM_CLUB}: the simulated film club stands alone, found ${files.length > 1 ? 'other files' : `"${option}"`} ` +
        `beside it; a file of that name is ./${FILM_CLUB}`,
    );
  return { simulated: {} };
}

/** What the flags say of the data's form, the split and the evaluation of a run, as the model needs it. @throws 'usage' */
export function runInputOf(
  model: Pick<AnyModel, 'name' | 'form'>,
  flags: SplitFlags & SequenceFlags & EvaluationFlags,
): Omit<AnyRunInput, 'data' | 'model'> {
  const { metrics, candidates, filter, evalUsers: users } = flags;
  if (model.form !== 'sequences') {
    refuseSequenceFlags(flags, model);
    return { ...splitOf(flags), evaluation: defined({ metrics, candidates, users }) };
  }
  const evaluation = defined({ metrics, candidates, filter, users }) as { candidates?: 'auto' };
  return { ...sequencesOfFlags(flags), evaluation };
}

/** @throws 'usage' when details are given without a method */
function splitOf(flags: SplitFlags): Pick<RunInput, 'split' | 'sampleCandidates'> {
  const { split: method, by, test, validation, sampleCandidates: n } = flags;
  const details = defined({ by, test, validation });
  const [detail] = Object.keys(details);
  if (method === undefined && detail !== undefined)
    throw new DeepTasteError('usage', `--${detail}: belongs to a way of splitting, found none; say --split METHOD too`);
  return defined({
    split: method === undefined ? undefined : ({ method, ...details } as RunInput['split']),
    sampleCandidates: n === undefined ? undefined : { n },
  });
}
