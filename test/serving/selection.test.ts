/** How lists are chosen: boosts, merging, diversity, chance, variants; each against its definition. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { AllowedItems } from '../../src/serving/scoring/allowed-items.ts';
import { ContentIndex } from '../../src/serving/scoring/content-index.ts';
import { diverse } from '../../src/serving/scoring/diversity.ts';
import { type ExploreByRank, explored } from '../../src/serving/scoring/exploration.ts';
import { overlap } from '../../src/serving/scoring/known-person.ts';
import { boosted, merged, type PooledItem, type Source } from '../../src/serving/scoring/ranked-pool.ts';
import { parseServerSettings, settingsFor } from '../../src/serving/settings.ts';
import { thrownCode } from '../models/thrown-code.ts';

const pooled = (item: number, score: number): PooledItem => ({
  item,
  score,
  value: score,
  route: 'model',
  because: () => [],
});
const poolOf = (scores: readonly number[]): PooledItem[] =>
  scores.map((score, item) => pooled(item, score)).sort((a, b) => b.score - a.score || a.item - b.item);
const sourceOf =
  (scores: readonly number[]): Source =>
  (k, { mask }) =>
    poolOf(scores)
      .filter(({ item }) => mask[item] === 1)
      .slice(0, k);
const scoresOf = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 30 });

describe('boosts', () => {
  it('give the best k of all boosted scores, whatever they concern', () => {
    const marks = fc.array(
      fc.tuple(fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), fc.double({ min: -3, max: 3, noNaN: true })),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(scoresOf, marks, fc.integer({ min: 1, max: 8 }), (scores, boosts, k) => {
        const mask = Uint8Array.from(scores, (_, item) => (item % 5 === 4 ? 0 : 1));
        const allowed = scores.filter((_, item) => mask[item] === 1);
        const mean = allowed.reduce((a, b) => a + b, 0) / allowed.length;
        const deviation = Math.sqrt(allowed.reduce((a, b) => a + (b - mean) ** 2, 0) / allowed.length) || 1;
        const expected = scores
          .map((score, item) => ({
            item,
            value: score + boosts.reduce((sum, [marked, by]) => sum + (marked[item] ? by * deviation : 0), 0),
          }))
          .filter(({ item }) => mask[item] === 1)
          .sort((a, b) => b.value - a.value || a.item - b.item)
          .slice(0, k);
        const rows = boosts.map(([marked, by]) => ({
          rows: Uint8Array.from(scores, (_, item) => (marked[item] ? 1 : 0)),
          by,
        }));
        const found = boosted(sourceOf(scores), k, new AllowedItems(mask.length, mask), rows);
        found.forEach(({ value }, n) => {
          expect(value).toBeCloseTo(expected[n].value, 9);
        });
        expect(found).toHaveLength(expected.length);
      }),
      { seed: 1 },
    );
  });
});

describe('merging', () => {
  it('gives every list its share of the places, an item once, and goes on where a list ends', () => {
    const a = { from: 'model' as const, weight: 3, items: poolOf([9, 8, 7, 6, 5, 4, 3, 2]) };
    const b = {
      from: 'content' as const,
      weight: 1,
      items: [20, 0, 21, 22].map((item) => ({ ...pooled(item, 1), route: 'content' as const })),
    };
    expect(merged([a, b], 8).map(({ item }) => item)).toEqual([0, 1, 2, 20, 3, 4, 5, 21]);
    expect(merged([a, b], 20).map(({ item }) => item)).toEqual([0, 1, 2, 20, 3, 4, 5, 21, 6, 7, 22]);
    expect(merged([a, { ...b, items: [] }], 3)).toEqual(a.items.slice(0, 3));
  });
});

describe('diversity', () => {
  it('chooses by marginal relevance, as its definition says', () => {
    const likeness = (a: number, b: number) => (a % 3 === b % 3 ? 0.9 : 0.1);
    fc.assert(
      fc.property(scoresOf, fc.double({ min: 0.05, max: 1, noNaN: true }), (scores, diversity) => {
        const pool = poolOf(scores);
        const low = Math.min(...scores);
        const range = Math.max(...scores) - low || 1;
        const chosen: PooledItem[] = [];
        while (chosen.length < Math.min(6, pool.length)) {
          const marginal = (each: PooledItem) =>
            (1 - diversity) * ((each.value - low) / range) -
            diversity * Math.max(0, ...chosen.map(({ item }) => likeness(item, each.item)));
          const left = pool.filter((each) => !chosen.includes(each));
          const highest = Math.max(...left.map(marginal));
          chosen.push(left.find((each) => marginal(each) > highest - 1e-12) as PooledItem);
        }
        const found = diverse(pool, 6, diversity, likeness);
        expect(found.map(({ item }) => item)).toEqual(chosen.map(({ item }) => item));
      }),
      { seed: 2 },
    );
  });
});

describe('exploration', () => {
  const pool = poolOf([5, 4, 3, 2, 1, 0]);
  const methods: ExploreByRank[] = [
    { method: 'epsilon', epsilon: 0.3, among: 5 },
    { method: 'boltzmann', temperature: 0.7, among: 5 },
  ];

  it.each(methods)('$method: items come as often as the probabilities say that are told', (explore) => {
    const n = 20_000;
    const random = new RandomStream(3, 'exploration');
    const places = [new Map<number, number>(), new Map<number, number>()];
    // the probability of an item at the second place, over all first ones, is the mean of those that are told for it
    const told = new Map<number, number>();
    for (let run = 0; run < n; run++) {
      const list = explored(pool, 2, explore, random);
      list.forEach(({ chosen }, place) => {
        places[place].set(chosen.item, (places[place].get(chosen.item) ?? 0) + 1);
      });
      told.set(list[0].chosen.item, list[0].probability);
    }
    expect([...told.keys()].sort()).toEqual([0, 1, 2, 3, 4]);
    expect([...told.values()].reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    for (const [item, probability] of told) {
      const error = Math.sqrt((probability * (1 - probability)) / n);
      expect(Math.abs((places[0].get(item) as number) / n - probability)).toBeLessThan(4.5 * error);
    }
    const best = explore.method === 'epsilon' ? 0.7 + 0.3 / 5 : Number(told.get(0));
    expect(told.get(0)).toBeCloseTo(best, 9);
    if (explore.method !== 'boltzmann') return;
    const values = [5, 4, 3, 2, 1];
    const weights = values.map((value) => Math.exp(value / (0.7 * Math.sqrt(2))));
    const total = weights.reduce((a, b) => a + b, 0);
    for (const [item, probability] of told) expect(probability).toBeCloseTo(weights[item] / total, 9);
  });

  it('gives the same list for the same stream, and k items once each', () => {
    for (const explore of methods) {
      const lists = [1, 2].map(() => explored(pool, 6, explore, new RandomStream(0, 'id')));
      expect(lists[0]).toEqual(lists[1]);
      expect(new Set(lists[0].map(({ chosen }) => chosen.item)).size).toBe(6);
    }
    const certain = explored(pool, 3, { method: 'epsilon', epsilon: 0, among: 5 }, new RandomStream(0, 'id'));
    expect(certain.map(({ chosen, probability }) => [chosen.item, probability])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
  });
});

describe('content', () => {
  it('is the cosine of tf-idf vectors', () => {
    const index = new ContentIndex({
      nRows: 4,
      title: null,
      fields: [
        { name: 'tags', kind: 'multi', values: [['a', 'b'], ['a'], ['c'], null] },
        { name: 'title', kind: 'text', values: ['Blue sky', 'The blue sea', null, null] },
      ],
    });
    // idf: a, blue in two of four; b, sky, the, sea, c in one
    const [two, one] = [Math.log(4 / 2), Math.log(4 / 1)];
    const lengths = [Math.hypot(two, one, two, one), Math.hypot(two, one, two, one)];
    const expected = (two * two + two * two) / (lengths[0] * lengths[1]);
    const scores = index.likeness([0]) as Float32Array;
    expect(scores[0]).toBeCloseTo(1, 5);
    expect(scores[1]).toBeCloseTo(expected, 5);
    expect(index.between(0, 1)).toBeCloseTo(expected, 5);
    expect([scores[2], scores[3]]).toEqual([0, 0]);
    expect(index.likeness([3])).toBeNull();
  });
});

describe('histories', () => {
  it('that are told again after a training that had them count once', () => {
    expect(overlap([1, 2, 3], [2, 3, 4])).toBe(2);
    expect(overlap([1, 2, 3], [1, 2, 3])).toBe(3);
    expect(overlap([1, 2, 3], [4, 2, 3])).toBe(0);
    expect(overlap([], [1])).toBe(0);
    expect(overlap([3, 3], [3])).toBe(1);
  });
});

describe('scenarios', () => {
  it('give variants their shares of the people, the same one every time', () => {
    const settings = parseServerSettings({
      scenarios: {
        home: {
          diversity: 0.2,
          variants: [
            { name: 'a', share: 0.3, diversity: 0.5 },
            { name: 'b', share: 0.2 },
          ],
        },
      },
    });
    const { home } = settings.scenarios;
    const counts: Record<string, number> = {};
    for (let n = 0; n < 20_000; n++) {
      const { variant, list } = settingsFor('home', home, `user ${n}`);
      counts[String(variant)] = (counts[String(variant)] ?? 0) + 1;
      expect(list.diversity).toBe(variant === 'a' ? 0.5 : 0.2);
      if (n < 100) expect(settingsFor('home', home, `user ${n}`).variant).toBe(variant);
    }
    for (const [variant, share] of [
      ['a', 0.3],
      ['b', 0.2],
      ['null', 0.5],
    ] as const)
      expect(Math.abs(counts[variant] / 20_000 - share)).toBeLessThan(4.5 * Math.sqrt((share * (1 - share)) / 20_000));
    expect(settingsFor('home', home, null).variant).toBeNull();
  });

  it('are refused where they are wrong', async () => {
    const refused = [
      { scenarios: { home: { diversty: 0.3 } } },
      {
        scenarios: {
          home: {
            variants: [
              { name: 'a', share: 0.8 },
              { name: 'b', share: 0.3 },
            ],
          },
        },
      },
      { scenarios: { home: { providers: [{ from: 'magic' }] } } },
      { feedback: { atLeast: { rating: 'good' } } },
      { scenario: {} },
    ];
    for (const each of refused) expect(await thrownCode(() => parseServerSettings(each))).toBe('config');
  });
});
