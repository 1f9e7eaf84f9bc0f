/** Thompson sampling in lists: the probabilities that it tells, what it learns from a store, and that it finds what people follow. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { Recommender } from '../../src/recommender/recommender.ts';
import { noLog } from '../../src/serving/log.ts';
import { FEATURES, type Posterior, PRIOR_MEAN, priorOf } from '../../src/serving/scoring/bandit-model.ts';
import type { PooledItem } from '../../src/serving/scoring/ranked-pool.ts';
import { thompsonSampled } from '../../src/serving/scoring/thompson-sampling.ts';
import { Bandits } from '../../src/serving/service/bandits.ts';
import { parseServerSettings } from '../../src/serving/settings.ts';
import { memoryStore } from '../../src/serving/store/open-store.ts';
import type { GivenRecommendation } from '../../src/serving/store/records.ts';
import { genreOf, servedApp, servedRecommender } from './served-world.ts';

const poolOf = (values: number[]): PooledItem[] =>
  values.map((value, item) => ({ item, score: value, value, route: 'model', because: () => [] }));
const nothing = () => new Float64Array(FEATURES - 3);

describe('a list by Thompson sampling', () => {
  /** Φ by its series (Abramowitz & Stegun 26.2.17), within 1e-7. */
  const phi = (x: number): number => {
    const t = 1 / (1 + 0.2316419 * Math.abs(x));
    const tail =
      (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) *
      t *
      (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    return x > 0 ? 1 - tail : tail;
  };

  it('gives each of two items its place as often as the posterior says, and tells with which probability', () => {
    const mean = PRIOR_MEAN.map((_, n) => (n === 2 ? 0.04 : 0));
    const posterior: Posterior = { mean, factor: priorOf(25).factor };
    // values 1 and -1: the first is the better one where the parameter of the value is above 0
    const expected = phi(0.04 / (0.25 / 5));
    const n = 4000;
    let [first, told] = [0, 0];
    for (let seed = 0; seed < n; seed++) {
      const [top] = thompsonSampled(poolOf([3, 1]), 1, posterior, 0.25, nothing, new RandomStream(seed, 'list'));
      first += Number(top.chosen.item === 0);
      told += top.chosen.item === 0 ? top.probability : 1 - top.probability;
    }
    expect(Math.abs(first / n - expected)).toBeLessThan(0.03);
    expect(Math.abs(told / n - expected)).toBeLessThan(0.005);
  });

  it('gives each item once, the same for the same stream, the best ones without chance', () => {
    const pool = poolOf([5, 4, 3, 2, 1]);
    const list = (seed: number, scale: number) =>
      thompsonSampled(pool, 5, priorOf(20), scale, nothing, new RandomStream(seed, 'x'));
    expect(list(1, 0.25)).toEqual(list(1, 0.25));
    expect(new Set(list(1, 0.25).map(({ chosen }) => chosen.item)).size).toBe(5);
    expect(list(1, 0).map(({ chosen, probability }) => [chosen.item, probability])).toEqual(
      pool.map(({ item }) => [item, 1]),
    );
    for (const [place, { features }] of list(2, 0.25).entries())
      expect(features?.slice(0, 2)).toEqual([1, Math.round(1e4 / Math.log2(2 + place)) / 1e4]);
  });
});

/** Solves A x = b by elimination with pivots. */
function solved(matrix: number[][], b: number[]): number[] {
  const rows = matrix.map((row, n) => [...row, b[n]]);
  const n = b.length;
  for (let k = 0; k < n; k++) {
    const pivot = rows.findIndex(
      (row, r) => r >= k && Math.abs(row[k]) === Math.max(...rows.slice(k).map((each) => Math.abs(each[k]))),
    );
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (let r = 0; r < n; r++) {
      if (r === k) continue;
      const factor = rows[r][k] / rows[k][k];
      for (let c = k; c <= n; c++) rows[r][c] -= factor * rows[k][c];
    }
  }
  return rows.map((row, k) => row[n] / row[k]);
}

describe('what it learns', () => {
  const whose = { scenario: 'home', variant: null, model: 'run', version: 'v1' };
  const settings = parseServerSettings({ feedback: { refusing: ['hide'] } });
  const at = { everyMs: 0, settledMs: 0 };
  const random = new RandomStream(1, 'lists');
  const given = (n: number, changes: Partial<GivenRecommendation> = {}): GivenRecommendation => ({
    ...{ id: `list${n}`, time: 1000 + n, user: 'ann', session: null, ...whose, request: {}, before: [] },
    items: [0, 1].map((item) => ({ id: `i${item}`, route: 'model', probability: 0.5 })),
    features: [0, 1].map(() => Array.from({ length: FEATURES }, () => random.normal())),
    ...changes,
  });
  const event = (id: string, item: string, recommendation: string | null, type = 'click') => ({
    ...{ id, item, type, recommendation, user: 'ann', value: null, time: 2000, session: null },
  });

  it('is the ridge regression of what was followed, each item of a list once, and the same after a start', async () => {
    const store = await memoryStore();
    const lists = Array.from({ length: 60 }, (_, n) => given(n));
    for (const list of lists) await store.addRecommendation(list);
    await store.addRecommendation(given(90, { version: 'v0' }));
    await store.addRecommendation(given(91, { features: undefined }));
    await store.addRecommendation(given(92, { features: [[1, 2], null] })); // of another version of the package
    const followed = [0, 3, 4, 17, 30];
    await store.addEvents([
      ...followed.map((n) => event(`e${n}`, 'i1', `list${n}`)),
      event('again', 'i1', 'list3'),
      event('other', 'i7', 'list3'),
      event('refused', 'i0', 'list5', 'hide'),
      event('unasked', 'i0', null),
      event('v0', 'i0', 'list90'),
    ]);
    const bandits = new Bandits(store, settings, noLog, at);
    expect(bandits.posterior(whose, 5)).toBeNull();
    await bandits.refresh();
    const squares = Array.from({ length: FEATURES }, (_, a) =>
      Array.from({ length: FEATURES }, (_, b) =>
        lists.flatMap(({ features }) => features as number[][]).reduce((sum, x) => sum + x[a] * x[b], a === b ? 5 : 0),
      ),
    );
    const rewards = PRIOR_MEAN.map((mean, d) =>
      followed.reduce((sum, n) => sum + (lists[n].features as number[][])[1][d], 5 * mean),
    );
    const posterior = bandits.posterior(whose, 5) as Posterior;
    const expected = solved(squares, rewards);
    for (let d = 0; d < FEATURES; d++) expect(posterior.mean[d]).toBeCloseTo(expected[d], 10);
    // V Vᵀ A = I
    const covariance = (a: number, b: number) =>
      Array.from(
        { length: FEATURES },
        (_, t) => posterior.factor[a * FEATURES + t] * posterior.factor[b * FEATURES + t],
      ).reduce((x, y) => x + y);
    for (let a = 0; a < FEATURES; a++)
      for (let b = 0; b < FEATURES; b++)
        expect(squares.reduce((sum, row, t) => sum + covariance(a, t) * row[b], 0)).toBeCloseTo(Number(a === b), 9);
    const restarted = new Bandits(store, settings, noLog, at);
    await restarted.refresh();
    expect(restarted.posterior(whose, 5)).toEqual(posterior);
    expect(restarted.listsOf(whose)).toBe(61);
    // what is told later is learned by both alike
    await store.addEvents([event('late', 'i0', 'list59'), event('early', 'i1', 'list100')]);
    await bandits.refresh();
    await store.addRecommendation(given(100));
    await bandits.refresh();
    await restarted.refresh();
    expect(bandits.posterior(whose, 5)).toEqual(restarted.posterior(whose, 5));
    expect(bandits.posterior(whose, 5)).not.toEqual(posterior);
    await store.close();
  });
});

describe('a scenario that samples', () => {
  const engine = new Engine({ threads: 1, blas: 'off' });
  let recommender: Recommender;
  beforeAll(async () => {
    recommender = await servedRecommender(engine, 'popularity');
  });
  afterAll(() => {
    recommender.close();
    engine.close();
    vi.useRealTimers();
  });

  it('finds what people follow, whatever the model thinks, and keeps the probabilities', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    const store = await memoryStore();
    const settings = { scenarios: { home: { explore: { method: 'thompson', among: 30 }, includeSeen: true } } };
    const app = await servedApp(recommender, { store, settings });
    const share: number[] = [];
    for (let round = 0; round < 12; round++) {
      let wars = 0;
      for (let n = 0; n < 10; n++) {
        const { body } = await app.post('/recommend', { user: `u${(round * 10 + n) % 40}`, k: 3, scenario: 'home' });
        for (const { probability } of body.items) expect(probability).toBeGreaterThan(0);
        expect(body).not.toHaveProperty('features');
        const war = body.items.filter(({ id }) => genreOf(id) === 'War');
        wars += war.length / 30;
        const events = war.map(({ id }) => ({
          type: 'click',
          user: `u${(round * 10 + n) % 40}`,
          item: id,
          recommendationId: body.recommendationId,
        }));
        if (events.length > 0) await app.post('/feedback', events);
      }
      share.push(wars);
      vi.advanceTimersByTime(5_000);
      await app.post('/recommend', { user: 'somebody', k: 1, scenario: 'home', trial: true });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const late = share.slice(-3).reduce((a, b) => a + b) / 3;
    expect(share[0]).toBeLessThan(0.75); // a third of the films are of the war
    expect(late).toBeGreaterThan(0.9);
    await app.close();
    await store.close();
  }, 60_000);
});
