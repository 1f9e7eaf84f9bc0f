/** Each feature against loops over plain rows. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/core/random.ts';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import { degSim } from '../../../src/robustness/detection/features/degree-similarity.ts';
import { hasWhatItNeeds, suspicionBy } from '../../../src/robustness/detection/features/feature.ts';
import { profileFeatures } from '../../../src/robustness/detection/features/index.ts';
import { profilesOf } from '../../../src/robustness/detection/profiles.ts';
import { thrownCode } from '../../evaluation/thrown-code.ts';
import { datasetOf, type Row, randomRows } from '../made-profiles.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());
const [nUsers, nItems] = [30, 12];
const rated = randomRows(nUsers, nItems, 5);
const implicit = rated.map(({ user, item }): Row => ({ user, item }));

function computed(name: string, rows: readonly Row[], users = nUsers): number[] {
  const feature = profileFeatures.find((each) => each.name === name)!;
  const profiles = profilesOf(datasetOf(rows, users, nItems));
  return [...feature.of(profiles, { engine, random: new RandomStream(1, 'features') })];
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const own = (rows: readonly Row[], user: number) => rows.filter((row) => row.user === user);
const takers = (rows: readonly Row[], item: number) => rows.filter((row) => row.item === item);
const far = (rows: readonly Row[], row: Row) =>
  Math.abs(row.rating! - mean(takers(rows, row.item).map((r) => r.rating!)));

/** What each feature is, of one person. */
const oracles: Record<string, (rows: readonly Row[], user: number) => number> = {
  length: (rows, u) => own(rows, u).length,
  popularity: (rows, u) => mean(own(rows, u).map((row) => takers(rows, row.item).length)),
  'mean-rating': (rows, u) => mean(own(rows, u).map((row) => row.rating!)),
  'rating-deviation': (rows, u) => mean(own(rows, u).map((row) => far(rows, row))),
  rdma: (rows, u) => mean(own(rows, u).map((row) => far(rows, row) / takers(rows, row.item).length)),
  wdma: (rows, u) => mean(own(rows, u).map((row) => far(rows, row) / takers(rows, row.item).length ** 2)),
  wda: (rows, u) => own(rows, u).reduce((sum, row) => sum + far(rows, row) / takers(rows, row.item).length, 0),
  'length-variation': (rows, u) => {
    const lengths = Array.from({ length: nUsers }, (_, v) => own(rows, v).length);
    const middle = mean(lengths);
    return Math.abs(lengths[u] - middle) / lengths.reduce((sum, n) => sum + (n - middle) ** 2, 0);
  },
  fmtd: (rows, u) => {
    const ratings = own(rows, u).map((row) => row.rating!);
    const most = Math.max(...ratings);
    const others = ratings.filter((rating) => rating < most);
    return others.length === 0 ? 0 : most - mean(others);
  },
  'filler-variance': (rows, u) => {
    const most = Math.max(...own(rows, u).map((row) => row.rating!));
    const others = own(rows, u).filter((row) => row.rating! < most);
    return others.length === 0 ? 0 : mean(others.map((row) => far(rows, row) ** 2));
  },
};

/** W_uv with sums over the common items, discounted below `common` of them. */
function similarity(rows: readonly Row[], u: number, v: number, common: number): number {
  const pairs = own(rows, u).flatMap((a) => own(rows, v).flatMap((b) => (a.item === b.item ? [[a, b]] : [])));
  const [mu, mv] = [u, v].map((x) => mean(own(rows, x).map((row) => row.rating!)));
  const sum = (of: (a: Row, b: Row) => number) => pairs.reduce((total, [a, b]) => total + of(a, b), 0);
  const size = Math.sqrt(sum((a) => (a.rating! - mu) ** 2) * sum((_, b) => (b.rating! - mv) ** 2));
  if (size === 0) return 0;
  return (sum((a, b) => (a.rating! - mu) * (b.rating! - mv)) / size) * Math.min(1, pairs.length / common);
}

describe('features of profiles', () => {
  it.each(Object.keys(oracles))('%s is its formula', (name) => {
    const values = computed(name, rated);
    for (let u = 0; u < nUsers; u++) expect(values[u]).toBeCloseTo(oracles[name](rated, u), 10);
  });

  it('looks at how rare items are where there are no ratings', () => {
    const rarity = (power: number, u: number) =>
      mean(own(implicit, u).map((row) => takers(implicit, row.item).length ** -power));
    for (let u = 0; u < nUsers; u++) {
      expect(computed('rdma', implicit)[u]).toBeCloseTo(rarity(1, u), 12);
      expect(computed('wdma', implicit)[u]).toBeCloseTo(rarity(2, u), 12);
      expect(computed('wda', implicit)[u]).toBeCloseTo(rarity(1, u) * own(implicit, u).length, 10);
    }
    const profiles = profilesOf(datasetOf(implicit, nUsers, nItems));
    const left = profileFeatures.filter((feature) => hasWhatItNeeds(feature, profiles)).map(({ name }) => name);
    expect(left).not.toContain('fmtd');
    expect(left).not.toContain('busiest-day');
    expect(left).toContain('var-select');
  });

  it('DegSim is the mean of the nearest, of ratings and of sets', () => {
    const options = { neighbours: 4, common: 6, sample: nUsers };
    const random = new RandomStream(1, 'sample');
    const ofRatings = degSim(profilesOf(datasetOf(rated, nUsers, nItems)), random, options);
    const ofSets = degSim(profilesOf(datasetOf(implicit, nUsers, nItems)), random, options);
    const nearest = (u: number, of: (v: number) => number) =>
      mean(
        Array.from({ length: nUsers }, (_, v) => (v === u ? -Infinity : of(v)))
          .sort((a, b) => b - a)
          .slice(0, 4),
      );
    for (let u = 0; u < nUsers; u++) {
      expect(ofRatings[u]).toBeCloseTo(
        nearest(u, (v) => similarity(rated, u, v, 6)),
        9,
      );
      const items = new Set(own(rated, u).map((row) => row.item));
      const overlap = (v: number) => {
        const theirs = own(rated, v);
        return theirs.filter((row) => items.has(row.item)).length / Math.sqrt(items.size * theirs.length);
      };
      expect(ofSets[u]).toBeCloseTo(nearest(u, overlap), 9);
    }
  });

  it('DegSim compares with a sample where there are many people, the same for the same seed', () => {
    const profiles = profilesOf(datasetOf(rated, nUsers, nItems));
    const options = { neighbours: 3, common: 6, sample: 10 };
    const [a, again, other] = [1, 1, 2].map((seed) => degSim(profiles, new RandomStream(seed, 's'), options));
    expect(again).toEqual(a);
    expect(other).not.toEqual(a);
    const all = degSim(profiles, new RandomStream(1, 's'), { ...options, sample: nUsers });
    for (let u = 0; u < nUsers; u++) expect(a[u]).toBeLessThanOrEqual(all[u] + 1e-12);
  });

  it('finds the busiest day wherever it begins', () => {
    const day = 86_400;
    const rows = [0, 0.6, 1.3, 1.5, 9].map((time, item) => ({ user: 0, item, time: time * day }));
    const spread = [0, 1, 2].map((time, item) => ({ user: 1, item, time: time * day }));
    expect(computed('busiest-day', [...rows, ...spread], 2)).toEqual([3 / 5, 1 / 3]);
  });

  it('takes repeated pairs as one, with the mean of their ratings', () => {
    const { user, item, rating } = rated[0];
    const rows = [...rated, { ...rated[0], rating: rating! + 3 }, { ...rated[0], rating: rating! + 3 }];
    const once = rated.map((row) => (row === rated[0] ? { user, item, rating: rating! + 2 } : row));
    for (const name of Object.keys(oracles)) {
      const [values, expected] = [computed(name, rows), computed(name, once)];
      for (let u = 0; u < nUsers; u++) expect(values[u]).toBeCloseTo(expected[u], 10);
    }
  });

  it('says 0 of people without items, and knows at which end to look', () => {
    for (const { name, needs } of profileFeatures)
      if (needs !== 'times') expect(Number.isFinite(computed(name, rated, nUsers + 1)[nUsers])).toBe(true);
    const popularity = profileFeatures.find(({ name }) => name === 'popularity')!;
    expect([...suspicionBy(popularity, Float64Array.of(1, 3))]).toEqual([-1, -3]);
  });

  it('refuses one person', () => {
    const one = rated.filter(({ user }) => user === 0);
    expect(thrownCode(() => profilesOf(datasetOf(one, nUsers, nItems)))).toBe('data');
    expect(thrownCode(() => profilesOf(datasetOf([], nUsers, nItems)))).toBe('data');
  });
});
