import type { Dataset } from '../../src/data/dataset.ts';
import { Vocabulary } from '../../src/data/vocabulary.ts';

/** user, item, time, session. */
export type MadeRow = readonly [string, string, number?, number?];

/** A data set from rows in memory; times and sessions are present when the first row has them. */
export function madeDataset(rows: readonly MadeRow[]): Dataset {
  const users = new Vocabulary([...new Set(rows.map((row) => row[0]))]);
  const items = new Vocabulary([...new Set(rows.map((row) => row[1]))]);
  const noFields = (nRows: number) => ({ nRows, fields: [], title: null });
  return {
    name: 'made',
    users,
    items,
    social: null,
    schema: { columns: [] },
    hash: 'made',
    warnings: [],
    userFields: noFields(users.size),
    itemFields: noFields(items.size),
    interactions: {
      length: rows.length,
      userIndex: Int32Array.from(rows, (row) => users.indexOf(row[0])!),
      itemIndex: Int32Array.from(rows, (row) => items.indexOf(row[1])!),
      rating: null,
      time: rows[0][2] === undefined ? null : Float64Array.from(rows, (row) => row[2]!),
      session: rows[0][3] === undefined ? null : Int32Array.from(rows, (row) => row[3]!),
    },
  };
}

/** A part of a split as `user>item` texts, in order. */
export function pairs(dataset: Dataset, part: { userIndex: Int32Array; itemIndex: Int32Array } | null): string[] {
  if (part === null) return [];
  return Array.from(
    part.userIndex,
    (user, row) => `${dataset.users.idOf(user)}>${dataset.items.idOf(part.itemIndex[row])}`,
  );
}

/** A small generator of the test's own (mulberry32), so that tests do not depend on the code under test. */
export function testRandom(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n);
  };
}
