/** What each person took and how they rated it, each item once: what all detectors look at. */
import { DeepTasteError } from '../../core/errors.ts';
import type { Dataset, Interactions } from '../../data/dataset.ts';
import { entryOf, type SparseRows, sparseRows } from '../../data/sparse-rows.ts';

export interface Profiles {
  readonly nUsers: number;
  readonly nItems: number;
  /** Row u = the distinct items of user u, ascending. */
  readonly rows: SparseRows;
  /** [entries] rating of each entry, the mean where a pair has several; null where rows carry no ratings. */
  readonly rating: Float64Array | null;
  /** [nItems] how many people have the item, n_i. */
  readonly itemCount: Int32Array;
  /** [nItems] mean rating r̄_i of these people; NaN where nobody rated it, null without ratings. */
  readonly itemMean: Float64Array | null;
  /** The rows that they come from, for what looks at times. */
  readonly interactions: Interactions;
}

/**
 * @param interactions rows to look at, default all of the data set
 * @throws DeepTasteError `data`: no rows, or fewer than two people
 */
export function profilesOf(
  {
    name,
    users,
    items,
    interactions: all,
    label,
  }: Pick<Dataset, 'name' | 'users' | 'items' | 'interactions' | 'label'>,
  interactions: Interactions = all,
): Profiles {
  const nUsers = users.size;
  const nItems = items.size;
  const rows = sparseRows(nUsers, interactions.userIndex, interactions.itemIndex, true);
  let people = 0;
  for (let u = 0; u < nUsers; u++) if (rows.rowStart[u + 1] > rows.rowStart[u]) people++;
  if (people < 2)
    throw new DeepTasteError(
      'data',
      `detection: the rows of ${name} must be of at least two people, found ${people}; people are compared with each other`,
    );
  const itemCount = new Int32Array(nItems);
  for (const item of rows.columns) itemCount[item]++;
  // a label of 0 or 1 is no rating of an item
  const rating = interactions.rating && !label ? meanRatings(rows, interactions) : null;
  return {
    nUsers,
    nItems,
    rows,
    rating,
    itemCount,
    itemMean: rating && itemMeans(rows, rating, itemCount),
    interactions,
  };
}

function meanRatings(rows: SparseRows, { length, userIndex, itemIndex, rating }: Interactions): Float64Array {
  const sum = new Float64Array(rows.columns.length);
  const count = new Int32Array(rows.columns.length);
  for (let row = 0; row < length; row++) {
    const entry = entryOf(rows, userIndex[row], itemIndex[row]);
    sum[entry] += rating![row];
    count[entry]++;
  }
  return sum.map((value, entry) => value / count[entry]);
}

function itemMeans({ columns }: SparseRows, rating: Float64Array, count: Int32Array): Float64Array {
  const sum = new Float64Array(count.length);
  columns.forEach((item, entry) => {
    sum[item] += rating[entry];
  });
  return sum.map((value, item) => value / count[item]);
}

/** The mean over the entries of each person of what `of` says of an entry [nUsers]; 0 for who has none. */
export function meanOverEntries(
  { nUsers, rows: { rowStart, columns } }: Profiles,
  of: (item: number, entry: number) => number,
): Float64Array {
  const means = new Float64Array(nUsers);
  for (let u = 0; u < nUsers; u++) {
    let sum = 0;
    for (let entry = rowStart[u]; entry < rowStart[u + 1]; entry++) sum += of(columns[entry], entry);
    if (rowStart[u + 1] > rowStart[u]) means[u] = sum / (rowStart[u + 1] - rowStart[u]);
  }
  return means;
}
