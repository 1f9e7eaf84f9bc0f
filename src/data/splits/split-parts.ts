/** What all splits share: each row of the data gets a part, the parts become a `Split`. */
import { DeepTasteError } from '../../core/errors.ts';
import { rowsWhere } from '../cleaning.ts';
import { counted } from '../counted.ts';
import { type Dataset, type Interactions, type Split, type SplitDescription, selectRows } from '../dataset.ts';
import { droppedReason, splitAdvice } from './split-advice.ts';

export const trainPart = 0;
export const validationPart = 1;
export const testPart = 2;
/** The row is in no part. */
export const droppedPart = 3;

/** A part for each row; all rows start in the training part. */
export function allInTrain(dataset: Dataset): Uint8Array {
  return new Uint8Array(dataset.interactions.length);
}

/** Makes a split of a data set from the part of each row. */
export type MakeSplit = (dataset: Dataset, part: Uint8Array, description: SplitDescription) => Split;

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
  return splitOfParts(dataset, [pick(trainPart), pick(validationPart), pick(testPart)], description);
}

/**
 * The same split of a data set that nobody else uses: its columns are put in the order of the parts, and the parts are pieces of
 * them, so that all of it takes hardly more memory than the data set alone. `dataset.interactions` then stand part by part.
 * Context columns, whose parts share lists of values, are copied as `makeSplit` does.
 */
export function splitInPlace(dataset: Dataset, part: Uint8Array, description: SplitDescription): Split {
  const { interactions } = dataset;
  if (interactions.context) return makeSplit(dataset, part, description);
  const counts = new Int32Array(4);
  for (let row = 0; row < part.length; row++) counts[part[row]]++;
  const { userIndex, itemIndex, rating, time, session } = interactions;
  for (const column of [userIndex, itemIndex, rating, time, session]) if (column) sortByPart(column, part, counts);
  let start = 0;
  const pieces = [trainPart, validationPart, testPart].map((p) => {
    const piece = pieceOf(interactions, start, start + counts[p]);
    start += counts[p];
    return piece;
  });
  return splitOfParts(dataset, pieces as [Interactions, Interactions, Interactions], description);
}

/** Stable; training rows, the most of all, move forward in place, the others go by a copy of theirs. */
function sortByPart<T extends Int32Array | Float32Array | Float64Array>(
  column: T,
  part: Uint8Array,
  counts: Int32Array,
): void {
  const others = new (column.constructor as new (n: number) => T)(column.length - counts[trainPart]);
  const next = [0, 0, counts[validationPart], counts[validationPart] + counts[testPart]];
  for (let row = 0; row < column.length; row++) {
    const p = part[row];
    if (p === trainPart) column[next[0]++] = column[row];
    else others[next[p]++] = column[row];
  }
  column.set(others as never, counts[trainPart]);
}

/** The rows [from, to) as views of the same columns. */
function pieceOf(rows: Interactions, from: number, to: number): Interactions {
  return {
    length: to - from,
    userIndex: rows.userIndex.subarray(from, to),
    itemIndex: rows.itemIndex.subarray(from, to),
    rating: rows.rating?.subarray(from, to) ?? null,
    time: rows.time?.subarray(from, to) ?? null,
    session: rows.session?.subarray(from, to) ?? null,
  };
}

function splitOfParts(
  dataset: Dataset,
  [train, validation, test]: readonly [Interactions, Interactions, Interactions],
  description: SplitDescription,
): Split {
  const where = `split by ${description.method}`;
  if (train.length === 0) throw new DeepTasteError('data', `${where}: no row is left for training; hold out less`);
  const reason = droppedReason(description);
  if (test.length === 0)
    throw new DeepTasteError(
      'data',
      `${where}: no row is left for testing${reason && ` (${reason})`}; ${splitAdvice(dataset, description)}`,
      { ...description },
    );
  return {
    dataset: withNotes(dataset, validation, description),
    train,
    validation: validation.length > 0 ? validation : null,
    test,
    validationCandidates: null,
    testCandidates: null,
    description: {
      ...description,
      nTrain: train.length,
      nValidation: validation.length,
      nTest: test.length,
    },
  };
}

/** The data set with what its owner should know of the split. */
function withNotes(dataset: Dataset, validation: Interactions, description: SplitDescription): Dataset {
  const { method, nRepeatedPairRows } = description;
  const notes: string[] = [];
  if (typeof nRepeatedPairRows === 'number' && nRepeatedPairRows > 0)
    notes.push(
      `split by ${method}: ${counted(nRepeatedPairRows, 'held-out row')} dropped: the (user, item) pair is in the training rows too`,
    );
  const isAsked = typeof description.validation === 'number' ? description.validation > 0 : false;
  const reason = droppedReason(description);
  if (isAsked && validation.length === 0)
    notes.push(`split by ${method}: no row is left for validation${reason && ` (${reason})`}`);
  return notes.length > 0 ? { ...dataset, warnings: [...dataset.warnings, ...notes] } : dataset;
}

/** @throws DeepTasteError `config`: the data has no times */
export function requireTime(dataset: Dataset, method: string): Float64Array {
  const { time } = dataset.interactions;
  if (time) return time;
  const message = `split by ${method}: needs times, the data has none; say --time COLUMN, or order by "random" or "order"`;
  throw new DeepTasteError('config', message);
}

interface UnseenCounts {
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
