/** Split by the calendar: the sequences of the last days are held out, as in production, where the future is not known. */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { candidateFiles } from './listed-candidates.ts';
import { makeSequenceSplit } from './make-split.ts';
import { selectEvents } from './select-sequences.ts';
import { type SequenceData, type SequenceSplit, unknownItemRules } from './sequence-data.ts';
import type { Sequences } from './sequences.ts';

export const lastDaysOptions = z.strictObject({
  method: z.literal('last-days'),
  days: z.number().positive().default(1).meta({ doc: 'length of the test part, in days before the last event of all' }),
  validationDays: z
    .number()
    .min(0)
    .default(0)
    .meta({ doc: 'length of the validation part, in days before the test part' }),
  by: z.enum(['end', 'start']).default('end').meta({
    doc: 'which sequences belong to the last days: those that end there, or those that start there (training events after the cut are then dropped)',
  }),
  unknownItems: z
    .enum(unknownItemRules)
    .default('remove')
    .meta({ doc: 'held-out events of items that training does not have: removed, or kept and counted as misses' }),
  ...candidateFiles,
});
type LastDaysOptions = Omit<z.input<typeof lastDaysOptions>, 'method'>;

const secondsPerDay = 86_400;

/**
 * With T the time of the last event of all, the test part has the sequences that end (or start) at T − days or later, the
 * validation part those of the days before. Training sequences of fewer than two events, and held-out sequences with nothing
 * to predict, are dropped.
 * @throws DeepTasteError `config`: no times; `data`: a part is empty
 */
export function splitByLastDays(data: SequenceData, options: LastDaysOptions = {}): SequenceSplit {
  const parsed = parseOptions(lastDaysOptions, { method: 'last-days', ...options }, 'last-days split');
  const { days, validationDays, by, unknownItems } = parsed;
  const { sequences } = data;
  if (sequences.time === null)
    throw new DeepTasteError(
      'config',
      'split by last-days: needs times, the data has none; say --time COLUMN, or split by given files or leave-one-out',
    );
  const last = sequences.time.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const testStart = last - days * secondsPerDay;
  const validationStart = testStart - validationDays * secondsPerDay;
  const [train, later] = cut(sequences, sequences.time, validationStart, by);
  const validation = validationDays > 0 ? cut(later, later.time!, testStart, by)[0] : null;
  const test = cut(sequences, sequences.time, testStart, by)[1];
  const description = { method: 'last-days', data: data.hash, days, validationDays, by, testStart };
  return makeSequenceSplit({
    data,
    train,
    validation,
    test,
    whole: () => sequences,
    withoutValidation: validation && (() => splitByLastDays(data, { ...options, validationDays: 0 })),
    unknownItems,
    description,
  });
}

/** Sequences before and after a time. */
function cut(sequences: Sequences, time: Float64Array, at: number, by: 'end' | 'start'): [Sequences, Sequences] {
  const { start } = sequences;
  const isAfter = (s: number): boolean => time[by === 'end' ? start[s + 1] - 1 : start[s]] >= at;
  const before = selectEvents(sequences, (event, s) => !isAfter(s) && time[event] < at, 2);
  return [before, selectEvents(sequences, (_, s) => isAfter(s))];
}
