/** What of users and items may decide for whom a model is good: how many training rows they have, how many friends. */
import type { Split } from '../data/dataset.ts';
import { rowOf } from '../data/sparse-rows.ts';

export const traitNames = ['userRows', 'friends', 'itemRows'] as const;
/** Training rows of the user, friends (edges from the user), training rows of the item. */
export type TraitName = (typeof traitNames)[number];

/** Counts of the users of a ranking, or of predicted rows, in the order of the result; absent where the data do not tell. */
export type Traits = Readonly<Partial<Record<TraitName, Int32Array>>>;

/**
 * @param userIndex dense user of each place
 * @param itemIndex dense item of each place; absent = places have no item
 */
export function traitsOf(split: Split, userIndex: ArrayLike<number>, itemIndex?: ArrayLike<number>): Traits {
  const { dataset, train, former } = split;
  const { users, items, social, unnamed = [] } = dataset;
  const counted = (size: number, ...columns: ArrayLike<number>[]): Int32Array => {
    const counts = new Int32Array(size);
    for (const column of columns) for (let row = 0; row < column.length; row++) counts[column[row]]++;
    return counts;
  };
  const at = (counts: Int32Array, places: ArrayLike<number>) => Int32Array.from(places, (index) => counts[index]);
  const namesUsers = !unnamed.includes('user');
  const userRows = () => {
    const counts = counted(users.size, train.userIndex);
    if (former) for (let user = 0; user < former.seen.nRows; user++) counts[user] += rowOf(former.seen, user).length;
    return counts;
  };
  const itemRows = () => counted(items.size, train.itemIndex, former?.seen.columns ?? []);
  return {
    ...(namesUsers && { userRows: at(userRows(), userIndex) }),
    ...(namesUsers && social && { friends: at(counted(users.size, social.from), userIndex) }),
    ...(itemIndex && !unnamed.includes('item') && { itemRows: at(itemRows(), itemIndex) }),
  };
}
