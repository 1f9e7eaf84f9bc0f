/** Ratio split: a share of each user's rows, or of all rows, is held out. */
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { Dataset, Interactions, Split } from '../dataset.ts';
import { Vocabulary } from '../vocabulary.ts';
import { followPairs, type RowUse, rowsThatRepeat, rowUseOf } from './repeated-pairs.ts';
import { type RatioOptions, ratioOptions } from './split-options.ts';
import { allInTrain, type MakeSplit, makeSplit, requireTime, testPart, validationPart } from './split-parts.ts';
import { orderedUserRows, splitStream } from './user-order.ts';

/**
 * A user with n rows (all rows together count as one user's when so told, or when they carry labels) gives round(n · test) rows for testing and round(n · validation) for validation, always keeping at
 * least one for training (validation gives way first). Rows of one (user, item) pair count once and stay together, unless they are
 * examples.
 * @throws DeepTasteError `config`: shares that leave nothing, order by time without times
 */
export function splitByRatio(
  dataset: Dataset,
  options: RatioOptions = {},
  make: MakeSplit = makeSplit,
  use: RowUse = rowUseOf(dataset),
): Split {
  const parsed = parseOptions(ratioOptions, { method: 'ratio', ...options }, 'ratio split');
  const { by, validation, test, seed, of = dataset.label ? 'all' : 'user' } = parsed;
  requireShares('ratio split', validation, test);
  if (by === 'time') requireTime(dataset, 'ratio');
  const part = allInTrain(dataset);
  const [rows, users] = of === 'user' ? [dataset.interactions, dataset.users] : asOneUser(dataset);
  const repeats = rowsThatRepeat(dataset, dataset.interactions, use);
  const { rowStart, order } = orderedUserRows(rows, users, by, splitStream(seed, 'ratio'), repeats);
  let nUsersNotTested = 0;
  for (let user = 0; user < users.size; user++) {
    const own = order.subarray(rowStart[user], rowStart[user + 1]);
    const nTest = Math.min(Math.round(own.length * test), own.length - 1);
    const nValidation = Math.min(Math.round(own.length * validation), own.length - nTest - 1);
    if (nTest <= 0) nUsersNotTested++;
    own.forEach((row, k) => {
      const fromEnd = own.length - k;
      if (fromEnd <= nTest) part[row] = testPart;
      else if (fromEnd <= nTest + nValidation) part[row] = validationPart;
    });
  }
  followPairs(dataset, dataset.interactions, part, repeats);
  const seeded = by === 'random' ? seed : null;
  return make(dataset, part, {
    method: 'ratio',
    data: dataset.hash,
    by,
    validation,
    test,
    seed: seeded,
    ...(of === 'user' ? { nUsersNotTested } : { of }),
  });
}

function asOneUser({ interactions }: Dataset): [Interactions, Vocabulary] {
  return [{ ...interactions, userIndex: new Int32Array(interactions.length) }, new Vocabulary(['all'])];
}

/** @throws DeepTasteError `config`: nothing is tested, or nothing is left to train on */
export function requireShares(where: string, validation: number, test: number): void {
  if (test > 0 && validation + test < 1) return;
  const message = `${where}: test must be above 0 and validation + test below 1, found ${validation} and ${test}`;
  throw new DeepTasteError('config', message);
}
