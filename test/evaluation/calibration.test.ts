import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { calibration } from '../../src/evaluation/metrics/calibration.ts';
import { evaluateRows } from '../../src/evaluation/row-evaluation.ts';
import { thrownCode } from './thrown-code.ts';

describe('calibration', () => {
  const labels = [0, 1, 0, 1, 1, 0];
  const probabilities = [0, 0.25, 0.3, 0.5, 1, 0.74];

  it('bins of equal width hold their lower edge; the last its upper one too', () => {
    const { bins, expectedError, ratio } = calibration(labels, probabilities, { nBins: 4 });
    expect(bins.map(({ low, high, nRows }) => [low, high, nRows])).toEqual([
      [0, 0.25, 1],
      [0.25, 0.5, 2],
      [0.5, 0.75, 2],
      [0.75, 1, 1],
    ]);
    expect(bins[1].predicted).toBeCloseTo(0.275, 12);
    expect(bins.map(({ observed }) => observed)).toEqual([0, 0.5, 0.5, 1]);
    expect(expectedError).toBeCloseTo((0 + 2 * 0.225 + 2 * 0.12 + 0) / 6, 12);
    expect(ratio).toBeCloseTo(2.79 / 3, 12);
  });

  it('the interval is Wilson’s: the shares p with (k/n − p)² = z² p (1 − p) / n', () => {
    const y = [1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
    const [bin] = calibration(y, new Array(10).fill(0.5), { nBins: 1 }).bins;
    for (const p of bin.interval!) expect((0.3 - p) ** 2).toBeCloseTo((1.959963984540054 ** 2 * p * (1 - p)) / 10, 12);
    expect(bin.interval![0]).toBeLessThan(0.3);
    expect(bin.interval![1]).toBeGreaterThan(0.3);
    const [never] = calibration([0, 0], [0.1, 0.1], { nBins: 1 }).bins;
    expect(never.interval![0]).toBe(0);
  });

  it('bins of equal numbers of rows share out the rows; equal probabilities stay together', () => {
    const stream = new RandomStream(2, 'test/calibration');
    const p = Array.from({ length: 1000 }, () => stream.uniform() ** 4);
    const y = p.map((share) => (stream.uniform() < share ? 1 : 0));
    const { bins, expectedError, ratio } = calibration(y, p, { nBins: 8, by: 'count' });
    expect(bins.map(({ nRows }) => nRows)).toEqual(new Array(8).fill(125));
    for (const { low, high, predicted } of bins) expect(predicted! >= low && predicted! <= high).toBe(true);
    expect(expectedError).toBeLessThan(0.06);
    expect(Math.abs(ratio! - 1)).toBeLessThan(0.15);
    const same = calibration([1, 0, 1], [0.4, 0.4, 0.4], { by: 'count' });
    expect(same.bins.map(({ nRows, observed }) => [nRows, observed])).toEqual([[3, 2 / 3]]);
  });

  it('empty bins are empty, and no positives give no ratio', () => {
    const { bins, ratio } = calibration([0, 0], [0.05, 0.95]);
    expect(bins.map(({ nRows }) => nRows)).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(bins[5]).toMatchObject({ predicted: null, observed: null, interval: null });
    expect(ratio).toBeNull();
  });

  it.each([
    ['no rows', [], [], 10, 'data'],
    ['ratings', [3], [0.5], 10, 'data'],
    ['logits', [1], [1.5], 10, 'data'],
    ['NaN', [1], [Number.NaN], 10, 'numeric'],
    ['no bins', [1], [0.5], 0, 'config'],
  ])('%s: refused', (_, y, p, nBins, code) => {
    expect(thrownCode(() => calibration(y, p, { nBins }))).toBe(code);
  });
});

describe('the evaluation of rows', () => {
  it('of clicks: AUC, log loss, calibration; GAUC where rows have users', () => {
    const rows = { labels: [1, 0, 1, 0], predictions: [0.9, 0.2, 0.4, 0.6] };
    const evaluation = evaluateRows('click', rows);
    expect(evaluation.metrics.auc).toBe(3 / 4);
    const logLoss = -(Math.log(0.9) + Math.log(0.8) + Math.log(0.4) + Math.log(0.4)) / 4;
    expect(evaluation.metrics.logloss).toBeCloseTo(logLoss, 12);
    expect(evaluation).toMatchObject({ nRows: 4, meanLabel: 0.5, lowerIsBetter: ['logloss'], ratingRange: null });
    expect(evaluation.calibration!.bins).toHaveLength(10);
    const withUsers = evaluateRows('click', { ...rows, userIndex: Int32Array.of(0, 0, 1, 1) });
    expect(withUsers.metrics.gauc).toBe(0.5);
    expect(JSON.parse(JSON.stringify(withUsers))).toEqual(withUsers);
  });
  it('of clicks of one kind: what is undefined is null', () => {
    const evaluation = evaluateRows('click', { labels: [1, 1], predictions: [0.5, 0.25] });
    expect(evaluation.metrics).toMatchObject({ auc: null });
  });
  it('of ratings: RMSE and MAE, clipped when a scale is given', () => {
    const rows = { labels: [5, 3], predictions: [6, 2.5] };
    expect(evaluateRows('rating', rows).metrics).toEqual({ rmse: Math.sqrt(1.25 / 2), mae: 0.75 });
    const clipped = evaluateRows('rating', { ...rows, ratingRange: { low: 1, high: 5 } });
    expect(clipped).toMatchObject({ metrics: { mae: 0.25 }, ratingRange: { low: 1, high: 5 }, calibration: null });
  });
});
