/**
 * What becomes of (user, item) pairs that several rows have. Where rows stand for what people took, a pair never is in two parts:
 * splits within users move all rows of a pair together, splits that must not (by time, by session) leave held-out rows of pairs
 * that an earlier part has out. Where rows are examples to be predicted, as in click logs, repeats stay and are counted.
 */
import { groupRows, repeatedRows } from '../cleaning.ts';
import type { Dataset, Interactions, Split } from '../dataset.ts';
import { sparseRows } from '../sparse-rows.ts';
import { droppedPart, testPart, trainPart, validationPart } from './split-parts.ts';

/** What the rows of a split are for. */
export type RowUse = 'pairs' | 'examples';

/** What rows of a data set are for when nobody says it: labelled rows are examples. */
export function rowUseOf({ label, unnamed }: Pick<Dataset, 'label' | 'unnamed'>): RowUse {
  return label || (unnamed && unnamed.length > 0) ? 'examples' : 'pairs';
}

/**
 * The rows that do not stand for their pair, the last one does (by time, else in the file).
 * @returns 1 for each such row [length]; null = no pair repeats, or rows are examples
 */
export function rowsThatRepeat(
  { users, items, distinctPairs }: Pick<Dataset, 'users' | 'items' | 'distinctPairs'>,
  rows: Interactions,
  use: RowUse,
): Uint8Array | null {
  return use === 'examples' || distinctPairs ? null : repeatedRows(rows, users.size, items.size, 'last');
}

/** Gives the rows that repeat a pair the part of the row that stands for it. */
export function followPairs(dataset: Dataset, rows: Interactions, part: Uint8Array, repeats: Uint8Array | null): void {
  if (repeats === null) return;
  const { userIndex, itemIndex, length } = rows;
  const { rowStart, order } = groupRows(length, dataset.users.size, (row) => userIndex[row]);
  const partOf = new Uint8Array(dataset.items.size);
  for (let user = 0; user < dataset.users.size; user++) {
    const own = order.subarray(rowStart[user], rowStart[user + 1]);
    for (const row of own) if (repeats[row] === 0) partOf[itemIndex[row]] = part[row];
    for (const row of own) if (repeats[row] === 1) part[row] = partOf[itemIndex[row]];
  }
}

/** Drops validation rows of pairs that training has, and test rows of pairs that training or validation has. */
export function dropRepeats(dataset: Dataset, part: Uint8Array, use: RowUse): { readonly nRepeatedPairRows?: number } {
  const { interactions, users, items } = dataset;
  if (rowsThatRepeat(dataset, interactions, use) === null) return {};
  const { userIndex, itemIndex, length } = interactions;
  const { rowStart, order } = groupRows(length, users.size, (row) => userIndex[row]);
  // the number of the user that had the item last, in training and in training or validation
  const [inTrain, before] = [new Int32Array(items.size).fill(-1), new Int32Array(items.size).fill(-1)];
  let nDropped = 0;
  const drop = (row: number): void => {
    part[row] = droppedPart;
    nDropped++;
  };
  for (let user = 0; user < users.size; user++) {
    const own = order.subarray(rowStart[user], rowStart[user + 1]);
    for (const row of own)
      if (part[row] === trainPart) {
        inTrain[itemIndex[row]] = user;
        before[itemIndex[row]] = user;
      }
    for (const row of own)
      if (part[row] === validationPart) {
        if (inTrain[itemIndex[row]] === user) drop(row);
        else before[itemIndex[row]] = user;
      }
    for (const row of own) if (part[row] === testPart && before[itemIndex[row]] === user) drop(row);
  }
  return nDropped > 0 ? { nRepeatedPairRows: nDropped } : {};
}

/** Rows of the part whose user took the item in the training part too. */
export function nRowsInTrain({ dataset, train }: Pick<Split, 'dataset' | 'train'>, heldOut: Interactions): number {
  const { users, items } = dataset;
  const seen = sparseRows(users.size, train.userIndex, train.itemIndex, true);
  const rows = groupRows(heldOut.length, users.size, (row) => heldOut.userIndex[row]);
  const lastUser = new Int32Array(items.size).fill(-1);
  let n = 0;
  for (let user = 0; user < users.size; user++) {
    if (rows.rowStart[user] === rows.rowStart[user + 1]) continue;
    for (let k = seen.rowStart[user]; k < seen.rowStart[user + 1]; k++) lastUser[seen.columns[k]] = user;
    for (let k = rows.rowStart[user]; k < rows.rowStart[user + 1]; k++)
      if (lastUser[heldOut.itemIndex[rows.order[k]]] === user) n++;
  }
  return n;
}
