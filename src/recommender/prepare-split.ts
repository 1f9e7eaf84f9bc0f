/** From run settings to the split that a run trains and is judged on. */
import { joinInteractions, type Split } from '../data/dataset.ts';
import { simulateFilmClub } from '../data/simulated/film-club.ts';
import { holdOutOneOfTrain } from '../data/splits/hold-out-of-train.ts';
import { sampleCandidates } from '../data/splits/sample-candidates.ts';
import { loadSplit, splitDataset } from '../data/splits/split-dataset.ts';
import type { RunSettings } from './settings.ts';

export type SplitSettings = Pick<RunSettings, 'data' | 'split' | 'validationFromTrain' | 'sampleCandidates'>;

export async function prepareSplit(settings: SplitSettings): Promise<Split> {
  const { data, split: method, validationFromTrain, sampleCandidates: candidates } = settings;
  let split =
    'simulated' in data
      ? splitDataset(simulateFilmClub(data.simulated).dataset, method)
      : await loadSplit(data, method);
  if (validationFromTrain) split = holdOutOneOfTrain(split, validationFromTrain);
  return candidates ? sampleCandidates(split, candidates) : split;
}

/** The split with its validation rows given back to training. */
export function withoutValidation(split: Split): Split {
  const { train, validation } = split;
  if (!validation) return split;
  return {
    ...split,
    train: joinInteractions(train, validation),
    validation: null,
    validationCandidates: null,
  };
}
