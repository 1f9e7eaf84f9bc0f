/** Leave-one-out: of each user one row is for testing and one for validation (He et al., Neural CF, WWW 2017, §4.1). */
import { parseOptions } from '../../core/options.ts';
import type { Dataset, Split } from '../dataset.ts';
import { followPairs, type RowUse, rowsThatRepeat, rowUseOf } from './repeated-pairs.ts';
import { type LeaveOneOutOptions, leaveOneOutOptions } from './split-options.ts';
import { allInTrain, type MakeSplit, makeSplit, requireTime, testPart, validationPart } from './split-parts.ts';
import { type OrderBy, orderedUserRows, splitStream } from './user-order.ts';

/**
 * Holds out a user's last row by time (of equal times the later one in the file), or a random one. A training row is
 * always left: users with one row are not tested, users with two have no validation row; both are counted. Rows of one (user, item)
 * pair count once, where its last row stands, and go together, unless they are examples.
 * @throws DeepTasteError `config`: order by time without times; `data`: no user has two rows
 */
export function leaveOneOut(
  dataset: Dataset,
  options: LeaveOneOutOptions = {},
  make: MakeSplit = makeSplit,
  use: RowUse = rowUseOf(dataset),
): Split {
  const parsed = parseOptions(leaveOneOutOptions, { method: 'leave-one-out', ...options }, 'leave-one-out');
  const { by, seed } = parsed;
  const validation = parsed.validation ?? by;
  const part = allInTrain(dataset);
  const repeats = rowsThatRepeat(dataset, dataset.interactions, use);
  const test = takeLast(dataset, part, repeats, { by, seed, part: testPart, name: 'test' });
  const held =
    validation === 'none'
      ? null
      : takeLast(dataset, part, repeats, { by: validation, seed, part: validationPart, name: 'validation' });
  followPairs(dataset, dataset.interactions, part, repeats);
  return make(dataset, part, {
    method: 'leave-one-out',
    data: dataset.hash,
    by,
    validation,
    seed: by === 'random' || validation === 'random' ? seed : null,
    nUsersNotTested: test.nSkipped,
    nUsersNotValidated: held ? held.nSkipped : null,
  });
}

interface Take {
  readonly by: OrderBy;
  readonly seed: number;
  readonly part: number;
  readonly name: string;
}

/** Moves one training row of each user that has at least two to a part. */
function takeLast(dataset: Dataset, part: Uint8Array, repeats: Uint8Array | null, take: Take): { nSkipped: number } {
  const { interactions, users } = dataset;
  if (take.by === 'time') requireTime(dataset, 'leave-one-out');
  const stream = splitStream(take.seed, `leave-one-out/${take.name}`);
  const { rowStart, order } = orderedUserRows(interactions, users, take.by, stream, repeats);
  let nSkipped = 0;
  for (let user = 0; user < users.size; user++) {
    const own = order.subarray(rowStart[user], rowStart[user + 1]).filter((row) => part[row] === 0);
    if (own.length < 2) nSkipped++;
    else part[own[own.length - 1]] = take.part;
  }
  return { nSkipped };
}
