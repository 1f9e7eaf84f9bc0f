/** The flags that are settings of a run beside its data: what is held out, how it is measured, what sequences are. */
import type { Command } from 'commander';
import { DeepTasteError } from '../core/errors.ts';
import { type Form, formTitles } from '../examples/forms.ts';
import type { AnyModel } from '../examples/model.ts';
import { type AnyRunInput, settingsForms } from '../runs/any-settings.ts';
import { addDataFlags } from './data-flags.ts';
import {
  addSettingFlags,
  belongs,
  foreignFlag,
  type GivenFlags,
  nameOf,
  type SettingFlag,
  settingsOf,
} from './setting-flags.ts';

const splitFlags = {
  split: {
    flag: '--split <method>',
    at: 'split.method',
    doc: 'how to hold out; none = train on all rows, measure nothing; default: time when times vary, else ratio; of sequences: the last day, of histories the last item',
  },
  by: {
    flag: '--by <order>',
    at: 'split.by',
    doc: 'what orders the rows of a user: time, random, order; with last-days: end, start',
  },
  test: {
    flag: '--test <share|file>',
    at: 'split.test',
    doc: 'share of the rows for testing; with --split given, the file of test rows',
  },
  validation: { flag: '--validation <share|file>', at: 'split.validation', doc: 'the same for validation' },
  sampleCandidates: {
    flag: '--sample-candidates <n>',
    at: ['sampleCandidates.n', 'split.negatives'],
    doc: 'rank among n sampled items, as some papers do',
  },
} as const satisfies Record<string, SettingFlag>;

const evaluationFlags = {
  task: { flag: '--task <task>', at: 'task' },
  metrics: { flag: '--metrics <a,b,c>', at: 'evaluation.metrics' },
  candidates: { flag: '--candidates <which>', at: 'evaluation.candidates' },
  filter: {
    flag: '--filter <which>',
    at: 'evaluation.filter',
    doc: "items that are no candidates: the user's own of the training (and validation) part, those the sequence held before, or none",
  },
  evalUsers: { flag: '--eval-users <n>', at: 'evaluation.users' },
} as const satisfies Record<string, SettingFlag>;

const sequenceFlags = {
  sequences: { flag: '--sequences <by>', at: 'sequences.by' },
  gap: { flag: '--gap <seconds>', at: 'sequences.gapSeconds' },
  minLength: { flag: '--min-length <n>', at: 'filter.minLength' },
  minSupport: { flag: '--min-support <n>', at: 'filter.minSupport' },
  days: { flag: '--days <n>', at: 'split.days' },
  validationDays: { flag: '--validation-days <n>', at: 'split.validationDays' },
  unknownItems: { flag: '--unknown-items <rule>', at: 'split.unknownItems' },
} as const satisfies Record<string, SettingFlag>;

const flags = { ...splitFlags, ...evaluationFlags, ...sequenceFlags };

export type SettingsFlags = GivenFlags<typeof flags>;

/** Data, split and evaluation: all that commands which read data to train or to measure have. */
export function addRunFlags(command: Command): Command {
  const schemas = Object.values(settingsForms).map(({ schema }) => schema);
  addSettingFlags(command, 'How it is measured:', evaluationFlags, schemas);
  addSettingFlags(command, 'What is held out:', splitFlags, schemas);
  addSettingFlags(command, 'Models of sequences:', sequenceFlags, schemas);
  return addDataFlags(command);
}

/** What the flags say of the data's form, the split and the evaluation of a run, as the model needs it. @throws 'usage' */
export function runInputOf(
  { name, form }: Pick<AnyModel, 'name' | 'form'>,
  given: SettingsFlags,
): Omit<AnyRunInput, 'data' | 'model'> {
  const { schema } = settingsForms[form];
  const foreign = foreignFlag(flags, given, schema);
  if (foreign) throw ofOtherModels(foreign, name, form);
  const settings = settingsOf(flags, given, schema) as Pick<AnyRunInput, 'split'> & SequenceParts;
  if (settings.sequences) settings.sequences = cutAtPauses(settings.sequences);
  // a rule that is not said drops nothing
  if (settings.filter) settings.filter = { minLength: 1, minSupport: 0, ...settings.filter };
  if (settings.split) settings.split = withMethod(settings.split, given);
  return settings;
}

interface SequenceParts {
  sequences?: { by?: unknown; gapSeconds?: unknown };
  filter?: object;
}

function ofOtherModels(flag: SettingFlag, name: string, form: Form): DeepTasteError {
  const forms = (Object.keys(settingsForms) as Form[]).filter((each) => belongs(flag, settingsForms[each].schema));
  const titles = forms.map((each) => formTitles[each]).join(' and ');
  return new DeepTasteError(
    'usage',
    `--${nameOf(flag)}: is for ${titles}, and ${name} is one of the ${formTitles[form]}; leave it out, or choose another model`,
  );
}

function cutAtPauses({ by, gapSeconds }: NonNullable<SequenceParts['sequences']>): SequenceParts['sequences'] {
  if (gapSeconds === undefined) return { by };
  if (by !== undefined && by !== 'gap')
    throw new DeepTasteError(
      'usage',
      `--gap: cuts users' events at pauses, found --sequences ${by} beside it; leave one out`,
    );
  return { by: 'gap', gapSeconds };
}

/** @throws 'usage' when details are given without a method */
function withMethod(split: NonNullable<AnyRunInput['split']>, given: SettingsFlags): AnyRunInput['split'] {
  if ('method' in split) return split;
  if (given.days !== undefined || given.validationDays !== undefined)
    return { method: 'last-days', ...(split as object) };
  const detail = [...Object.keys(splitFlags), 'unknownItems'].find(
    (name) => given[name as keyof SettingsFlags] !== undefined,
  ) as keyof typeof flags;
  throw new DeepTasteError(
    'usage',
    `--${nameOf(flags[detail])}: belongs to a way of splitting, found none; say --split METHOD too`,
  );
}
