import { describe, expect, it } from 'vitest';
import type { FieldTable } from '../../src/data/dataset.ts';
import { parseMetrics } from '../../src/evaluation/metric-name.ts';
import { type Catalogue, catalogueOf, metricValues } from '../../src/evaluation/metric-values.ts';
import { rankCountsOf } from './rank-counts-of.ts';
import { thrownCode } from './thrown-code.ts';

const user = { scores: [3, 2, 1, 0], relevant: [0] };
// Three users, lists of up to three out of four items.
const counts = rankCountsOf(
  [user, user, user],
  [
    [0, 1, 2],
    [0, 2, -1],
    [-1, -1, -1],
  ],
);

const fields: FieldTable = {
  nRows: 4,
  title: 'title',
  fields: [
    { name: 'title', kind: 'text', values: ['A', 'B', 'C', 'D'] },
    { name: 'colour', kind: 'categorical', values: ['red', 'red', 'red', 'red'] },
    { name: 'genres', kind: 'multi', values: [['x', 'y'], ['y', 'z', 'w', 'y'], ['q'], null] },
  ],
};
// Item 0 was taken four times, item 1 twice, item 2 twice, item 3 never.
const itemIndex = Int32Array.from([0, 0, 0, 0, 1, 1, 2, 2]);
const train = { length: 8, userIndex: new Int32Array(8), itemIndex, rating: null, time: null, session: null };
const catalogue = catalogueOf(train, 4, fields);

function values(names: string[], c: Catalogue | null = catalogue) {
  return metricValues(counts, parseMetrics(names), 'expected', c);
}

describe('metrics beyond accuracy', () => {
  it('coverage and Gini of exposure', () => {
    const v = values(['coverage@1', 'coverage@3', 'gini@3', 'gini@1']);
    expect(v.get('coverage@1')).toEqual({ perUser: null, overall: 1 / 4 });
    expect(v.get('coverage@3')).toEqual({ perUser: null, overall: 3 / 4 });
    // Exposure ascending: 0, 1, 2, 2. Half of the mean absolute difference over the mean: Σ_i Σ_j |xᵢ − xⱼ| / (2 n² x̄).
    const x = [2, 1, 2, 0];
    const pairs = x.flatMap((a) => x.map((b) => Math.abs(a - b))).reduce((sum, d) => sum + d, 0);
    const gini = v.get('gini@3')!;
    expect(gini.perUser === null && gini.overall).toBeCloseTo(pairs / (2 * 16 * (5 / 4)), 12);
    const one = v.get('gini@1')!; // item 0 has it all
    expect(one.perUser === null && one.overall).toBeCloseTo(1 - 1 / 4, 12);
  });

  it('novelty in bits; an empty list has none', () => {
    const novelty = values(['novelty@3']).get('novelty@3')!.perUser!;
    expect([...novelty]).toEqual([(1 + 2 + 2) / 3, (1 + 2) / 2, Number.NaN]);
    expect(values(['novelty@1']).get('novelty@1')!.perUser![0]).toBe(1);
  });

  it('an item never taken counts as taken once', () => {
    const counts3 = rankCountsOf([user], [[3]]);
    const v = metricValues(counts3, parseMetrics(['novelty@1']), 'expected', catalogue).get('novelty@1')!;
    expect(v.perUser![0]).toBe(Math.log2(8));
  });

  it('diversity by Jaccard and cosine; repeated genres count once', () => {
    // Genres {x,y}, {y,z,w}, {q}: pairs share 1, 0, 0.
    const jaccard = values(['diversity@3']).get('diversity@3')!.perUser!;
    expect(jaccard[0]).toBeCloseTo(1 - (1 / 4 + 0 + 0) / 3, 12);
    expect(jaccard[1]).toBe(1);
    expect(jaccard[2]).toBeNaN();
    const cosine = values(['diversity@3'], { ...catalogue, similarity: 'cosine' }).get('diversity@3')!.perUser!;
    expect(cosine[0]).toBeCloseTo(1 - 1 / Math.sqrt(2 * 3) / 3, 12);
  });

  it('an item without genres is left out of the pairs', () => {
    const lists = rankCountsOf([user], [[0, 1, 3]]);
    const v = metricValues(lists, parseMetrics(['diversity@3']), 'expected', catalogue).get('diversity@3')!;
    expect(v.perUser![0]).toBeCloseTo(1 - 1 / 4, 12);
  });

  it('categorical fields serve where there is no multi-valued one', () => {
    const c = catalogueOf(train, 4, { ...fields, fields: fields.fields.slice(0, 2) });
    expect(values(['diversity@3'], c).get('diversity@3')!.perUser![0]).toBe(0);
  });

  it('without categories diversity has no value', () => {
    const v = values(['diversity@2'], { ...catalogue, categories: null }).get('diversity@2')!;
    expect([...v.perUser!].every(Number.isNaN)).toBe(true);
  });

  it('cutoffs beyond the catalogue mean lists as long as it', () => {
    const list = [2, 0, 3, 1];
    const whole = rankCountsOf([user, user], [list, [1, -1, -1, -1]]);
    const names = ['coverage', 'novelty', 'diversity', 'gini'];
    const of = (k: number) =>
      metricValues(whole, parseMetrics(names.map((name) => `${name}@${k}`)), 'expected', catalogue);
    for (const name of names) expect(of(50).get(`${name}@50`)).toEqual(of(4).get(`${name}@4`));
  });

  it.each([
    ['lists too short', () => values(['coverage@4']), 'config'],
    [
      'no lists',
      () => metricValues(rankCountsOf([user]), parseMetrics(['novelty@1']), 'expected', catalogue),
      'config',
    ],
    ['no catalogue', () => values(['novelty@1'], null), 'config'],
    ['a metric of predictions', () => values(['rmse']), 'config'],
  ])('%s is refused', (_case, action, code) => {
    expect(thrownCode(action)).toBe(code);
  });
});
