/** What all splits share: each row of the data gets a part, the parts become a `Split`. */
import { DeepTasteError } from '../../core/errors.ts';
import { rowsWhere } from '../cleaning.ts';
import { type Dataset, type Interactions, type Split, type SplitDescription, selectRows } from '../dataset.ts';

export const trainPart = 0;
export const validationPart = 1;
export const testPart = 2;
/** The row is in no part. */
export const droppedPart = 3;

/** A part for each row; all rows start in the training part. */
export function allInTrain(dataset: Dataset): Uint8Array {
  return new Uint8Array(dataset.interactions.length);
}

/**
 * The split that `part` describes; rows keep their order. A part without rows is null.
 * @throws DeepTasteError `data`: no training row or no test row is left
 */
export function makeSplit(dataset: Dataset, part: Uint8Array, description: SplitDescription): Split {
  const pick = (wanted: number): Interactions =>
    selectRows(
      dataset.interactions,
      rowsWhere(part.length, (row) => part[row] === wanted),
    );
  const train = pick(trainPart);
  const validation = pick(validationPart);
  const test = pick(testPart);
  const where = `split by ${description.method}`;
  if (train.length === 0) throw new DeepTasteError('data', `${where}: no row is left for training; hold out less`);
  if (test.length === 0)
    throw new DeepTasteError('data', `${where}: no row is left for testing; ${emptyAdvice}`, {
      ...description,
    });
  return {
    ...{ dataset, train, validation: validation.length > 0 ? validation : null, test },
    ...{ validationCandidates: null, testCandidates: null },
    description: {
      ...description,
      ...{ nTrain: train.length, nValidation: validation.length, nTest: test.length },
    },
  };
}

const emptyAdvice = 'hold out more, or choose another method (leave-one-out, ratio, time)';

/** @throws DeepTasteError `config`: the data has no times */
export function requireTime(dataset: Dataset, method: string): Float64Array {
  const { time } = dataset.interactions;
  if (time) return time;
  const message = `split by ${method}: needs times, the data has none; say --time COLUMN, or order by "random" or "order"`;
  throw new DeepTasteError('config', message);
}

export interface UnseenCounts {
  readonly nUnseenUserRows: number;
  readonly nUnseenItemRows: number;
}

/** Drops held-out rows whose user or item no training row has; a row that lacks both counts as an unseen user's. */
export function dropUnseen(dataset: Dataset, part: Uint8Array, keepUsers: boolean): UnseenCounts {
  const { userIndex, itemIndex, length } = dataset.interactions;
  const seenUser = new Uint8Array(dataset.users.size);
  const seenItem = new Uint8Array(dataset.items.size);
  for (let row = 0; row < length; row++) {
    if (part[row] !== trainPart) continue;
    seenUser[userIndex[row]] = 1;
    seenItem[itemIndex[row]] = 1;
  }
  let nUnseenUserRows = 0;
  let nUnseenItemRows = 0;
  for (let row = 0; row < length; row++) {
    if (part[row] === trainPart) continue;
    const isNewUser = !keepUsers && seenUser[userIndex[row]] === 0;
    if (!isNewUser && seenItem[itemIndex[row]] === 1) continue;
    part[row] = droppedPart;
    if (isNewUser) nUnseenUserRows++;
    else nUnseenItemRows++;
  }
  return { nUnseenUserRows, nUnseenItemRows };
}
