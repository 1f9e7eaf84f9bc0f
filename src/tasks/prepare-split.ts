/** From run settings to the split that a run trains and is judged on. */

import { checkSettings } from '../core/call-checks.ts';
import type { Progress } from '../core/progress.ts';
import { rowsWhere } from '../data/cleaning.ts';
import { type Interactions, joinInteractions, type Split, selectRows } from '../data/dataset.ts';
import { simulateFilmClub } from '../data/simulated/film-club.ts';
import { holdOutOneOfTrain } from '../data/splits/hold-out-of-train.ts';
import type { RowUse } from '../data/splits/repeated-pairs.ts';
import { sampleCandidates } from '../data/splits/sample-candidates.ts';
import { loadSplit, splitDataset } from '../data/splits/split-dataset.ts';
import { trainedEntities } from '../evaluation/untrained-rows.ts';
import type { RunSettings } from './ranking-settings.ts';

export type SplitSettings = Pick<RunSettings, 'data' | 'split' | 'validationFromTrain' | 'sampleCandidates'>;

/**
 * @param progress hears how far the reading of many rows is
 * @param rowsFor whether rows say what people took (those labelled 0 are left out), or are to be predicted
 */
export async function prepareSplit(
  settings: SplitSettings,
  progress?: Progress,
  rowsFor: RowUse = 'pairs',
): Promise<Split> {
  checkSettings('prepareSplit', settings, 'parseRunSettings', 'data');
  const { data, split: method, validationFromTrain, sampleCandidates: candidates } = settings;
  let split =
    'simulated' in data
      ? splitDataset(simulateFilmClub(data.simulated).dataset, method)
      : await loadSplit(data, method, progress, rowsFor);
  if (validationFromTrain) split = holdOutOneOfTrain(split, validationFromTrain, rowsFor);
  return candidates ? sampleCandidates(split, candidates) : split;
}

/** What of the rows the models of a run need beside users and items. */
export interface KeptColumns {
  /** For a model that weighs rows by them; labels stay in any case. */
  readonly ratings?: boolean;
  /** For models that read a user's rows in their order. */
  readonly times?: boolean;
}

/** The split for models that know users and items: of its rows nothing else is kept in memory but what is asked for. */
export function pairsOnly(split: Split, { ratings = false, times = false }: KeptColumns = {}): Split {
  const staying = ratings || split.dataset.label !== undefined;
  const pairs = ({ length, userIndex, itemIndex, rating, time }: Interactions): Interactions => ({
    length,
    userIndex,
    itemIndex,
    rating: staying ? rating : null,
    time: times ? time : null,
    session: null,
  });
  const { dataset, train, validation, test } = split;
  return {
    ...split,
    dataset: { ...dataset, interactions: pairs(dataset.interactions) },
    train: pairs(train),
    validation: validation && pairs(validation),
    test: test && pairs(test),
  };
}

/** The split with all rows that the data hold for training, for a model that is used and not measured. */
export function wholeForTraining(split: Split): Split {
  return {
    ...split,
    train: split.dataset.interactions,
    validation: null,
    test: null,
    validationCandidates: null,
    testCandidates: null,
  };
}

/** The split whose held-out rows are of users who have training rows: of the others a model of users knows nothing. */
export function ofTrainedUsers(split: Split): Split {
  const { hasUser } = trainedEntities(split);
  const known = (part: Interactions | null) =>
    part &&
    selectRows(
      part,
      rowsWhere(part.length, (row) => hasUser(part.userIndex[row])),
    );
  return { ...split, validation: known(split.validation), test: known(split.test) };
}

/** Whether the data hold rows that the training part lacks. */
export function holdsOut({ train, dataset }: Split): boolean {
  return train.length < dataset.interactions.length;
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

/** How rows are held out for validation where there are none. */
export function validationAdvice({ description }: Pick<Split, 'description'>): string {
  if (description.method === 'none') return '--split METHOD holds one out';
  if (description.method === 'given') return '--validation FILE, or --set validationFromTrain.by=random, gives one';
  return '--set validationFromTrain.by=random cuts one out of the training rows';
}
