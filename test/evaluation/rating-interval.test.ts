import { describe, expect, it } from 'vitest';
import { evaluateRows } from '../../src/evaluation/row-evaluation.ts';
import { clusteredInterval, ratingInterval } from '../../src/evaluation/statistics/rating-interval.ts';
import { testRandom } from '../data/made-data.ts';

describe('intervals of rating errors', () => {
  it('are those of the textbook where every row stands alone', () => {
    // mean 2, sample variance 5 / 3, n 4
    const { low, high } = clusteredInterval(Float64Array.of(0.5, 1.5, 2.5, 3.5))!;
    expect(high - 2).toBeCloseTo(1.959963984540054 * Math.sqrt(5 / 3 / 4), 12);
    expect(2 - low).toBeCloseTo(high - 2, 12);
  });

  it('count a row that is written down five times as one', () => {
    const once = clusteredInterval(Float64Array.of(1, 4, 2))!;
    const groups = Int32Array.from({ length: 15 }, (_, row) => Math.floor(row / 5));
    const five = clusteredInterval(
      Float64Array.from(groups, (g) => [1, 4, 2][g]),
      groups,
    )!;
    expect(five.low).toBeCloseTo(once.low, 12);
    expect(five.high).toBeCloseTo(once.high, 12);
  });

  it('hold the true error in about 95 of 100 worlds in which users differ', () => {
    const below = testRandom(8);
    const uniform = () => below(1_000_000) / 1_000_000;
    // an error of ±1 whose size is that of its user: mean square 1 + 1 / 12
    const truth = Math.sqrt(13 / 12);
    let held = 0;
    for (let world = 0; world < 400; world++) {
      const [labels, predictions, users]: [number[], number[], number[]] = [[], [], []];
      for (let user = 0; user < 60; user++) {
        const size = 0.5 + uniform();
        for (let k = 0; k < 8; k++) {
          labels.push(3);
          predictions.push(3 + (uniform() < 0.5 ? size : -size));
          users.push(user);
        }
      }
      const { low, high } = ratingInterval('rmse', labels, predictions, null, Int32Array.from(users))!;
      if (low <= truth && truth <= high) held++;
    }
    expect(held / 400).toBeGreaterThan(0.91);
    expect(held / 400).toBeLessThan(0.98);
  });

  it('stand beside RMSE and MAE of clipped predictions, and beside nothing else', () => {
    const rows = { labels: [1, 5, 3], predictions: [0, 6, 3.5], userIndex: Int32Array.of(0, 1, 2) };
    const { metrics, intervals } = evaluateRows('rating', { ...rows, ratingRange: { low: 1, high: 5 } });
    expect(Object.keys(intervals!)).toEqual(['rmse', 'mae']);
    expect(intervals!.mae.low).toBeLessThan(metrics.mae!);
    expect((intervals!.mae.low + intervals!.mae.high) / 2).toBeCloseTo(0.5 / 3, 12);
    const clicks = { labels: [0, 1], predictions: [0.2, 0.7] };
    expect(evaluateRows('click', clicks)).not.toHaveProperty('intervals');
    expect(ratingInterval('mae', [1, 2], [1, 1], null, Int32Array.of(4, 4))).toBe(null);
  });
});
