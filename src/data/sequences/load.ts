/** From files to a split of sequences: the one way in for experiments and the command line. */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { DataOptions } from '../data-options.ts';
import { loadDataset } from '../load.ts';
import { noneOptions } from '../splits/split-options.ts';
import { unusedRatings } from '../unused-ratings.ts';
import { filterSequences, type SequenceFilterOptions } from './filter.ts';
import { type SequenceOptions, sequencesOf } from './from-interactions.ts';
import { givenTablesOptions, loadGivenTables } from './given-tables.ts';
import { lastDaysOptions, splitByLastDays } from './last-days.ts';
import { leaveLastOut, leaveLastOutOptions } from './leave-last-out.ts';
import { holdOutNothing } from './make-split.ts';
import type { SequenceData, SequenceSplit } from './sequence-data.ts';

export const sequenceSplitOptions = z.discriminatedUnion('method', [
  lastDaysOptions,
  leaveLastOutOptions,
  givenTablesOptions,
  noneOptions,
]);
export type SequenceSplitOptions = z.input<typeof sequenceSplitOptions>;

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
  const dataset = await loadDataset({ duplicates: 'keep', ...data });
  const note = unusedRatings(dataset, data, 'every row is an event');
  const whole = sequencesOf(note ? { ...dataset, warnings: [...dataset.warnings, note] } : dataset, sequences);
  return filter ? filterSequences(whole, filter) : whole;
}

/** Splits sequences that were read already; given files are read with `loadSequenceSplit`. */
export function splitSequences(
  data: SequenceData,
  options: Exclude<SequenceSplitOptions, { method: 'given' }>,
): SequenceSplit {
  if (options.method === 'none') return holdOutNothing(data);
  return options.method === 'last-days' ? splitByLastDays(data, options) : leaveLastOut(data, options);
}

/**
 * Reads and splits. Line files of others (`prefix-files`) name their own files and need no `source`: see `loadPrefixFiles`.
 * @throws DeepTasteError `config`, `data`
 */
export async function loadSequenceSplit(source: SequenceSource, options: SequenceSplitOptions): Promise<SequenceSplit> {
  const parsed = parseOptions(sequenceSplitOptions, options, 'split of sequences');
  if (parsed.method !== 'given') return splitSequences(await loadSequences(source), parsed);
  const { method: _, ...given } = parsed;
  if (source.filter)
    throw new DeepTasteError('config', 'split of sequences: a filter would change the given files; leave filter out');
  return loadGivenTables(source.data, given, source.sequences);
}
