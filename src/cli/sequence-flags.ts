/** The options that say what sequences are and which are held out; the same in every command that reads some. */

import { type Command, Option } from 'commander';
import { DeepTasteError } from '../core/errors.ts';
import { formTitles } from '../examples/forms.ts';
import type { AnyModel } from '../examples/model.ts';
import type { SequenceRunInput } from '../tasks/next-item-settings.ts';
import { defined } from './data-flags.ts';
import type { SequenceFlags, SplitFlags } from './flags.ts';
import { finiteNumber, notNegative, wholeNumber } from './option-values.ts';

const names = {
  sequences: '--sequences',
  gap: '--gap',
  minLength: '--min-length',
  minSupport: '--min-support',
  days: '--days',
  validationDays: '--validation-days',
  unknownItems: '--unknown-items',
  filter: '--filter',
} as const satisfies Record<keyof SequenceFlags, string>;

export function addSequenceFlags(command: Command): Command {
  return command
    .optionsGroup('Models of sequences:')
    .addOption(
      new Option(
        '--sequences <by>',
        "what a sequence is: a session by its id, a user's events up to a pause, a user's history",
      ).choices(['session', 'gap', 'user']),
    )
    .option('--gap <seconds>', 'a longer pause begins a session (--sequences gap)', finiteNumber)
    .option('--min-length <n>', 'drop shorter sequences', wholeNumber(1))
    .option('--min-support <n>', 'drop items with fewer events', wholeNumber(0))
    .option('--days <n>', 'test on the sequences of the last days (--split last-days)', finiteNumber)
    .option('--validation-days <n>', 'validate on those of the days before', notNegative)
    .addOption(
      new Option('--unknown-items <rule>', 'held-out events of items that training does not have').choices([
        'remove',
        'miss',
      ]),
    )
    .addOption(
      new Option('--filter <which>', 'items that are no candidates: those the sequence held before, or none').choices([
        'none',
        'history',
      ]),
    )
    .optionsGroup('Options:');
}

/** @throws 'usage' when one is given beside a model that does not learn from sequences */
export function refuseSequenceFlags(flags: SequenceFlags, { name, form }: Pick<AnyModel, 'name' | 'form'>): void {
  const given = (Object.keys(names) as (keyof SequenceFlags)[]).find((flag) => flags[flag] !== undefined);
  if (given === undefined) return;
  throw new DeepTasteError(
    'usage',
    `${names[given]}: is for models of sequences, and ${name} is one of the ${formTitles[form]}; leave it out, or choose another model`,
  );
}

/** What the flags say of sequences, filters and split; nothing where nothing is said. @throws 'usage' */
export function sequencesOfFlags(
  flags: SequenceFlags & SplitFlags,
): Pick<SequenceRunInput, 'sequences' | 'filter' | 'split'> {
  const { gap, minLength, minSupport } = flags;
  if (gap !== undefined && flags.sequences !== undefined && flags.sequences !== 'gap')
    throw new DeepTasteError(
      'usage',
      `--gap: cuts users' events at pauses, found --sequences ${flags.sequences} beside it; leave one out`,
    );
  const sequences = defined({ by: gap === undefined ? flags.sequences : ('gap' as const), gapSeconds: gap });
  const filter = minLength === undefined && minSupport === undefined ? undefined : filterOf(minLength, minSupport);
  const split = splitOf(flags);
  return defined({ sequences: Object.keys(sequences).length > 0 ? sequences : undefined, filter, split });
}

/** A rule that is not said drops nothing. */
function filterOf(minLength = 1, minSupport = 0) {
  return { minLength, minSupport };
}

function splitOf(flags: SequenceFlags & SplitFlags): SequenceRunInput['split'] {
  const { by, test, validation, days, validationDays, unknownItems, sampleCandidates: negatives } = flags;
  const isByDays = days !== undefined || validationDays !== undefined;
  const method = flags.split ?? (isByDays ? 'last-days' : undefined);
  const details = defined({ by, test, validation, days, validationDays, unknownItems, negatives });
  const [detail] = Object.keys(details) as (keyof typeof details)[];
  if (method === undefined && detail === undefined) return undefined;
  if (method === undefined)
    throw new DeepTasteError(
      'usage',
      `--${flagOf(detail)}: belongs to a way of splitting, found none; say --split METHOD too`,
    );
  return { method, ...details } as SequenceRunInput['split'];
}

function flagOf(detail: string): string {
  return { unknownItems: 'unknown-items', negatives: 'sample-candidates' }[detail] ?? detail;
}
