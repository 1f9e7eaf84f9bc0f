/** Why a part of a split is empty, and which other split of the same data would fill it. */
import { counted } from '../counted.ts';
import type { Dataset, SplitDescription } from '../dataset.ts';

/** What became of the held-out rows that a split dropped; '' when it dropped none. */
export function droppedReason({ nUnseenUserRows, nUnseenItemRows, nRepeatedPairRows }: SplitDescription): string {
  const reasons = [
    [nUnseenUserRows, 'of users without training rows'],
    [nUnseenItemRows, 'of items without training rows'],
    [nRepeatedPairRows, 'of (user, item) pairs that earlier rows have'],
  ] as const;
  const told = reasons.flatMap(([n, what]) => (typeof n === 'number' && n > 0 ? [`${counted(n, 'row')} ${what}`] : []));
  return told.length > 0 ? `dropped ${told.join(', ')}` : '';
}

/** Fewest rows of a user of which the default ratio split holds one out. */
const fewestForRatio = 5;

/**
 * What to do when nothing is left for testing: only splits that leave something of these data are named.
 * @param method the split that failed
 */
export function splitAdvice(dataset: Dataset, { method, test }: SplitDescription): string {
  const rows = rowsOfUsers(dataset);
  const nUsers = dataset.users.size;
  const mostRows = rows.reduce((most, n) => Math.max(most, n), 0);
  if (method === 'cold-items')
    return `hold out more: of ${counted(dataset.items.size, 'item')} a share of ${shareOf(dataset.items.size)} is one (test: ${shareOf(dataset.items.size)})`;
  if (mostRows < 2)
    return `no user has two different items (${counted(nUsers, 'user')} with one each), so that no split can test any; bring data with more rows of the same users, or train without measuring (split none)`;
  const with2 = rows.reduce((n, own) => n + (own >= 2 ? 1 : 0), 0);
  const with5 = rows.reduce((n, own) => n + (own >= fewestForRatio ? 1 : 0), 0);
  const choices: string[] = [];
  if (method !== 'leave-one-out')
    choices.push(`leave-one-out, which can test ${with2} of ${counted(nUsers, 'user')} (those with two items or more)`);
  if (method === 'ratio' && typeof test === 'number')
    choices.push(`a larger share (test: ${shareOf(mostRows)} or more)`);
  else if (with5 > 0) choices.push(`ratio, which can test ${with5} (those with ${fewestForRatio} items or more)`);
  return `choose ${choices.join(', or ')}`;
}

/** The smallest share, in hundredths, that holds out one of n. */
function shareOf(n: number): number {
  return Math.min(0.9, Math.ceil(50 / n) / 100);
}

/** How many different items each user has. */
function rowsOfUsers({ interactions, users, items }: Dataset): Int32Array {
  const { userIndex, itemIndex } = interactions;
  const seen = new Set<number>();
  const count = new Int32Array(users.size);
  for (let row = 0; row < userIndex.length; row++) {
    const key = userIndex[row] * items.size + itemIndex[row];
    if (seen.has(key)) continue;
    seen.add(key);
    count[userIndex[row]]++;
  }
  return count;
}
