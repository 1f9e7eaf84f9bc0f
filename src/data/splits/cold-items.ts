/** Cold-start split: all rows of some items are held out, so that models have nothing but the items' fields to go by. */
import { parseOptions } from '../../core/options.ts';
import type { Dataset, Interactions, Split } from '../dataset.ts';
import { type SparseRows, sparseRows } from '../sparse-rows.ts';
import { requireShares } from './ratio.ts';
import { type ColdItemsOptions, coldItemsOptions } from './split-options.ts';
import { allInTrain, droppedPart, makeSplit, testPart, trainPart, validationPart } from './split-parts.ts';
import { splitStream } from './user-order.ts';

/**
 * Draws round(items · test) items for testing and round(items · validation) for validation, with all their rows. Rows of users who
 * have no training row are dropped and counted. The held-out items of a part are the candidates of all its users: among items that
 * nobody took, popularity knows nothing.
 * @throws DeepTasteError `config`: shares that leave nothing; `data`: no row is left for a part
 */
export function splitByColdItems(dataset: Dataset, options: ColdItemsOptions = {}): Split {
  const parsed = parseOptions(coldItemsOptions, { method: 'cold-items', ...options }, 'cold-items split');
  const { validation, test, seed } = parsed;
  requireShares('cold-items split', validation, test);
  const { itemIndex, userIndex } = dataset.interactions;
  const nItems = dataset.items.size;
  const order = Int32Array.from({ length: nItems }, (_, item) => item);
  splitStream(seed, 'cold-items').shuffle(order);
  const [nTest, nValidation] = [Math.round(nItems * test), Math.round(nItems * validation)];
  const partOfItem = new Uint8Array(nItems);
  order.subarray(0, nTest).forEach((item) => {
    partOfItem[item] = testPart;
  });
  order.subarray(nTest, nTest + nValidation).forEach((item) => {
    partOfItem[item] = validationPart;
  });
  const part = allInTrain(dataset);
  for (let row = 0; row < part.length; row++) part[row] = partOfItem[itemIndex[row]];
  const nUnseenUserRows = dropUnseenUsers(part, userIndex, dataset.users.size);
  const description = { method: 'cold-items', data: dataset.hash, validation, test, seed };
  const counts = { nTestItems: nTest, nUnseenUserRows, testCandidates: 'the held-out items' };
  const split = makeSplit(dataset, part, { ...description, ...counts });
  return {
    ...split,
    testCandidates: candidatesOf(dataset, split.test, partOfItem, testPart),
    validationCandidates: split.validation && candidatesOf(dataset, split.validation, partOfItem, validationPart),
  };
}

function dropUnseenUsers(part: Uint8Array, userIndex: Int32Array, nUsers: number): number {
  const seen = new Uint8Array(nUsers);
  userIndex.forEach((user, row) => {
    if (part[row] === trainPart) seen[user] = 1;
  });
  let nDropped = 0;
  userIndex.forEach((user, row) => {
    if (part[row] === trainPart || seen[user] === 1) return;
    part[row] = droppedPart;
    nDropped++;
  });
  return nDropped;
}

/** For each user of the part its items, without those that the user took. */
function candidatesOf(dataset: Dataset, rows: Interactions | null, partOfItem: Uint8Array, part: number): SparseRows {
  const items = Array.from(partOfItem.keys()).filter((item) => partOfItem[item] === part);
  const taken = new Map<number, Set<number>>();
  rows?.userIndex.forEach((user, row) => {
    const own = taken.get(user) ?? new Set();
    taken.set(user, own.add(rows.itemIndex[row]));
  });
  const [row, column]: [number[], number[]] = [[], []];
  for (const [user, own] of taken)
    for (const item of items)
      if (!own.has(item)) {
        row.push(user);
        column.push(item);
      }
  return sparseRows(dataset.users.size, Int32Array.from(row), Int32Array.from(column));
}
