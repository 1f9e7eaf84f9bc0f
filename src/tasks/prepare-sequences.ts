/** From run settings to the split of sequences that a run trains and is judged on. */

import { checkSettings } from '../core/call-checks.ts';
import { DeepTasteError } from '../core/errors.ts';
import { dataOptions } from '../data/data-options.ts';
import { filterSequences } from '../data/sequences/filter.ts';
import { sequenceOptions, sequencesOf } from '../data/sequences/from-interactions.ts';
import { loadSequenceSplit, loadSequences, splitWithCandidates } from '../data/sequences/load.ts';
import { loadPrefixFiles } from '../data/sequences/prefix-files.ts';
import type { SequenceData, SequenceSplit } from '../data/sequences/sequence-data.ts';
import { simulateFilmClub } from '../data/simulated/film-club.ts';
import type { SequenceRunSettings } from './next-item-settings.ts';

type Settings = Pick<SequenceRunSettings, 'data' | 'sequences' | 'filter' | 'split'>;
type PrefixSplit = Extract<NonNullable<Settings['split']>, { method: 'prefix-files' }>;

/** @throws DeepTasteError `config`: settings that do not go together; `data`: a file, an empty part */
export async function prepareSequenceSplit(settings: Settings): Promise<SequenceSplit> {
  checkSettings('prepareSequenceSplit', settings, 'parseSequenceRunSettings', 'data');
  const { split } = settings;
  if (split?.method === 'prefix-files') return loadPrefixes(settings, split);
  if (split?.method === 'given') {
    const { data, sequences, filter } = settings;
    if ('simulated' in data) throw notGiven('given');
    return loadSequenceSplit({ data, sequences, filter }, split);
  }
  const data = await readSequences(settings);
  return splitWithCandidates(data, split ?? { method: data.by === 'user' ? 'leave-one-out' : 'last-days' });
}

async function readSequences({ data, sequences, filter }: Settings): Promise<SequenceData> {
  if (!('simulated' in data)) return loadSequences({ data, sequences, filter });
  const whole = sequencesOf(simulateFilmClub(data.simulated).dataset, sequences);
  return filter ? filterSequences(whole, filter) : whole;
}

function loadPrefixes({ data, sequences, filter }: Settings, split: PrefixSplit): Promise<SequenceSplit> {
  if ('simulated' in data) throw notGiven('prefix-files');
  const { files, name, ...layout } = data;
  const { files: _, ...plain } = dataOptions.parse({ files });
  const useless = [
    ...(JSON.stringify(layout) === JSON.stringify(plain) ? [] : ['ways of reading tables']),
    ...(JSON.stringify(sequences) === JSON.stringify(sequenceOptions.parse({})) ? [] : ['settings of sequences']),
    ...(filter ? ['filter'] : []),
  ];
  if (files.length === 1 && useless.length === 0)
    return loadPrefixFiles({ ...split, train: files[0], ...(name === undefined ? {} : { name }) });
  throw new DeepTasteError(
    'config',
    `split by prefix-files: the data must be one file with a sequence a line, found ${useless.join(', ') || `${files.length} files`}; ` +
      'leave out what does not concern such a file',
  );
}

function notGiven(method: string): DeepTasteError {
  return new DeepTasteError(
    'config',
    `split "${method}": the simulated film club has no given files; split it by last-days or leave-one-out`,
  );
}
