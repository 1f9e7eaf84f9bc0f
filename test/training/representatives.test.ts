import { describe, expect, it } from 'vitest';
import { representatives } from '../../src/training/representatives.ts';
import type { RowScores } from '../../src/training/row-scores.ts';

/** Item i scores (7 i mod n) + z: every place of the order is taken once. */
class Scrambled implements RowScores {
  readonly width = 1;
  readonly n: number;
  largest = 0;
  #items: Int32Array = new Int32Array(0);

  constructor(n: number) {
    this.n = n;
  }

  scoreOf(item: number): number {
    return (7 * item) % this.n;
  }

  choose(items: Int32Array): void {
    this.#items = items;
    this.largest = Math.max(this.largest, items.length);
  }

  at(z: Float64Array, scores: Float64Array): void {
    this.#items.forEach((item, r) => {
      scores[r] = this.scoreOf(item) + z[0];
    });
  }

  addSlopes(): void {}
  free(): void {}
}

const mean = Float64Array.of(0.5);

describe('items that stand for all', () => {
  it('are all of them where these are few', () => {
    const { items, counts } = representatives(new Scrambled(20), mean, 20, 20);
    expect(Array.from(items)).toEqual(Array.from({ length: 20 }, (_, k) => k));
    expect(Array.from(counts)).toEqual(Array(20).fill(1));
  });

  it('are the best by the mean person and some of all other ranks, and stand for as many as there are', () => {
    const rows = new Scrambled(1000);
    const { items, counts } = representatives(rows, mean, 1000, 40);
    expect(items).toHaveLength(40);
    expect(Array.from(items)).toEqual(Array.from(new Set(items)).sort((a, b) => a - b));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeCloseTo(1000, 9);
    const single = Array.from(items).filter((_, k) => counts[k] === 1);
    expect(single.map((item) => rows.scoreOf(item)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, k) => 980 + k),
    );
    const rest = Array.from(items)
      .filter((_, k) => counts[k] !== 1)
      .map((item) => rows.scoreOf(item))
      .sort((a, b) => a - b);
    // 20 of the other 980, one for every 49, each in their middle
    expect(rest).toEqual(Array.from({ length: 20 }, (_, k) => 49 * k + 24));
  });

  it('never ask for the scores of more items at a time than they are', () => {
    const rows = new Scrambled(1003);
    representatives(rows, mean, 1003, 40);
    expect(rows.largest).toBe(40);
  });
});
