/** Any split by its name. */
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { Progress } from '../../core/progress.ts';
import { type DataOptions, parseDataOptions } from '../data-options.ts';
import type { Dataset, Split } from '../dataset.ts';
import { loadDataset } from '../load.ts';
import { splitBySession } from './by-session.ts';
import { splitByColdItems } from './cold-items.ts';
import { loadGivenSplit } from './given-files.ts';
import { splitByTime, timesVary } from './global-time.ts';
import { splitByLastSession } from './last-session.ts';
import { leaveOneOut } from './leave-one-out.ts';
import { splitByRatio } from './ratio.ts';
import { type SplitOptions, splitOptions } from './split-options.ts';
import { type MakeSplit, makeSplit, splitInPlace } from './split-parts.ts';

/**
 * Splits a data set. Without options: by global time when the times vary, else by ratio, at random within each user.
 * @throws DeepTasteError `config`: an option, or files that must be read together with the data (see `loadSplit`)
 */
export function splitDataset(dataset: Dataset, options?: SplitOptions): Split {
  return splitWith(dataset, options, makeSplit);
}

function splitWith(dataset: Dataset, options: SplitOptions = defaultSplit(dataset), make: MakeSplit): Split {
  const parsed = parseOptions(splitOptions, options, 'split');
  switch (parsed.method) {
    case 'leave-one-out':
      return leaveOneOut(dataset, parsed, make);
    case 'ratio':
      return splitByRatio(dataset, parsed, make);
    case 'time':
      return splitByTime(dataset, parsed, make);
    case 'session':
      return splitBySession(dataset, parsed);
    case 'last-session':
      return splitByLastSession(dataset, parsed);
    case 'cold-items':
      return splitByColdItems(dataset, parsed);
    case 'none':
      return holdOutNothing(dataset);
    case 'given':
      throw new DeepTasteError(
        'config',
        'split: given files are read together with the training files, so that they share ids; use loadSplit, and data files',
      );
  }
}

/** All rows are for training. */
function holdOutNothing(dataset: Dataset): Split {
  return {
    dataset,
    train: dataset.interactions,
    validation: null,
    test: null,
    validationCandidates: null,
    testCandidates: null,
    description: { method: 'none', data: dataset.hash, nTrain: dataset.interactions.length, nValidation: 0, nTest: 0 },
  };
}

/**
 * Reads the data files and splits them; the one way to use given files. Nobody else having the data set, its rows are put in the
 * order of the parts where that spares a copy (see `splitInPlace`).
 * @param progress hears how far the reading of many rows is
 */
export async function loadSplit(data: DataOptions, options?: SplitOptions, progress?: Progress): Promise<Split> {
  if (options?.method !== 'given') return splitWith(await loadDataset(data, progress), options, splitInPlace);
  const { method: _, ...given } = options;
  return loadGivenSplit(parseDataOptions(data), given, progress);
}

/** The split that is used when none is asked for. */
export function defaultSplit(dataset: Dataset): SplitOptions {
  return timesVary(dataset) ? { method: 'time' } : { method: 'ratio', by: 'random' };
}
