import { describe, expect, it } from 'vitest';
import { simulateFilmClub } from '../../src/data/simulated/film-club.ts';
import { rowOf } from '../../src/data/sparse-rows.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import { thrownCode } from '../models/thrown-code.ts';

const { dataset } = simulateFilmClub({ nUsers: 120, nItems: 80 });
const split = splitDataset(dataset, { method: 'cold-items', test: 0.25, validation: 0.1 });

describe('cold-items split', () => {
  it('holds out whole items, and no row twice', () => {
    const items = [split.train, split.validation!, split.test!].map(({ itemIndex }) => new Set(itemIndex));
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ])
      expect([...items[a]].filter((item) => items[b].has(item))).toEqual([]);
    const kept = split.train.length + split.validation!.length + split.test!.length;
    expect(kept + Number(split.description.nUnseenUserRows)).toBe(dataset.interactions.length);
    expect(items[2].size).toBeLessThanOrEqual(20);
    expect(split.description.nTestItems).toBe(20);
  });

  it('lists the held-out items that a user did not take as candidates', () => {
    const candidates = split.testCandidates!;
    const { userIndex, itemIndex } = split.test!;
    for (const user of new Set(userIndex)) {
      const own = new Set(itemIndex.filter((_, row) => userIndex[row] === user));
      const listed = [...rowOf(candidates, user)];
      expect(listed.length + own.size).toBe(20);
      expect(listed.some((item) => own.has(item) || split.train.itemIndex.includes(item))).toBe(false);
    }
  });

  it('depends on its seed alone, and refuses shares that leave nothing', async () => {
    const again = splitDataset(dataset, { method: 'cold-items', test: 0.25, validation: 0.1 });
    expect(again.test!.itemIndex).toEqual(split.test!.itemIndex);
    const other = splitDataset(dataset, { method: 'cold-items', test: 0.25, validation: 0.1, seed: 2 });
    expect(other.test!.itemIndex).not.toEqual(split.test!.itemIndex);
    for (const test of [0, 0.95])
      expect(await thrownCode(async () => splitDataset(dataset, { method: 'cold-items', test }))).toBe('config');
  });
});
