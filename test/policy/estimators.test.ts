import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { bootstrapIntervals } from '../../src/evaluation/statistics/bootstrap.ts';
import { normalInterval, normalQuantile, standardError } from '../../src/evaluation/statistics/normal-interval.ts';
import { estimators } from '../../src/policy/estimators/index.ts';
import { candidateBounds, chooseBySlope } from '../../src/policy/estimators/slope.ts';
import { draw, expected, guessed, logged, loggedTruth, outcomes, target, truth, weighedOf } from './three-actions.ts';

const named = (name: string) => estimators.find((each) => each.name === name)!;
const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
const estimate = (name: string, weighed: ReturnType<typeof weighedOf>, lambda = Number.POSITIVE_INFINITY) =>
  meanOf(named(name).contributions(weighed, lambda));

/** The expectation over every outcome of one decision. */
const expectation = (name: string, lambda = Number.POSITIVE_INFINITY, model = guessed): number =>
  outcomes.reduce((sum, outcome) => sum + outcome.probability * estimate(name, weighedOf([outcome], model), lambda), 0);

/** Every outcome as often as it is likely: what an endless log would hold. */
const endless = outcomes.flatMap((outcome) =>
  Array.from({ length: Math.round(outcome.probability * 1000) }, () => outcome),
);

describe('estimators against every outcome of a world of three actions', () => {
  it.each(['ips', 'dr'])('%s is unbiased, however wrong the reward model', (name) => {
    expect(expectation(name)).toBeCloseTo(truth, 12);
  });

  it.each(['switch-dr', 'dros'])('%s without a bound is DR', (name) => {
    for (const outcome of outcomes)
      expect(estimate(name, weighedOf([outcome]))).toBeCloseTo(estimate('dr', weighedOf([outcome])), 12);
  });

  it.each(['switch-dr', 'dros'])('%s with a bound of 0 is DM', (name) => {
    expect(estimate(name, weighedOf(endless), 0)).toBeCloseTo(estimate('dm', weighedOf(endless)), 12);
  });

  it('clipped weights lose what they clip', () => {
    // w > 2 where x = left, a = c (3.5) and x = right, a = a (3)
    const lost = 0.4 * 0.2 * 0.7 * (3.5 - 2) + 0.6 * 0.2 * 0.6 * (3 - 2);
    expect(expectation('clipped-ips', 2)).toBeCloseTo(truth - lost, 12);
  });

  it('DM is as wrong as its model, and right where that is', () => {
    const wrong = 0.4 * (0.1 * 0.4 + 0.2 * 0.4 + 0.7 * 0.5) + 0.6 * (0.6 * 0.3 + 0.3 * 0.5 + 0.1 * 0.3);
    expect(expectation('dm')).toBeCloseTo(wrong, 12);
    expect(expectation('dm', 0, expected)).toBeCloseTo(truth, 12);
  });

  it.each(['snips', 'sndr'])('%s is right in an endless log', (name) => {
    const counts = endless.length;
    expect(counts).toBe(1000);
    const w = weighedOf(endless);
    const exact = { snips: weightedRatio(w.weight, w.reward), sndr: Number.NaN }[name as 'snips' | 'sndr'];
    if (name === 'snips') expect(estimate(name, w)).toBeCloseTo(exact, 12);
    expect(Math.abs(estimate(name, w) - truth)).toBeLessThan(0.002);
  });

  it('replay is right where the log chose uniformly, and favours what the log favoured elsewhere', () => {
    const w = weighedOf(endless);
    const biased = outcomes.reduce((sum, { x, a, r, probability }) => sum + probability * target[x][a] * r, 0);
    const kept = outcomes.reduce((sum, { x, a, probability }) => sum + probability * target[x][a], 0);
    expect(Math.abs(estimate('replay', w) - biased / kept)).toBeLessThan(0.002);
    expect(Math.abs(biased / kept - truth)).toBeGreaterThan(0.03);
  });

  it('a policy that is the one of the log: IPS and SNIPS are the mean reward', () => {
    const w = weighedOf(endless, guessed, logged);
    expect(estimate('ips', w)).toBeCloseTo(meanOf(w.reward), 12);
    expect(estimate('snips', w)).toBeCloseTo(meanOf(w.reward), 12);
    expect(Math.abs(meanOf(w.reward) - loggedTruth)).toBeLessThan(0.002);
    const flat = guessed.map((row) => row.map(() => 0.35));
    expect(estimate('dr', weighedOf(endless, flat, logged))).toBeCloseTo(meanOf(w.reward), 12);
  });

  it('an exact model makes DR far steadier than IPS', () => {
    const w = weighedOf(draw(4000, new RandomStream(3, 'steady')), expected);
    const spread = (name: string) => {
      const values = named(name).contributions(w, Number.POSITIVE_INFINITY);
      return standardError(values, meanOf(values));
    };
    expect(spread('dr')).toBeLessThan(0.8 * spread('ips'));
  });

  it('a shift of all rewards shifts SNIPS by as much, and IPS by the mean weight times as much', () => {
    const w = weighedOf(draw(50, new RandomStream(4, 'shift')));
    const shifted = { ...w, reward: w.reward.map((r) => r + 7) };
    expect(estimate('snips', shifted)).toBeCloseTo(estimate('snips', w) + 7, 10);
    expect(estimate('ips', shifted)).toBeCloseTo(estimate('ips', w) + 7 * meanOf(w.weight), 10);
  });
});

function weightedRatio(weight: Float64Array, reward: Float64Array): number {
  let [top, bottom] = [0, 0];
  weight.forEach((w, n) => {
    top += w * reward[n];
    bottom += w;
  });
  return top / bottom;
}

describe('intervals', () => {
  it('cover the truth in 93 to 97 of 100 logs: 2,000 logs, by the central limit theorem and by the bootstrap', () => {
    const random = new RandomStream(11, 'coverage');
    const names = ['ips', 'snips', 'dr', 'sndr'];
    const covered = new Map<string, number>();
    const count = (name: string, { low, high }: { low: number; high: number }) =>
      covered.set(name, (covered.get(name) ?? 0) + (low <= truth && truth <= high ? 1 : 0));
    for (let log = 0; log < 2000; log++) {
      const weighed = weighedOf(draw(250, random));
      const columns = names.map((name) => named(name).contributions(weighed, Number.POSITIVE_INFINITY));
      for (const [c, values] of columns.entries()) count(`${names[c]}, normal`, normalInterval(values));
      const few = columns.map((values) => ({ values, weights: null }));
      const found = bootstrapIntervals(few, random, { resamples: 250 });
      for (const [c, interval] of found.entries()) count(`${names[c]}, bootstrap`, interval);
    }
    for (const [name, n] of covered) {
      expect(n / 2000, name).toBeGreaterThan(0.93);
      expect(n / 2000, name).toBeLessThan(0.97);
    }
    expect(covered.size).toBe(8);
  }, 60_000);

  it('the quantile of the normal', () => {
    expect(normalQuantile(0.95)).toBeCloseTo(1.959963984540054, 10);
    expect(normalQuantile(0.99)).toBeCloseTo(2.5758293035489, 10);
  });
});

describe('SLOPE', () => {
  it('keeps all weights where clipping would show', () => {
    const w = weighedOf(endless);
    const { lambda } = chooseBySlope(named('clipped-ips'), w);
    expect(lambda).toBeGreaterThan(1.5);
  });

  it('clips one weight that spoils an estimate', () => {
    const n = 2000;
    const weight = new Float64Array(n).fill(1);
    weight[0] = 1500;
    const reward = Float64Array.from({ length: n }, (_, k) => (k % 2 === 0 ? 1 : 0));
    const w = { weight, probability: weight, reward, modelled: null };
    const { lambda, contributions } = chooseBySlope(named('clipped-ips'), w);
    expect(lambda).toBeLessThan(10);
    expect(meanOf(contributions)).toBeLessThan(0.51);
  });

  it('tries no bound first, then smaller and smaller ones; of the squares for DRos', () => {
    const weight = Float64Array.of(1, 8, 2);
    expect(candidateBounds(named('clipped-ips'), weight)).toEqual([Number.POSITIVE_INFINITY, 4, 2, 1, 0.5]);
    expect(candidateBounds(named('dros'), weight)).toEqual([Number.POSITIVE_INFINITY, 16, 4, 1, 0.25]);
    expect(candidateBounds(named('dr'), weight)).toEqual([Number.POSITIVE_INFINITY]);
  });
});
