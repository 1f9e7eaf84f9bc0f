/** From files to a split of sequences: the one way in for experiments and the command line. */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { DataOptions } from '../data-options.ts';
import type { Dataset } from '../dataset.ts';
import { loadRows } from '../load.ts';
import { nameRank } from '../role-names.ts';
import { noneOptions } from '../splits/split-options.ts';
import { unusedRatings } from '../unused-ratings.ts';
import { filterSequences, type SequenceFilterOptions } from './filter.ts';
import { type SequenceOptions, sequencesOf } from './from-interactions.ts';
import { givenTablesOptions, loadGivenTables } from './given-tables.ts';
import { lastDaysOptions, splitByLastDays } from './last-days.ts';
import { leaveLastOut, leaveLastOutOptions } from './leave-last-out.ts';
import { type CandidateFiles, withListedCandidates } from './listed-candidates.ts';
import { holdOutNothing } from './make-split.ts';
import type { SequenceData, SequenceSplit } from './sequence-data.ts';

const sequenceSplitOptions = z.discriminatedUnion('method', [
  lastDaysOptions,
  leaveLastOutOptions,
  givenTablesOptions,
  noneOptions,
]);
type SequenceSplitOptions = z.input<typeof sequenceSplitOptions>;

export interface SequenceSource {
  readonly data: DataOptions;
  /** What a sequence is. */
  readonly sequences?: SequenceOptions;
  /** Drop rare items and short sequences; absent = drop nothing. Given files are never filtered. */
  readonly filter?: SequenceFilterOptions;
}

/**
 * Reads sequences. Repeated (user, item) pairs are kept unless `duplicates` says otherwise: people come back to things.
 * @throws DeepTasteError `config`, `data`
 * @example await loadSequences({ data: { files: ['clicks.csv'] }, filter: { minSupport: 5 } })
 */
export async function loadSequences({ data, sequences, filter }: SequenceSource): Promise<SequenceData> {
  const dataset = await loadRows({ duplicates: 'keep', ...data }, { anonymousSessions: true, takenOnly: true });
  const note = unusedRatings(dataset, data, 'every row is an event');
  const noted = note ? { ...dataset, warnings: [...dataset.warnings, note] } : dataset;
  const whole = withUserNote(sequencesOf(noted, sequences), data, dataset);
  return filter ? filterSequences(whole, filter) : whole;
}

/** Sessions that are called users are histories, which are split otherwise: that is said. */
function withUserNote(
  sequences: SequenceData,
  { columns }: DataOptions,
  { interactions }: Pick<Dataset, 'interactions'>,
): SequenceData {
  const user = columns?.user;
  if (sequences.by !== 'user' || interactions.session !== null || !user || nameRank('session', user) < 0)
    return sequences;
  const note =
    `"${user}" is told to be the user, so that a sequence is a whole history and leave-one-out the default split; ` +
    '--no-user takes sessions as they are and tests on the last day';
  return { ...sequences, warnings: [...sequences.warnings, note] };
}

type ReadSplitOptions = Exclude<SequenceSplitOptions, { method: 'given' }>;

/**
 * Splits sequences that were read already; given files, and lists of candidates, are read with `loadSequenceSplit`.
 * @throws DeepTasteError `config`: an option, or a file of candidates; `data`: an empty part
 */
export function splitSequences(data: SequenceData, options: ReadSplitOptions): SequenceSplit {
  const { candidates, validationCandidates } = options as CandidateFiles;
  const file = candidates ?? validationCandidates;
  if (file === undefined) return splitRead(data, options);
  throw new DeepTasteError(
    'config',
    `split of sequences: the file of candidates ${file} must be read too; use splitWithCandidates, or loadSequenceSplit`,
  );
}

function splitRead(data: SequenceData, options: ReadSplitOptions): SequenceSplit {
  if (options.method === 'none') return holdOutNothing(data);
  return options.method === 'last-days' ? splitByLastDays(data, options) : leaveLastOut(data, options);
}

/** As splitSequences, with the candidates that the options name. @throws as withListedCandidates too */
export function splitWithCandidates(data: SequenceData, options: ReadSplitOptions): Promise<SequenceSplit> {
  return withListedCandidates(splitRead(data, options), options as CandidateFiles);
}

/**
 * Reads and splits. Line files of others (`prefix-files`) name their own files and need no `source`: see `loadPrefixFiles`.
 * @throws DeepTasteError `config`, `data`
 */
export async function loadSequenceSplit(source: SequenceSource, options: SequenceSplitOptions): Promise<SequenceSplit> {
  const parsed = parseOptions(sequenceSplitOptions, options, 'split of sequences');
  if (parsed.method !== 'given') return splitWithCandidates(await loadSequences(source), parsed);
  const { method: _, ...given } = parsed;
  if (source.filter)
    throw new DeepTasteError('config', 'split of sequences: a filter would change the given files; leave filter out');
  return withListedCandidates(await loadGivenTables(source.data, given, source.sequences), given);
}
