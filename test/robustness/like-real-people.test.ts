/** Fillers are those of somebody with about as many items. */
import { expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { RealPeople } from '../../src/robustness/attacks/like-real-people.ts';

// people with 3, 3, 5, 9 and 9 items, which nobody else took: 0–2, 3–5, 6–10, 11–19, 20–28; the third person has none
const lengths = [3, 3, 0, 5, 9, 9];
const userIndex = Int32Array.from(lengths.flatMap((n, user) => new Array<number>(n).fill(user)));
const people = new RealPeople(sparseRows(6, userIndex, Int32Array.from(userIndex.keys())), 29);

/** Middle items of many profiles of that length; each item stands for one at most two ranks away. */
const middles = (length: number): number[] =>
  Array.from({ length: 60 }, (_, n) => {
    const items = people.fillers(length, { top: 0, bottom: 0 }, new Set(), new RandomStream(n, 'fillers')).sort();
    expect(items).toHaveLength(length);
    return items[Math.floor(length / 2)];
  });

it.each([
  ['shorter than all: the shortest', 1, 0, 7],
  ['between, as near to both: either', 4, 0, 12],
  ['between, nearer to the longer: these', 8, 11, 28],
  ['as long as some: these', 9, 11, 28],
  ['longer than all: the longest', 10, 11, 28],
])('%s', (_, length, low, high) => {
  const found = middles(length);
  expect(Math.min(...found)).toBeGreaterThanOrEqual(low);
  expect(Math.max(...found)).toBeLessThanOrEqual(high);
  // all who are as near are drawn
  if (length === 4) expect([found.some((item) => item <= 5), found.some((item) => item >= 8)]).toEqual([true, true]);
  if (length >= 8) expect([found.some((item) => item < 19), found.some((item) => item > 20)]).toEqual([true, true]);
});
