import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { type FoldInLoss, pairwiseLoss, pointwiseLoss, softmaxLoss } from '../../src/training/fold-in-loss.ts';

const softplus = (x: number): number => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)));

/** The formulas in plain loops. */
const plain: Record<string, FoldInLoss> = {
  pointwise: (scores, n, share, negatives) => {
    let value = 0;
    for (let i = 0; i < n; i++) value += softplus(-scores[i]);
    for (let j = n; j < scores.length; j++) value += negatives * n * share[j - n] * softplus(scores[j]);
    return value;
  },
  pairwise: (scores, n, share, negatives) => {
    let value = 0;
    for (let i = 0; i < n; i++)
      for (let j = n; j < scores.length; j++) value += negatives * share[j - n] * softplus(scores[j] - scores[i]);
    return value;
  },
  listwise: (scores, n, share, negatives) => {
    let value = 0;
    for (let i = 0; i < n; i++) {
      let others = 0;
      for (let j = n; j < scores.length; j++) others += negatives * share[j - n] * Math.exp(scores[j] - scores[i]);
      value += Math.log1p(others);
    }
    return value;
  },
};

describe.each([
  ['pointwise', pointwiseLoss],
  ['pairwise', pairwiseLoss],
  ['listwise', softmaxLoss],
] as const)('the %s loss of a new person', (name, loss) => {
  it.each([0.01, 1, 10])(
    'is that of the formula, and its slopes are those of differences: scores of size %d',
    (scale) => {
      const random = new RandomStream(5, `scores of ${scale}`);
      for (const n of [1, 3, 4, 9]) {
        const m = 11;
        const scores = Float64Array.from({ length: n + m }, () => scale * random.normal());
        const weights = Float64Array.from({ length: m }, (_, k) => 1 + (k % 3));
        const sum = weights.reduce((a, b) => a + b, 0);
        const share = weights.map((weight) => weight / sum);
        const slopes = new Float64Array(n + m);
        const value = loss(scores, n, share, 4, slopes);
        const expected = plain[name](scores, n, share, 4, slopes);
        expect(value / expected).toBeCloseTo(1, 10);
        for (let r = 0; r < n + m; r++) {
          const at = (change: number) => {
            const moved = scores.slice();
            moved[r] += change;
            return plain[name](moved, n, share, 4, new Float64Array(n + m));
          };
          expect(slopes[r]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 6);
        }
      }
    },
  );

  it('stays finite for scores beyond reason', () => {
    const slopes = new Float64Array(6);
    const value = loss(Float64Array.of(-900, 900, -900, 900, 900, -900), 4, Float64Array.of(0.5, 0.5), 4, slopes);
    expect(value).toBeGreaterThan(0);
    expect(Number.isFinite(value)).toBe(true);
    expect(slopes.every(Number.isFinite)).toBe(true);
  });

  it('needs no others', () => {
    const slopes = new Float64Array(2);
    expect(Number.isFinite(loss(Float64Array.of(1, 2), 2, new Float64Array(0), 4, slopes))).toBe(true);
  });
});
