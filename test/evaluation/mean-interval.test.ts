import { describe, expect, it } from 'vitest';
import { meanInterval, studentQuantile } from '../../src/evaluation/statistics/mean-interval.ts';

describe('mean with its interval', () => {
  it.each([
    [0.95, 1, 12.7062],
    [0.95, 4, 2.77645],
    [0.99, 9, 3.24984],
    [0.95, 100, 1.98397],
  ])('t of %s with %s degrees of freedom is %s, as in printed tables', (level, freedom, t) => {
    expect(studentQuantile(level, freedom)).toBeCloseTo(t, 4);
  });

  it('is mean ± t s / √n', () => {
    // 1, 2, 3, 4, 5: mean 3, s² = 10/4, s/√5 = √0.5
    const { mean, deviation, low, high } = meanInterval([1, 2, 3, 4, 5]);
    expect([mean, deviation]).toEqual([3, Math.sqrt(2.5)]);
    expect(high! - 3).toBeCloseTo(2.77645 * Math.sqrt(0.5), 4);
    expect(3 - low!).toBeCloseTo(high! - 3, 12);
    expect(meanInterval([7])).toEqual({ mean: 7, deviation: 0, low: null, high: null });
  });
});
