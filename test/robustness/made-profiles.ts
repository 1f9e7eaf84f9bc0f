/** Small worlds of profiles with fakes of a known recipe, and a data set made of plain rows. */
import { RandomStream } from '../../src/core/random.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { Vocabulary } from '../../src/data/vocabulary.ts';

export interface Row {
  readonly user: number;
  readonly item: number;
  readonly rating?: number;
  readonly time?: number;
}

export function datasetOf(rows: readonly Row[], nUsers: number, nItems: number): Dataset {
  const none = { fields: [], title: null };
  const has = (key: 'rating' | 'time') => rows.every((row) => row[key] !== undefined);
  return {
    name: 'made',
    users: new Vocabulary(Array.from({ length: nUsers }, (_, u) => `u${u}`)),
    items: new Vocabulary(Array.from({ length: nItems }, (_, i) => `i${i}`)),
    interactions: {
      length: rows.length,
      userIndex: Int32Array.from(rows, (row) => row.user),
      itemIndex: Int32Array.from(rows, (row) => row.item),
      rating: has('rating') ? Float32Array.from(rows, (row) => row.rating!) : null,
      time: has('time') ? Float64Array.from(rows, (row) => row.time!) : null,
      session: null,
    },
    userFields: { nRows: nUsers, ...none },
    itemFields: { nRows: nItems, ...none },
    social: null,
    schema: { columns: [] },
    hash: '',
    warnings: [],
  };
}

/** Everybody takes each item with its chance, and rates 1 … 5. */
export function randomRows(nUsers: number, nItems: number, seed: number): Row[] {
  const random = new RandomStream(seed, 'profiles');
  const rows: Row[] = [];
  for (let user = 0; user < nUsers; user++)
    for (let item = 0; item < nItems; item++)
      if (random.uniform() < 0.1 + 0.7 * (item / nItems) ** 2) rows.push({ user, item, rating: 1 + random.below(5) });
  return rows;
}

/**
 * `people` real ones, whose tastes and habits differ, with times over two years; fakes come after them: items drawn evenly, rated near
 * the mean of the item, one target at the highest rating, all within a day. Lengths of fakes are those of real people.
 */
export function shillingWorld(people: number, fakes: number, nItems: number, seed: number): Row[] {
  const random = new RandomStream(seed, 'shilling');
  const quality = Array.from({ length: nItems }, () => 2.5 + 1.5 * random.uniform());
  const fame = Array.from({ length: nItems }, () => random.uniform() ** 3);
  const rows: Row[] = [];
  const lengths: number[] = [];
  const rated = (mean: number) => Math.min(5, Math.max(1, Math.round(mean)));
  for (let user = 0; user < people; user++) {
    const mood = random.normal() * 0.6;
    const zeal = 0.3 + random.uniform();
    let length = 0;
    for (let item = 0; item < nItems; item++) {
      if (random.uniform() >= fame[item] * zeal) continue;
      const rating = rated(quality[item] + mood + random.normal());
      rows.push({ user, item, rating, time: random.uniform() * 2 * 365 * 86_400 });
      length++;
    }
    lengths.push(length);
  }
  for (let fake = 0; fake < fakes; fake++) {
    const items = new Set([0]);
    const length = Math.max(2, lengths[random.below(lengths.length)]);
    while (items.size < Math.min(length, nItems)) items.add(random.below(nItems));
    for (const item of items) {
      const rating = item === 0 ? 5 : rated(quality[item] + 0.3 * random.normal());
      rows.push({ user: people + fake, item, rating, time: 300 * 86_400 + random.uniform() * 40_000 });
    }
  }
  return rows;
}
