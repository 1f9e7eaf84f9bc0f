/**
 * Items that rose lately, and by whom: whether those who took them are new, or took hardly anything else, more than others who came then.
 *
 * lately: the last tenth of the rows in time. An item rose where it has at least five rows in it, and twice the share that it had before.
 */
import { binomialUpperTail } from '../../evaluation/statistics/distributions.ts';
import type { Profiles } from '../detection/profiles.ts';

export interface Rise {
  readonly item: number;
  /** Rows lately, and how many its share before would give. */
  readonly rows: number;
  readonly expected: number;
  /** Share of the late rows by people who had no row before, and by people with three rows or fewer in all. */
  readonly byNew: number;
  readonly byFew: number;
  /** Chance of so many rows by new people, or by people with few rows, in as many late rows; the smaller of both, times two. */
  readonly pValue: number;
}

export interface Rises {
  /** When lately begins, in the unit of the times. */
  readonly since: number;
  /** The same shares of all late rows. */
  readonly byNew: number;
  readonly byFew: number;
  /** Items that rose, the least likely first; those that new people or people with few rows explain stand out by `pValue`. */
  readonly items: readonly Rise[];
}

const LATE_SHARE = 0.1;
const FEWEST_ROWS = 5;
const RISE = 2;
const FEW = 3;

/** Null without times, or where all are the same. */
export function risesOf({ nUsers, nItems, interactions }: Profiles): Rises | null {
  const { time, userIndex, itemIndex, length } = interactions;
  if (!time) return null;
  const ascending = time.slice().sort();
  const since = ascending[Math.floor(length * (1 - LATE_SHARE))];
  if (!(since > ascending[0])) return null;
  const firstOf = new Float64Array(nUsers).fill(Number.POSITIVE_INFINITY);
  const rowsOf = new Int32Array(nUsers);
  for (let row = 0; row < length; row++) {
    firstOf[userIndex[row]] = Math.min(firstOf[userIndex[row]], time[row]);
    rowsOf[userIndex[row]]++;
  }
  const before = new Int32Array(nItems);
  const late = new Int32Array(nItems);
  const byNew = new Int32Array(nItems);
  const byFew = new Int32Array(nItems);
  for (let row = 0; row < length; row++) {
    const [user, item] = [userIndex[row], itemIndex[row]];
    if (time[row] < since) before[item]++;
    else {
      late[item]++;
      if (firstOf[user] >= since) byNew[item]++;
      if (rowsOf[user] <= FEW) byFew[item]++;
    }
  }
  const sum = (counts: Int32Array) => counts.reduce((a, b) => a + b, 0);
  const [nBefore, nLate] = [sum(before), sum(late)];
  const [shareNew, shareFew] = [sum(byNew) / nLate, sum(byFew) / nLate];
  const items: Rise[] = [];
  for (let item = 0; item < nItems; item++) {
    const expected = (before[item] / nBefore) * nLate;
    if (late[item] < FEWEST_ROWS || late[item] < RISE * expected) continue;
    const tails = [
      binomialUpperTail(byNew[item], late[item], shareNew),
      binomialUpperTail(byFew[item], late[item], shareFew),
    ];
    items.push({
      item,
      rows: late[item],
      expected,
      byNew: byNew[item] / late[item],
      byFew: byFew[item] / late[item],
      pValue: Math.min(1, 2 * Math.min(...tails)),
    });
  }
  items.sort((a, b) => a.pValue - b.pValue || b.rows - a.rows || a.item - b.item);
  return { since, byNew: shareNew, byFew: shareFew, items };
}
