import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { groupAuc } from '../../src/evaluation/metrics/auc.ts';
import { predictionValues } from '../../src/evaluation/prediction-values.ts';
import { thrownCode } from './thrown-code.ts';

/** P(positive above negative) + ½ P(tie), pair by pair. */
function pairwiseAuc(labels: number[], scores: number[]): number {
  let won = 0;
  let pairs = 0;
  labels.forEach((a, i) => {
    labels.forEach((b, j) => {
      if (a !== 1 || b !== 0) return;
      pairs++;
      won += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0;
    });
  });
  return won / pairs;
}

const labels = [1, 0, 1, 0, 0, 1];
const predictions = [0.9, 0.9, 0.2, 0.1, 0.2, 0];

describe('metrics of predicted values', () => {
  it('AUC agrees with counting pairs, with and without ties', () => {
    const stream = new RandomStream(5, 'test/auc');
    for (const nLevels of [2, 5, 1000]) {
      const y = Array.from({ length: 60 }, () => stream.below(2));
      const s = y.map(() => stream.below(nLevels));
      expect(predictionValues({ labels: y, predictions: s }, ['auc']).auc).toBeCloseTo(pairwiseAuc(y, s), 12);
    }
    expect(predictionValues({ labels, predictions }, ['auc']).auc).toBeCloseTo((2.5 + 1.5 + 0) / 9, 12);
    expect(predictionValues({ labels: [1, 1], predictions: [0, 1] }, ['auc']).auc).toBeNaN();
  });

  it('GAUC: the AUC of each user weighted by rows; users with one label are counted out', () => {
    const userIndex = Int32Array.from([4, 4, 2, 2, 2, 9]);
    const group = groupAuc(labels, predictions, userIndex);
    expect([...group.users]).toEqual([2, 4]);
    expect([...group.auc]).toEqual([(1 + 0.5) / 2, 0.5]);
    expect([...group.nRows]).toEqual([3, 2]);
    expect(group.nUndefined).toBe(1);
    expect(predictionValues({ labels, predictions, userIndex }, ['gauc']).gauc).toBeCloseTo(
      (3 * 0.75 + 2 * 0.5) / 5,
      12,
    );
    expect(groupAuc([1], [1], Int32Array.of(0)).value).toBeNaN();
  });

  it('log loss, clipped at 1e-7', () => {
    const { logloss } = predictionValues({ labels: [1, 0, 1], predictions: [0.8, 0.4, 0] }, ['logloss']);
    expect(logloss).toBeCloseTo(-(Math.log(0.8) + Math.log(1 - 0.4) + Math.log(1e-7)) / 3, 12);
    expect(predictionValues({ labels: [0], predictions: [1] }, ['logloss']).logloss).toBeCloseTo(-Math.log(1e-7), 6);
  });

  it('RMSE and MAE, as predicted and clipped to the scale', () => {
    const rows = { labels: [5, 1, 3], predictions: [7, 0, 2] };
    expect(predictionValues(rows, ['rmse', 'mae'])).toEqual({ rmse: Math.sqrt((4 + 1 + 1) / 3), mae: (2 + 1 + 1) / 3 });
    const ratingRange = { low: 1, high: 5 };
    expect(predictionValues({ ...rows, ratingRange }, ['rmse', 'mae'])).toEqual({ rmse: Math.sqrt(1 / 3), mae: 1 / 3 });
  });

  it.each([
    ['no rows', { labels: [], predictions: [] }, 'rmse', 'data'],
    ['unequal lengths', { labels: [1], predictions: [1, 2] }, 'mae', 'data'],
    ['ratings as labels', { labels: [4, 0], predictions: [1, 2] }, 'auc', 'data'],
    ['logits', { labels: [1, 0], predictions: [2.5, -1] }, 'logloss', 'data'],
    ['NaN scores', { labels: [1, 0], predictions: [Number.NaN, 1] }, 'auc', 'numeric'],
    ['NaN ratings', { labels: [1, 0], predictions: [Number.NaN, 1] }, 'rmse', 'numeric'],
    ['no users', { labels: [1, 0], predictions: [1, 0] }, 'gauc', 'config'],
    ['too few users', { labels: [1, 0], predictions: [1, 0], userIndex: Int32Array.of(0) }, 'gauc', 'data'],
    ['an empty scale', { labels: [1], predictions: [1], ratingRange: { low: 5, high: 1 } }, 'rmse', 'config'],
    ['a metric of ranks', { labels: [1], predictions: [1] }, 'ndcg@10', 'config'],
  ])('%s: refused', (_case, rows, metric, code) => {
    expect(thrownCode(() => predictionValues(rows, [metric]))).toBe(code);
  });
});
