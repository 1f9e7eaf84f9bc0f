/** What those who run a server look at: traffic, feedback, variants compared, keys. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { Recommender } from '../../src/recommender/recommender.ts';
import { newcombe, wilson } from '../../src/serving/service/shares.ts';
import { memoryStore } from '../../src/serving/store/open-store.ts';
import { TrafficRing } from '../../src/serving/traffic.ts';
import { servedApp, servedRecommender } from './served-world.ts';

const MINUTE = 60_000;

describe('traffic', () => {
  it('has percentiles to within 25 %, and forgets what is older than a day', () => {
    let now = 1_000 * MINUTE;
    const ring = new TrafficRing(() => now);
    const times = Array.from({ length: 1000 }, (_, n) => 0.001 * 1.007 ** n);
    for (const seconds of times) ring.observe('recommend', 200, seconds);
    ring.observe('feedback', 404, 0.002);
    ring.observe('feedback', 503, 0.002);
    ring.listed(true);
    ring.listed(false);
    const { routes, series } = ring.read(1, 1);
    expect(series).toMatchObject([{ time: now, requests: 1002, refused: 1, failed: 1, lists: 2, fallbacks: 1 }]);
    const [{ route, requests, p50, p95, p99 }] = routes;
    expect([route, requests]).toEqual(['recommend', 1000]);
    for (const [found, place] of [
      [p50, 499],
      [p95, 949],
      [p99, 989],
    ] as const) {
      expect(found).toBeGreaterThanOrEqual(times[place]);
      expect(found).toBeLessThanOrEqual(1.25 * times[place]);
    }
    now += 10 * MINUTE;
    ring.observe('recommend', 200, 0.004);
    const later = ring.read(20, 5);
    expect(later.series.map((point) => point.requests)).toEqual([0, 1002, 0, 1]);
    expect(later.routes[0]).toMatchObject({ route: 'recommend', requests: 1001 });
    now += 1440 * MINUTE;
    expect(ring.read(1440, 1440)).toMatchObject({ routes: [], series: [{ requests: 0, p50: null }] });
  });
});

describe('intervals of shares', () => {
  it('are those of the literature', () => {
    // Newcombe 1998 (two-sided intervals for the single proportion), table I, method 3: 81/263 and 15/148
    expect(wilson(81, 263)).toMatchObject({ low: expect.closeTo(0.2553, 4), high: expect.closeTo(0.3662, 4) });
    expect(wilson(15, 148)).toMatchObject({ low: expect.closeTo(0.0624, 4), high: expect.closeTo(0.1605, 4) });
    expect(wilson(0, 20)).toMatchObject({ low: 0, high: expect.closeTo(0.1611, 4) });
    // Newcombe 1998 (the difference between independent proportions), table II, method 10: 56/70 − 48/80, 9/10 − 3/10
    expect(newcombe(wilson(56, 70), wilson(48, 80))).toMatchObject({
      share: expect.closeTo(0.2, 10),
      low: expect.closeTo(0.0524, 4),
      high: expect.closeTo(0.3339, 4),
    });
    expect(newcombe(wilson(9, 10), wilson(3, 10))).toMatchObject({
      low: expect.closeTo(0.1705, 4),
      high: expect.closeTo(0.809, 4),
    });
    expect(newcombe(wilson(0, 0), wilson(3, 10)).share).toBeNull();
  });
});

const settings = {
  scenarios: { home: { variants: [{ name: 'content', share: 0.5, providers: [{ from: 'content' }] }] }, unused: {} },
  feedback: { atLeast: { rating: 3 } },
};

describe('a server', () => {
  const engine = new Engine({ threads: 1, blas: 'off' });
  let recommender: Recommender;
  beforeAll(async () => {
    recommender = await servedRecommender(engine, 'ials');
  });
  afterAll(() => engine.close());

  it('counts who followed the lists of each variant, by people', async () => {
    const app = await servedApp(recommender, { settings });
    const expected = new Map<string | null, { lists: number; people: Set<string>; followers: Set<string> }>();
    for (let n = 0; n < 40; n++)
      for (let twice = 0; twice < 2; twice++) {
        const user = `u${n}`;
        const { body } = await app.post('/recommend', { user, k: 3, scenario: 'home' });
        const variant = body.variant as string | null;
        const counts = expected.get(variant) ?? { lists: 0, people: new Set(), followers: new Set() };
        expected.set(variant, counts);
        counts.lists++;
        counts.people.add(user);
        const told = { user, item: body.items[0].id, recommendationId: body.recommendationId };
        const [type, value] = ([['click'], ['impression'], ['hide'], ['rating', 2], ['rating', 4]] as const)[n % 5];
        await app.post('/feedback', [{ ...told, type, value }]);
        if (n % 5 === 0 || n % 5 === 4) counts.followers.add(user);
      }
    const { body } = await app.ask('GET', '/operate/experiments');
    const [home, unused] = body.scenarios as unknown as { scenario: string; variants: Record<string, unknown>[] }[];
    expect(unused).toEqual({ scenario: 'unused', variants: [] });
    expect(home.variants.map(({ variant }) => variant)).toEqual([null, 'content']);
    for (const { variant, lists, people, followers, followedLists, rate } of home.variants) {
      const counts = expected.get(variant as string | null);
      expect([lists, people, followers]).toEqual([counts?.lists, counts?.people.size, counts?.followers.size]);
      expect(followedLists).toBe(2 * (counts?.followers.size ?? 0));
      expect(rate).toEqual(wilson(followers as number, people as number));
    }
    expect(home.variants[0].difference).toBeNull();
    expect(home.variants[1].difference).toEqual(
      newcombe(home.variants[1].rate as ReturnType<typeof wilson>, home.variants[0].rate as ReturnType<typeof wilson>),
    );
    const counted = await app.ask('GET', '/operate/feedback?hours=1');
    const events = counted.body as unknown as {
      types: string[];
      total: number;
      series: { counts: Record<string, number> }[];
    };
    expect(events.types).toEqual(['click', 'hide', 'impression', 'rating']);
    const sum = events.series.reduce((n, { counts }) => n + Object.values(counts).reduce((a, b) => a + b, 0), 0);
    expect([sum, events.total]).toEqual([80, 80]);
    const traffic = (await app.ask('GET', '/operate/traffic')).body as unknown as {
      routes: { route: string; requests: number }[];
      series: { lists: number }[];
    };
    expect(traffic.routes).toContainEqual(expect.objectContaining({ route: 'feedback', requests: 80 }));
    expect(traffic.series.reduce((n, { lists }) => n + lists, 0)).toBe(80);
    await app.close();
  });

  it('has keys made and ended, and is never left without one of admin', async () => {
    const store = await memoryStore();
    const app = await servedApp(recommender, { store });
    const first = await app.post('/keys', { access: 'read' });
    expect([first.status, (first.body.error as { code: string }).code]).toEqual([409, 'no-admin']);
    const admin = await app.post('/keys', { access: 'admin', name: 'me' });
    const { key, id } = admin.body as unknown as { key: string; id: string };
    const own = { authorization: `Bearer ${key}` };
    await app.close();
    // keys are read anew at most every five seconds: another handler over the store sees them at once
    const closed = await servedApp(recommender, { store });
    expect((await closed.ask('GET', '/keys')).status).toBe(401);
    const read = await closed.ask('POST', '/keys', { access: 'read', name: 'page' }, own);
    const { key: reader, id: readerId } = read.body as unknown as { key: string; id: string };
    const listed = await closed.ask('GET', '/keys', undefined, own);
    expect(listed.text).not.toContain(key);
    expect(listed.text).not.toContain(reader);
    expect((listed.body.keys as { name: string }[]).map(({ name }) => name)).toEqual(['me', 'page']);
    const last = await closed.ask('DELETE', `/keys/${id}`, undefined, own);
    expect([last.status, (last.body.error as { code: string }).code]).toEqual([409, 'last-admin']);
    expect((await closed.ask('DELETE', '/keys/nothing', undefined, own)).status).toBe(404);
    expect((await closed.ask('DELETE', `/keys/${readerId}`, undefined, own)).body).toEqual({ removed: 1 });
    await closed.close();
    const reopened = await servedApp(recommender, { store });
    for (const path of ['/keys', '/operate/traffic', '/operate/experiments', '/jobs', '/catalogue'])
      expect((await reopened.ask('GET', path, undefined, { authorization: `Bearer ${reader}` })).status).toBe(401);
    await reopened.close();
    await store.close();
  });

  it('says of fields of a user that no run looks at them, and keeps them', async () => {
    const app = await servedApp(recommender);
    const { body } = await app.ask('PUT', '/users/ann', { fields: { age: 31 } });
    expect(body).toMatchObject({ id: 'ann', fields: { age: 31 }, notes: [expect.stringMatching(/no run .* "age"/)] });
    expect((await app.ask('GET', '/users/ann')).body).toMatchObject({ fields: { age: 31 } });
    expect((await app.ask('PUT', '/users/ann', { fields: {} })).body.notes).toEqual([]);
    await app.close();
  });
});
