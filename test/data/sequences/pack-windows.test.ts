import { expect, it } from 'vitest';
import { packWindows } from '../../../src/data/sequences/pack-windows.ts';
import { testRandom } from '../made-data.ts';

it('gives every sequence rows of its own within one window, in few windows', () => {
  const below = testRandom(4);
  for (const window of [1, 7, 100]) {
    const lengths = Int32Array.from({ length: 200 }, () => 1 + below(window));
    const { first, nWindows } = packWindows(lengths, window);
    const taken = new Uint8Array(nWindows * window);
    lengths.forEach((n, s) => {
      expect(Math.floor(first[s] / window)).toBe(Math.floor((first[s] + n - 1) / window));
      for (let r = first[s]; r < first[s] + n; r++) expect(taken[r]++).toBe(0);
    });
    const total = lengths.reduce((a, b) => a + b);
    // best fit, longest first, needs at most 11/9 of the best number of windows, and 4 more
    expect(nWindows).toBeLessThanOrEqual((11 / 9) * Math.ceil(total / window) * 1.2 + 4);
  }
});

it('takes the fullest window that has room, longest first', () => {
  const { first, nWindows } = packWindows(Int32Array.of(2, 5, 3, 6, 4), 10);
  // 6, then 5 beside it does not fit: 6+4, 5+3+2
  expect(nWindows).toBe(2);
  expect([...first]).toEqual([18, 10, 15, 0, 6]);
  expect(packWindows(new Int32Array(0), 5)).toEqual({ first: new Int32Array(0), nWindows: 0 });
});
