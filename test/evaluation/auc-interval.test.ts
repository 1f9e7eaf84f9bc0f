/** The interval of AUC against loops over all pairs, and how often it holds the true value. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { aucInterval } from '../../src/evaluation/statistics/auc-interval.ts';

const variance = (values: readonly number[]): number => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
};

describe('aucInterval', () => {
  it('is DeLong’s, with ties', () => {
    const labels = [1, 0, 1, 1, 0, 0, 0, 1, 0];
    const scores = [3, 1, 2, 5, 2, 4, 0, 2, 3];
    const [positives, negatives] = [1, 0].map((label) => scores.filter((_, row) => labels[row] === label));
    const wins = (p: number, n: number) => (p > n ? 1 : p === n ? 0.5 : 0);
    const ofPositive = positives.map((p) => negatives.reduce((sum, n) => sum + wins(p, n), 0) / negatives.length);
    const ofNegative = negatives.map((n) => positives.reduce((sum, p) => sum + wins(p, n), 0) / positives.length);
    const area = ofPositive.reduce((a, b) => a + b, 0) / positives.length;
    const half = 1.959963984540054 * Math.sqrt(variance(ofPositive) / 4 + variance(ofNegative) / 5);
    const found = aucInterval(labels, scores);
    expect(found.mean).toBeCloseTo(area, 12);
    expect(found.low).toBeCloseTo(Math.max(0, area - half), 9);
    expect(found.high).toBeCloseTo(Math.min(1, area + half), 9);
  });

  it('holds the true value about as often as it says', () => {
    // P(X > Y) for X ~ N(1, 1), Y ~ N(0, 1) is Φ(1/√2)
    const truth = 0.7602499389065233;
    const random = new RandomStream(2, 'auc');
    const labels = Array.from({ length: 120 }, (_, row) => (row < 40 ? 1 : 0));
    let held = 0;
    for (let n = 0; n < 1000; n++) {
      const scores = labels.map((label) => label + random.normal());
      const { low, high } = aucInterval(labels, scores);
      if (low <= truth && truth <= high) held++;
    }
    expect(held).toBeGreaterThan(920);
    expect(held).toBeLessThan(975);
  });

  it('has no value where a label is missing', () => {
    expect(aucInterval([1, 1], [1, 2]).mean).toBeNaN();
    expect(aucInterval([1, 1], [1, 2]).low).toBeNaN();
  });
});
