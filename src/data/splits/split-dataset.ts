/** Any split by its name. */
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { Progress } from '../../core/progress.ts';
import { counted } from '../counted.ts';
import { checkedDataOptions, type DataOptions, parseDataOptions } from '../data-options.ts';
import type { Dataset, Split } from '../dataset.ts';
import { loadRows } from '../load.ts';
import { withRowsAsFiles } from '../rows-in-memory.ts';
import { splitBySession } from './by-session.ts';
import { splitByColdItems } from './cold-items.ts';
import { loadGivenSplit } from './given-files.ts';
import { splitByTime, timesVary } from './global-time.ts';
import { splitByLastSession } from './last-session.ts';
import { leaveOneOut } from './leave-one-out.ts';
import { splitByRatio } from './ratio.ts';
import { nRowsInTrain, type RowUse, rowUseOf } from './repeated-pairs.ts';
import { type SplitOptions, splitOptions } from './split-options.ts';
import { type MakeSplit, makeSplit, splitInPlace } from './split-parts.ts';

/**
 * Splits a data set. Without options: by global time when the times vary, else by ratio, at random within each user.
 * @throws DeepTasteError `config`: an option, or files that must be read together with the data (see `loadSplit`)
 */
export function splitDataset(dataset: Dataset, options?: SplitOptions): Split {
  return splitWith(dataset, options, makeSplit, rowUseOf(dataset));
}

function splitWith(dataset: Dataset, options: SplitOptions | undefined, make: MakeSplit, use: RowUse): Split {
  const split = splitBy(dataset, options ?? defaultSplit(dataset), make, use);
  return use === 'examples' ? withRepeatsCounted(split) : split;
}

/** Examples of one (user, item) pair may stand in training and test: that is said. */
function withRepeatsCounted(split: Split): Split {
  const { dataset, test, description } = split;
  if (test === null || dataset.distinctPairs || dataset.unnamed) return split;
  const nTestRowsInTrain = nRowsInTrain(split, test);
  if (nTestRowsInTrain === 0) return split;
  const note = `${nTestRowsInTrain} of ${counted(test.length, 'test row')} repeat a (user, item) pair of the training rows, as rows to be predicted may`;
  return {
    ...split,
    dataset: { ...dataset, warnings: [...dataset.warnings, note] },
    description: { ...description, nTestRowsInTrain },
  };
}

function splitBy(dataset: Dataset, options: SplitOptions, make: MakeSplit, use: RowUse): Split {
  const parsed = parseOptions(splitOptions, options, 'split');
  switch (parsed.method) {
    case 'leave-one-out':
      return leaveOneOut(dataset, parsed, make, use);
    case 'ratio':
      return splitByRatio(dataset, parsed, make, use);
    case 'time':
      return splitByTime(dataset, parsed, make, use);
    case 'session':
      return splitBySession(dataset, parsed, use);
    case 'last-session':
      return splitByLastSession(dataset, parsed, use);
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
 * @param progress receives reading progress where there are many rows
 * @param rowsFor 'pairs': rows say what people took, those labelled 0 are left out and no (user, item) pair is in two parts; 'examples': rows
 *   with labels or ratings are to be predicted, repeats of a pair may stand in several parts; absent = examples where rows have labels
 */
export async function loadSplit(
  data: DataOptions,
  options?: SplitOptions,
  progress?: Progress,
  rowsFor?: RowUse,
): Promise<Split> {
  const takenOnly = rowsFor === 'pairs';
  if (options?.method === 'given') {
    const { method: _, ...given } = options;
    checkedDataOptions(data);
    return withRowsAsFiles(data, (ofFiles) => loadGivenSplit(parseDataOptions(ofFiles), given, progress, takenOnly));
  }
  const dataset = await loadRows(data, { progress, takenOnly });
  const isPredicted = data.minRating === undefined && (dataset.label || dataset.interactions.rating);
  const use = rowsFor === undefined ? rowUseOf(dataset) : takenOnly || !isPredicted ? 'pairs' : 'examples';
  return splitWith(dataset, options, splitInPlace, dataset.unnamed ? 'examples' : use);
}

/** The split that is used when none is asked for. */
function defaultSplit(dataset: Dataset): SplitOptions {
  return timesVary(dataset) ? { method: 'time' } : { method: 'ratio', by: 'random' };
}
