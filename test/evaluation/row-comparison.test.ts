import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { compareResults } from '../../src/evaluation/comparison.ts';
import type { MeasuredRows } from '../../src/evaluation/measured-rows.ts';
import { parseMetric } from '../../src/evaluation/metric-name.ts';
import { predictionValues } from '../../src/evaluation/prediction-values.ts';
import type { RowResult } from '../../src/evaluation/result.ts';
import { rowContributions } from '../../src/evaluation/row-contributions.ts';
import { evaluateRows } from '../../src/evaluation/row-evaluation.ts';
import { clusteredInterval } from '../../src/evaluation/statistics/rating-interval.ts';
import type { Run } from '../../src/evaluation/unit-values.ts';
import { averageOverSeeds } from '../../src/runs/average-seeds.ts';
import { thrownCode } from './thrown-code.ts';

type Rows = Pick<MeasuredRows, 'labels' | 'userIndex'>;
const versions = { deeptaste: '0.1.0', node: '24.0.0', kernels: 'relaxed' };

function runOf(
  name: string,
  task: 'rating' | 'click',
  rows: Rows,
  predictions: Float64Array,
): Run & { result: RowResult } {
  const { labels, userIndex } = rows;
  const evaluation = evaluateRows(task, { labels, predictions, ...(userIndex && { userIndex }) });
  const protocol = {
    ...{ task, data: { name: 'made', hash: 'abc' }, split: { method: 'ratio' }, part: 'test' as const },
    ...{ nRows: labels.length, clipped: false, seed: 1, versions },
  };
  const result = { ...evaluation, protocol, seconds: 1, rows: { ...rows, predictions: [predictions], traits: {} } };
  return { name, result };
}

const random = new RandomStream(5, 'test/rows');
/** Users of 1 to 12 rows. */
const users = Int32Array.from(
  Array.from({ length: 150 }, (_, user) => Array.from({ length: 1 + (user % 12) }, () => user)).flat(),
);
const ratings = Float32Array.from(users, () => 1 + random.below(5));
const clicks = Float32Array.from(users, () => Number(random.uniform() < 0.4));
const taste = Float64Array.from({ length: 150 }, () => 0.3 * random.normal());
const noisy = (labels: Float32Array, size: number) =>
  Float64Array.from(labels, (label, row) => label + taste[users[row]] + size * random.normal());
const probable = (size: number) => noisy(clicks, size).map((logit) => 1 / (1 + Math.exp(-2 * (logit - 0.5))));

const rated = { labels: ratings, userIndex: users };
const clicked = { labels: clicks, userIndex: users };
const good = runOf('good', 'rating', rated, noisy(ratings, 0.5));
const fair = runOf('fair', 'rating', rated, noisy(ratings, 0.5));
const poor = runOf('poor', 'rating', rated, noisy(ratings, 1));
const seen = runOf('seen', 'click', clicked, probable(0.6));
const blurred = runOf('blurred', 'click', clicked, probable(1.6));

function compare(runs: Run[], metric: string, changes = {}) {
  return compareResults(runs, metric, { stream: new RandomStream(2, 'test'), ...changes });
}

/** Straight from the definitions: the differences of metrics of rows of users drawn with replacement. */
function resampledDifferences(a: RowResult, b: RowResult, metric: string, draws: number): number[] {
  const rowsOfUser = new Map<number, number[]>();
  for (const [row, user] of a.rows!.userIndex!.entries()) rowsOfUser.set(user, [...(rowsOfUser.get(user) ?? []), row]);
  const all = [...rowsOfUser.values()];
  const stream = new RandomStream(8, 'oracle');
  return Array.from({ length: draws }, () => {
    const rows = Array.from(all, () => all[stream.below(all.length)]).flat();
    const of = ({ rows: kept }: RowResult) => {
      const labels = rows.map((row) => kept!.labels[row]);
      const predictions = rows.map((row) => kept!.predictions[0][row]);
      return predictionValues({ labels, predictions }, [metric])[metric];
    };
    return of(a) - of(b);
  });
}

describe('contributions of users', () => {
  it.each([
    ['rmse', good.result],
    ['mae', good.result],
    ['auc', seen.result],
    ['logloss', seen.result],
  ] as const)('have the metric as their mean: %s', (metric, result) => {
    const { values } = rowContributions(result.rows!, parseMetric(metric));
    expect(values.length).toBe(150);
    expect(values.reduce((sum, v) => sum + v, 0) / 150).toBeCloseTo(result.metrics[metric]!, 10);
  });

  it('of GAUC are the AUC of each user, weighted by rows', () => {
    const { values, weights } = rowContributions(seen.result.rows!, parseMetric('gauc'));
    let [sum, total] = [0, 0];
    values.forEach((value, user) => {
      if (Number.isNaN(value)) return;
      sum += weights![user] * value;
      total += weights![user];
    });
    expect(sum / total).toBeCloseTo(seen.result.metrics.gauc!, 10);
  });

  it('vary as the cluster-robust interval says', () => {
    const { values } = rowContributions(good.result.rows!, parseMetric('mae'));
    const { low, high } = clusteredInterval(values)!;
    expect(low).toBeCloseTo(good.result.intervals!.mae.low, 10);
    expect(high).toBeCloseTo(good.result.intervals!.mae.high, 10);
  });

  it('of a few rows follow the formulas', () => {
    // user 0: errors 1 and 2; user 1: error 3; mean square 14 / 3
    const rows = {
      ...{ userIndex: Int32Array.of(7, 7, 4), labels: Float32Array.of(0, 0, 0) },
      ...{ predictions: [Float64Array.of(1, -2, 3)], traits: {} },
    };
    const r = Math.sqrt(14 / 3);
    const { values, ranked } = rowContributions(rows, parseMetric('rmse'));
    expect([...ranked!]).toEqual([2.5, 9]);
    expect(values[0]).toBeCloseTo(r + ((2 / 3) * (5 - 28 / 3)) / (2 * r), 12);
    expect(values[1]).toBeCloseTo(r + ((2 / 3) * (9 - 14 / 3)) / (2 * r), 12);
    expect([...rowContributions(rows, parseMetric('mae'), Int32Array.of(2)).values]).toEqual([3]);
  });
});

describe('comparison of predicted rows', () => {
  it.each([
    ['rmse', poor.result, good.result],
    ['mae', poor.result, good.result],
    ['logloss', blurred.result, seen.result],
    ['auc', blurred.result, seen.result],
  ] as const)('gives the interval of drawing users with all their rows: %s', (metric, a, b) => {
    const runs = [
      { name: 'a', result: a },
      { name: 'b', result: b },
    ];
    const difference = compare(runs, metric, { baseline: 'b' }).rows.find(({ name }) => name === 'a')!.difference!;
    const drawn = resampledDifferences(a, b, metric, 400).sort((x, y) => x - y);
    const width = difference.high - difference.low;
    expect(difference.mean).toBeCloseTo(a.metrics[metric]! - b.metrics[metric]!, 10);
    expect(Math.abs(difference.low - drawn[10])).toBeLessThan(0.2 * width);
    expect(Math.abs(difference.high - drawn[389])).toBeLessThan(0.2 * width);
  });

  it.each(['bootstrap', 't', 'wilcoxon'] as const)('finds real differences and no others: %s', (test) => {
    const { rows, baseline, unit } = compare([fair, poor, good], 'rmse', { baseline: 'good', test });
    expect([baseline, unit]).toEqual(['good', 'users']);
    const significant = Object.fromEntries(rows.map((row) => [row.name, row.difference?.significant ?? null]));
    expect(significant).toEqual({ good: null, fair: false, poor: true });
    expect(rows[0].low).toBeLessThan(rows[0].mean);
  });

  it('is over rows where these name no users', () => {
    const unnamed = ({ name, result }: typeof good): Run => ({
      name,
      result: { ...result, rows: { ...result.rows!, userIndex: null } },
    });
    const { rows, unit } = compare([unnamed(good), unnamed(poor)], 'mae', { test: 't' });
    expect(unit).toBe('rows');
    expect(rows[1].difference!.nPairs).toBe(ratings.length);
  });

  it('averages metrics over seeds, not predictions', () => {
    const mean = averageOverSeeds([good.result, poor.result]);
    expect(mean.metrics.rmse).toBeCloseTo((good.result.metrics.rmse! + poor.result.metrics.rmse!) / 2, 12);
    const { rows } = compare([{ name: 'mean', result: mean }, fair], 'rmse', { baseline: 'fair' });
    const { difference } = rows.find(({ name }) => name === 'mean')!;
    expect(difference!.mean).toBeCloseTo(mean.metrics.rmse! - fair.result.metrics.rmse!, 10);
  });

  it('has no slices of rows that tell nobody apart', () => {
    expect(compare([good, poor], 'rmse', { slices: true }).slices).toEqual({ slices: [], nTests: 0 });
  });

  it('the same stream gives the same table', () => {
    expect(compare([good, poor], 'rmse')).toEqual(compare([good, poor], 'rmse'));
  });

  const other = { ...rated, labels: ratings.map((rating, row) => (row === 3 ? 6 - rating : rating)) };
  const { rows: _, ...unkept } = poor.result;
  it.each([
    ['other rows', [good, runOf('x', 'rating', other, noisy(ratings, 1))], 'rmse', {}, 'protocol'],
    ['rows that were not kept', [good, { name: 'x', result: unkept }], 'rmse', {}, 'artifact'],
    ['signed ranks of AUC', [seen, blurred], 'auc', { test: 'wilcoxon' }, 'config'],
    ['GAUC by t', [seen, blurred], 'gauc', { test: 't' }, 'config'],
    ['ratings beside clicks', [good, seen], 'rmse', {}, 'not-found'],
  ] as const)('%s: refused', (_case, runs, metric, changes, code) => {
    expect(thrownCode(() => compare([...runs] as Run[], metric, changes))).toBe(code);
  });
});
