/** Samplers on functions whose least value is known, and densities against what they say of themselves. */
import { describe, expect, it } from 'vitest';
import { choice, range } from '../../src/automl/domain.ts';
import { importances } from '../../src/automl/importance.ts';
import { normalBelow, normalDensity } from '../../src/automl/normal.ts';
import { selectionOptimism } from '../../src/automl/optimism.ts';
import { Density } from '../../src/automl/parzen.ts';
import { randomSearch } from '../../src/automl/random-search.ts';
import { exists } from '../../src/automl/sampler.ts';
import { tpe } from '../../src/automl/tpe.ts';
import { untrained } from '../../src/automl/trial.ts';
import { RandomStream } from '../../src/core/random.ts';
import { bestRegret, median, problems } from './functions.ts';

describe('the normal distribution', () => {
  it('is that of the tables', () => {
    // Abramowitz and Stegun, table 26.1
    for (const [z, below] of [
      [0, 0.5],
      [0.5, 0.691462461274013],
      [1, 0.841344746068543],
      [2, 0.977249868051821],
      [2.5, 0.99379033467422],
      [3, 0.99865010196837],
      [5, 0.999999713348428],
    ])
      expect(normalBelow(z)).toBeCloseTo(below, 12);
    expect(normalBelow(-5)).toBeCloseTo(2.866515718791946e-7, 16);
    expect(normalBelow(-1) + normalBelow(1)).toBeCloseTo(1, 14);
    expect(normalDensity(1)).toBeCloseTo(0.241970724519143, 12);
  });
});

describe('a density', () => {
  const space = [
    { name: 'kind', domain: choice(['a', 'b']) },
    { name: 'x', domain: range(0, 2) },
    { name: 'n', domain: range(1, 4, { integer: true }), when: [{ name: 'kind', values: ['b'] }] },
  ];
  const observed = [
    { kind: 'a', x: 0.3 },
    { kind: 'b', x: 1.5, n: 2 },
    { kind: 'b', x: 1.7, n: 3 },
  ];
  const density = new Density(space, observed, [1, 0.5, 1]);

  it('sums to 1 over the space', () => {
    let sum = 0;
    const steps = 400;
    for (let k = 0; k < steps; k++) {
      const x = (2 * (k + 0.5)) / steps;
      sum += Math.exp(density.logOf({ kind: 'a', x })) / steps;
      for (const n of [1, 2, 3, 4]) sum += Math.exp(density.logOf({ kind: 'b', x, n })) / steps;
    }
    expect(sum).toBeCloseTo(1, 4);
  });

  it('draws as it says', () => {
    const random = new RandomStream(1, 'draws');
    const points = Array.from({ length: 20_000 }, () => density.draw(random));
    const steps = 200;
    let expected = 0;
    for (let k = 0; k < steps; k++)
      for (const n of [1, 2, 3, 4])
        expected += (n === 2 ? 1 : 0) * (Math.exp(density.logOf({ kind: 'b', x: (2 * (k + 0.5)) / steps, n })) / steps);
    const share = points.filter(({ n }) => n === 2).length / points.length;
    // five standard deviations
    expect(Math.abs(share - expected)).toBeLessThan(5 * Math.sqrt((expected * (1 - expected)) / points.length));
    for (const point of points.slice(0, 100)) expect('n' in point).toBe(exists(space[2], point));
  });
});

describe('the tree-structured Parzen estimator', () => {
  const seeds = Array.from({ length: 11 }, (_, seed) => seed);

  it.each([
    ['branin', 0.2],
    ['hartmann6', 0.5],
    ['conditional', 0.11],
  ])('comes closer to the least value of %s than random search', (name, close) => {
    const of = (sampler: typeof randomSearch, trials: number) =>
      median(seeds.map((seed) => bestRegret(problems[name], sampler, seed, trials)));
    const found = of(tpe(), 70);
    expect(found).toBeLessThan(close);
    expect(found).toBeLessThan(of(randomSearch, 70));
  });

  it('proposes the same for the same seed and trials', () => {
    const { space, regret } = problems.conditional;
    const observed = Array.from({ length: 30 }, (_, n) => {
      const point = randomSearch.propose(space, [], new RandomStream(1, `${n}`));
      return { point, value: -regret(point) };
    });
    const propose = () => tpe().propose(space, observed, new RandomStream(4, 'proposal'));
    expect(propose()).toEqual(propose());
    // a trial that failed is worse than all others
    const failed = [...observed, { point: { kind: 'a', rate: 0.1 }, value: Number.NEGATIVE_INFINITY }];
    expect(tpe().propose(space, failed, new RandomStream(4, 'proposal'))).toHaveProperty('rate');
  });
});

describe('importance', () => {
  it('is that of the option by which values differ', () => {
    const space = [
      { name: 'matters', domain: range(0, 1) },
      { name: 'idle', domain: range(0, 1) },
      { name: 'letter', domain: choice(['a', 'b']) },
    ];
    const trials = Array.from({ length: 60 }, (_, n) => {
      const point = randomSearch.propose(space, [], new RandomStream(2, `${n}`));
      const value = -(((point.matters as number) - 0.8) ** 2);
      return {
        ...untrained,
        number: n + 1,
        model: 'm',
        kind: 'sampled' as const,
        point,
        settings: { config: {}, training: {} },
        epochs: null,
        value,
      };
    });
    const [first, ...others] = importances(trials, 'm', space);
    expect(first.name).toBe('matters');
    expect(first.share).toBeGreaterThan(0.7);
    expect(first.share + others.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(importances(trials.slice(0, 9), 'm', space)).toEqual([]);
    expect(importances(trials, 'another', space)).toEqual([]);
  });
});

describe('the optimism of a choice', () => {
  const random = new RandomStream(3, 'units');
  const column = (mean: number) => ({
    values: Float64Array.from({ length: 400 }, () => mean + random.normal()),
    weights: null,
  });

  it('is that of the best of many alike', () => {
    const alike = Array.from({ length: 50 }, () => column(0));
    const found = selectionOptimism(alike, new RandomStream(1, 'draws'))!;
    // the greatest of 50 means of 400 standard normal values is 2.25 / √400 on average, and nothing of it lasts
    expect(found.chosen).toBeGreaterThan(0.07);
    expect(Math.abs(found.expected)).toBeLessThan(found.chosen);
    expect(found.optimism).toBeGreaterThan(0.04);
  });

  it('is small where one is clearly the best', () => {
    const found = selectionOptimism([column(0), column(1), column(0)], new RandomStream(1, 'draws'))!;
    expect(Math.abs(found.optimism)).toBeLessThan(0.01);
    expect(found.nTrials).toBe(3);
  });

  it('weighs units, and passes over those without a value', () => {
    const values = Float64Array.from([1, Number.NaN, 3, 1]);
    const found = selectionOptimism(
      [{ values, weights: Float64Array.from([1, 1, 2, 1]) }],
      new RandomStream(1, 'draws'),
    )!;
    expect(found.chosen).toBe((1 + 2 * 3 + 1) / 4);
    expect(selectionOptimism([], random)).toBeNull();
    expect(selectionOptimism([{ values: new Float64Array(3).fill(Number.NaN), weights: null }], random)).toBeNull();
  });
});
