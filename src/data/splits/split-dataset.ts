/** Any split by its name. */
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
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

/**
 * Splits a data set. Without options: by global time when the times vary, else by ratio, at random within each user.
 * @throws DeepTasteError `config`: an option, or files that must be read together with the data (see `loadSplit`)
 */
export function splitDataset(dataset: Dataset, options: SplitOptions = defaultSplit(dataset)): Split {
  const parsed = parseOptions(splitOptions, options, 'split');
  switch (parsed.method) {
    case 'leave-one-out':
      return leaveOneOut(dataset, parsed);
    case 'ratio':
      return splitByRatio(dataset, parsed);
    case 'time':
      return splitByTime(dataset, parsed);
    case 'session':
      return splitBySession(dataset, parsed);
    case 'last-session':
      return splitByLastSession(dataset, parsed);
    case 'cold-items':
      return splitByColdItems(dataset, parsed);
    case 'given':
      throw new DeepTasteError(
        'config',
        'split: given files are read together with the training files, so that they share ids; use loadSplit, and data files',
      );
  }
}

/** Reads the data files and splits them; the one way to use given files. */
export async function loadSplit(data: DataOptions, options?: SplitOptions): Promise<Split> {
  if (options?.method !== 'given') return splitDataset(await loadDataset(data), options);
  const { method: _, ...given } = options;
  return loadGivenSplit(parseDataOptions(data), given);
}

/** The split that is used when none is asked for. */
export function defaultSplit(dataset: Dataset): SplitOptions {
  return timesVary(dataset) ? { method: 'time' } : { method: 'ratio', by: 'random' };
}
