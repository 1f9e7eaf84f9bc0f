/** From the options of `train` (and `evaluate`, `compare`) to the settings of a run, the form that experiment files have too. */
import { type Command, Option } from 'commander';
import { DeepTasteError } from '../core/errors.ts';
import type { RunInput } from '../recommender/settings.ts';
import { type DataFlags, dataOptionsOf, defined, FILM_CLUB } from './data-flags.ts';
import { commaList, jsonOrText, wholeNumber } from './option-values.ts';

export interface SplitFlags {
  readonly split?: string;
  readonly by?: string;
  readonly test?: unknown;
  readonly validation?: unknown;
  readonly sampleCandidates?: number;
}

export interface EvaluationFlags {
  readonly metrics?: string[];
  readonly candidates?: 'auto' | 'all' | 'listed';
}

const splitMethods = ['leave-one-out', 'ratio', 'time', 'session', 'last-session', 'cold-items', 'given'];

export function addSplitFlags(command: Command): Command {
  return command
    .optionsGroup('What is held out:')
    .addOption(
      new Option('--split <method>', 'how to hold out; default: time when times vary, else ratio').choices(
        splitMethods,
      ),
    )
    .option('--by <order>', 'what orders the rows of a user: time, random, order')
    .option(
      '--test <share|file>',
      'share of the rows for testing; with --split given, the file of test rows',
      jsonOrText,
    )
    .option('--validation <share|file>', 'the same for validation', jsonOrText)
    .option('--sample-candidates <n>', 'rank among n sampled items, as some papers do', wholeNumber(1))
    .optionsGroup('Options:');
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
    );
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

/** @throws 'usage' when details are given without a method */
export function splitOf(flags: SplitFlags): Pick<RunInput, 'split' | 'sampleCandidates'> {
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

export function evaluationOf({ metrics, candidates }: EvaluationFlags): NonNullable<RunInput['evaluation']> {
  return defined({ metrics, candidates });
}
