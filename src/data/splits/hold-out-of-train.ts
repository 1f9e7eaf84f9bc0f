/** Cuts validation rows out of the training part, so that settings are chosen without looking at the test part. */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { rowsWhere } from '../cleaning.ts';
import { type Split, selectRows } from '../dataset.ts';
import { followPairs, type RowUse, rowsThatRepeat, rowUseOf } from './repeated-pairs.ts';
import { orderedUserRows, splitStream } from './user-order.ts';

export const holdOutOptions = z.strictObject({
  by: z
    .enum(['time', 'random', 'order'])
    .default('time')
    .meta({ doc: 'which training row of a user is held out: the last by time, a random one, the last in the file' }),
  seed: z.int().min(0).max(4294967295).default(1).meta({ doc: 'seed of the random choices' }),
});
type HoldOutOptions = z.input<typeof holdOutOptions>;

/**
 * The split with one training row of each user moved to the validation part; users with a single training row keep it.
 * The test part and its candidates stay.
 * @throws DeepTasteError `config`: there is a validation part already, order by time without times; `data`: no user has two rows
 */
export function holdOutOneOfTrain(
  split: Split,
  options: HoldOutOptions = {},
  use: RowUse = rowUseOf(split.dataset),
): Split {
  const { by, seed } = parseOptions(holdOutOptions, options, 'hold-out of training rows');
  const { train, dataset } = split;
  if (split.validation)
    throw new DeepTasteError('config', 'hold-out of training rows: the split has validation rows already');
  if (by === 'time' && !train.time)
    throw new DeepTasteError(
      'config',
      'hold-out of training rows: the data has no times; order by "random" or "order"',
    );
  const stream = splitStream(seed, 'hold-out');
  const repeats = rowsThatRepeat(dataset, train, use);
  const { rowStart, order } = orderedUserRows(train, dataset.users, by, stream, repeats);
  const held = new Uint8Array(train.length);
  let nUsersNotValidated = 0;
  for (let user = 0; user < dataset.users.size; user++) {
    if (rowStart[user + 1] - rowStart[user] < 2) nUsersNotValidated++;
    else held[order[rowStart[user + 1] - 1]] = 1;
  }
  followPairs(dataset, train, held, repeats);
  const validation = selectRows(
    train,
    rowsWhere(train.length, (row) => held[row] === 1),
  );
  if (validation.length === 0)
    throw new DeepTasteError('data', 'hold-out of training rows: no user has two training rows');
  const remaining = selectRows(
    train,
    rowsWhere(train.length, (row) => held[row] === 0),
  );
  const description = {
    ...split.description,
    validationFromTrain: by,
    validationSeed: by === 'random' ? seed : null,
    nUsersNotValidated,
    nTrain: remaining.length,
    nValidation: validation.length,
  };
  return { ...split, train: remaining, validation, description };
}
