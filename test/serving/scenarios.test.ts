/** Scenarios as requests ask for them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { Recommender } from '../../src/recommender/recommender.ts';
import { genreOf, idsOf, servedApp, servedRecommender } from './served-world.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
let recommender: Recommender;
let app: Awaited<ReturnType<typeof servedApp>>;
const settings = {
  scenarios: {
    wars: { where: 'genre = War', includeSeen: true },
    dramatic: { boost: [{ where: 'genre = Drama', by: 10 }] },
    mixed: {
      providers: [
        { from: 'model', weight: 1 },
        { from: 'popular', weight: 1 },
      ],
      fallback: [],
    },
    strict: { where: 'year < 1993', fallback: [] },
    curious: { explore: { method: 'boltzmann', temperature: 1, among: 10 } },
    tested: { variants: [{ name: 'b', share: 0.5, where: 'genre = Comedy' }] },
  },
};

beforeAll(async () => {
  recommender = await servedRecommender(engine, 'ials');
  app = await servedApp(recommender, { settings });
});
afterAll(async () => {
  await app.close();
  engine.close();
});
const list = (request: object) => app.post('/recommend', { user: 'u3', k: 6, ...request });

describe('a scenario', () => {
  it('holds beside the conditions of the request, which cannot lift it', async () => {
    const reply = await list({ scenario: 'wars' });
    expect(reply.body.scenario).toBe('wars');
    expect(idsOf(reply).every((id) => genreOf(id) === 'War')).toBe(true);
    expect(idsOf(await list({ scenario: 'wars', where: 'genre = Drama' }))).toEqual([]);
    expect(idsOf(await list({ scenario: 'wars', where: 'year >= 2000' })).every((id) => genreOf(id) === 'War')).toBe(
      true,
    );
    expect(await list({ scenario: 'wars', where: "genre = War) or (genre = 'Drama'" })).toMatchObject({ status: 400 });
    expect(await list({ scenario: 'war' })).toMatchObject({ status: 404 });
  });

  it('boosts, merges, and leaves places empty where it says so', async () => {
    const dramatic = idsOf(await list({ scenario: 'dramatic' })).map(genreOf);
    expect(dramatic).toEqual([...dramatic].sort((a, b) => Number(b === 'Drama') - Number(a === 'Drama')));
    expect(dramatic[0]).toBe('Drama');
    const mixed = await list({ scenario: 'mixed', k: 4 });
    expect(mixed.body.items.map(({ route }) => route).sort()).toEqual(['model', 'model', 'popular', 'popular']);
    expect(idsOf(await list({ scenario: 'strict', includeSeen: true, k: 10 })).sort()).toEqual(['i0', 'i1', 'i2']);
    expect(idsOf(await list({ user: 'nobody', scenario: 'strict' }))).toEqual([]);
  });

  it('explores, and keeps the probabilities that it tells', async () => {
    const { body } = await list({ scenario: 'curious', k: 3 });
    expect(body.items.every(({ probability }) => probability > 0 && probability < 1)).toBe(true);
    const kept = await app.ask('GET', `/recommendations/${body.recommendationId}`);
    expect(kept.body.items.map(({ probability }) => probability)).toEqual(
      body.items.map(({ probability }) => probability),
    );
    const lists = await Promise.all(Array.from({ length: 20 }, () => list({ scenario: 'curious', k: 3 })));
    expect(new Set(lists.map((each) => idsOf(each).join())).size).toBeGreaterThan(3);
    const page = await app.post('/recommend', { after: body.recommendationId, k: 3 });
    expect(idsOf(page).some((id) => body.items.some((each) => each.id === id))).toBe(false);
  });

  it('has variants for shares of the people, who stay in theirs', async () => {
    const variants = new Set<unknown>();
    for (let n = 0; n < 12; n++) {
      const [first, second] = await Promise.all([1, 2].map(() => list({ user: `u${n}`, scenario: 'tested' })));
      expect(first.body.variant).toBe(second.body.variant);
      variants.add(first.body.variant);
      if (first.body.variant === 'b') expect(idsOf(first).every((id) => genreOf(id) === 'Comedy')).toBe(true);
    }
    expect(variants).toEqual(new Set(['b', null]));
  });
});

describe('diversity', () => {
  it('makes lists whose items are less alike, by vectors or by what describes them', async () => {
    const likeness = async (diversity: number) => {
      const ids = idsOf(await list({ diversity, k: 5, includeSeen: true }));
      const { ids: all, width, values } = recommender.embeddings('item');
      const vector = (id: string) => values.subarray(all.indexOf(id) * width, (all.indexOf(id) + 1) * width);
      const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, d) => sum + value * b[d], 0);
      let sum = 0;
      for (const a of ids)
        for (const b of ids)
          if (a < b)
            sum += dot(vector(a), vector(b)) / Math.sqrt(dot(vector(a), vector(a)) * dot(vector(b), vector(b)));
      return sum;
    };
    expect(await likeness(0.9)).toBeLessThan(await likeness(0));
    const knn = await servedApp(await servedRecommender(engine, 'item-knn'));
    const ids = idsOf(await knn.post('/recommend', { user: 'u3', k: 3, diversity: 1 }));
    expect(new Set(ids.map(genreOf)).size).toBe(3);
    await knn.close();
  });
});
