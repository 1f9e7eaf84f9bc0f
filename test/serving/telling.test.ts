/** What the server is told holds for the very next answer. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { Recommender } from '../../src/recommender/recommender.ts';
import { makeKey } from '../../src/serving/http/keys.ts';
import { memoryStore } from '../../src/serving/store/open-store.ts';
import { idsOf, servedApp, servedRecommender } from './served-world.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
let recommender: Recommender;
let app: Awaited<ReturnType<typeof servedApp>>;
beforeAll(async () => {
  recommender = await servedRecommender(engine, 'ials');
});
beforeEach(async () => {
  app = await servedApp(recommender, { settings: { feedback: { atLeast: { rating: 3 } } } });
  return () => app.close();
});
afterAll(() => engine.close());

const list = async (request: object) => idsOf(await app.post('/recommend', { k: 30, ...request }));
const tell = (...events: object[]) => app.post('/feedback', events);

describe('feedback', () => {
  it('is counted by type, an event once', async () => {
    const event = { id: 'counted', type: 'peek', user: 'counted', item: 'i1' };
    await tell(event, { ...event, id: 'counted too' });
    await tell(event);
    expect((await app.ask('GET', '/metrics')).text).toContain('deeptaste_feedback_total{type="peek"} 2\n');
  });

  it.each([
    [
      { type: 'view', user: 'a', item: 'i1' },
      'feedback: must be a list of events, [ … ], found {"type":"view","user":"a","item":"i1"}',
    ],
    [[{ type: 'view', user: 'a' }], 'feedback: "0.item": expected string or number, found nothing'],
    [
      [{ type: 'view', user: 'a', item: 'i1', time: 1_796_000_000_000 }],
      'feedback: "0.time": must be a date in ISO form with its zone, such as 2026-05-31T12:00:00Z, or seconds (not milliseconds) since 1970, no earlier and at most a day ahead, found 1796000000000',
    ],
    [
      [{ type: 'view', user: 'a', item: 'i1', time: '2026-11-30' }],
      'feedback: "0.time": must be a date in ISO form with its zone, such as 2026-05-31T12:00:00Z, or seconds (not milliseconds) since 1970, no earlier and at most a day ahead, found "2026-11-30"',
    ],
  ])('of a wrong form is refused in words that tell the right one: %j', async (body, message) => {
    expect(await app.post('/feedback', body)).toMatchObject({
      status: 400,
      body: { error: { code: 'usage', message } },
    });
  });

  it('of a user of the training is folded in with what training knew', async () => {
    const [first] = await list({ user: 'u3' });
    await tell({ user: 'u3', item: first, type: 'purchase' });
    const reply = await app.post('/recommend', { user: 'u3', k: 30 });
    expect(idsOf(reply)).not.toContain(first);
    expect(reply.body.items[0].route).toBe('fold-in');
    const history = [...recommender.parts.items.ids].filter((id) => !idsOf(reply).includes(id));
    expect(idsOf(reply)).toEqual(recommender.recommend({ history }, { k: 30 }).recommendations.map(({ item }) => item));
  });

  it('of items that training had changes nothing of how the person is known', async () => {
    const before = await app.post('/recommend', { user: 'u3', k: 30 });
    const [taken] = [...recommender.parts.items.ids].filter((id) => !idsOf(before).includes(id));
    await tell({ user: 'u3', item: taken, type: 'view' });
    expect((await app.post('/recommend', { user: 'u3', k: 30 })).body.items).toEqual(before.body.items);
  });

  it('that refuses an item keeps it out until it is taken; what was only shown says nothing', async () => {
    const [first, second] = await list({ user: 'u3' });
    await tell({ user: 'u3', item: first, type: 'dislike' }, { user: 'u3', item: second, type: 'rating', value: 1 });
    expect(await list({ user: 'u3', includeSeen: true })).not.toContain(first);
    expect(await list({ user: 'u3', includeSeen: true })).not.toContain(second);
    expect((await app.post('/recommend', { user: 'u3' })).body.items[0].route).toBe('model');
    await tell({ user: 'u3', item: second, type: 'rating', value: 5 });
    expect(await list({ user: 'u3', includeSeen: true })).toContain(second);
    const shown = await list({ user: 'u5' });
    await tell({ user: 'u5', item: shown[0], type: 'impression' });
    expect(await list({ user: 'u5' })).toEqual(shown);
  });

  it('has times from 1970 on that are no more than a day ahead', async () => {
    const event = { user: 'timed', item: 'i1', type: 'view' };
    const now = Date.now() / 1000;
    for (const time of [
      now * 1000,
      now + 3 * 86_400,
      -1,
      '1900-01-01T00:00:00Z',
      '9999-12-31T00:00:00Z',
      '2026-05-31',
    ]) {
      const { status, body } = await tell({ ...event, time });
      expect([status, (body.error as { message: string }).message], String(time)).toEqual([
        400,
        expect.stringMatching(/^feedback: "0\.time": must be a date .*not milliseconds.* found /),
      ]);
    }
    for (const time of [0, now, now + 3600, '1970-01-01T00:00:00Z', new Date().toISOString()])
      expect((await tell({ ...event, time })).status, String(time)).toBe(200);
  });

  it('is refused as a whole where an event is wrong', async () => {
    expect(await tell({ user: 'a', item: 'i1', type: 'view' }, { item: 'i1', type: 'view' })).toMatchObject({
      status: 400,
    });
    expect((await app.ask('GET', '/users/a')).body.events).toEqual([]);
  });

  it('names the recommendation that it follows, which can be looked at', async () => {
    const { body } = await app.post('/recommend', { user: 'u3', k: 2 });
    await tell({ user: 'u3', item: body.items[0].id, type: 'click', recommendationId: body.recommendationId });
    expect((await app.ask('GET', '/users/u3')).body.events).toMatchObject([
      { recommendationId: body.recommendationId },
    ]);
    const strange = { user: 'u3', item: body.items[0].id, type: 'click', recommendationId: 'never-given' };
    expect((await tell(strange)).body).toMatchObject({
      added: 1,
      notes: [expect.stringContaining('no answer "never-given" was given')],
    });
    const given = await app.ask('GET', `/recommendations/${body.recommendationId}`);
    expect(given.body).toMatchObject({ user: 'u3', model: 'run', request: { user: 'u3', k: 2 } });
    expect(given.body.items).toEqual(body.items.map(({ id, route, probability }) => ({ id, route, probability })));
  });
});

describe('items', () => {
  it('that are not available, or deleted, are in no list; available again they are', async () => {
    const [first, second] = await list({ user: 'u3' });
    await app.ask('PUT', `/items/${first}`, { available: false });
    await app.ask('DELETE', `/items/${second}`);
    for (const request of [{ user: 'u3' }, { user: 'nobody' }, { history: ['i2'] }]) {
      expect(await list(request)).not.toContain(first);
      expect(await list(request)).not.toContain(second);
    }
    expect((await app.ask('GET', `/items/${first}`)).body.available).toBe(false);
    expect(await app.ask('GET', `/items/${second}`)).toMatchObject({ status: 404 });
    await app.ask('PUT', `/items/${first}`, {});
    expect(await list({ user: 'u3' })).toContain(first);
    expect(await app.ask('DELETE', '/items/strange')).toMatchObject({ status: 404 });
  });

  it('that are new are found by their fields, and recommended by them', async () => {
    const item = { fields: { title: 'Film of tomorrow', genre: 'War', year: 2030 }, categories: ['new'] };
    expect((await app.ask('PUT', '/items/tomorrow', item)).body).toMatchObject({ id: 'tomorrow', available: true });
    expect((await app.ask('GET', '/items?search=tomorrow')).body).toMatchObject({
      total: 1,
      items: [{ trained: false }],
    });
    for (const where of ["categories = 'new'", 'year > 2020']) {
      const reply = await app.post('/recommend', { history: ['i2'], k: 3, where });
      expect(reply.body.items).toMatchObject([{ id: 'tomorrow', title: 'Film of tomorrow', route: 'content' }]);
    }
    await tell({ user: 'fan', item: 'tomorrow', type: 'view' });
    const fan = await app.post('/recommend', { user: 'fan', k: 2 });
    expect(fan.body.items).toMatchObject([{ route: 'content', because: [{ id: 'tomorrow' }] }, {}]);
    expect((await app.post('/similar', { item: 'tomorrow', k: 2 })).body.items).toMatchObject([
      { route: 'content' },
      {},
    ]);
  });

  it('have no field that objects do not keep, which would be left out unsaid', async () => {
    for (const name of ['__proto__', '\\u005f_proto__'])
      for (const address of ['/users/named', '/items/named']) {
        const { status, text } = await app.ask('PUT', address, `{"fields":{"year":1999,"${name}":"x"}}`);
        expect([status, text], address).toEqual([400, expect.stringContaining('__proto__')]);
      }
    expect((await app.ask('PUT', '/users/__proto__', '{"fields":{"note":"__proto__ \\u005f"}}')).status).toBe(200);
  });

  it('name several values as a list, not as the text of a file', async () => {
    await app.ask('PUT', '/items/i1', { fields: { genre: 'A|B' }, categories: ['new', 'low price'] });
    for (const text of ['new|low price', 'low price, new'])
      expect(await app.ask('PUT', '/items/i2', { fields: { categories: text } })).toMatchObject({
        status: 400,
        body: { error: { message: expect.stringContaining('must be a list, such as ["') } },
      });
    for (const text of ['low price', 'new|unheard of'])
      expect((await app.ask('PUT', '/items/i2', { fields: { categories: text } })).status).toBe(200);
  });

  it('must fit the fields of the training; cells that are not named stay', async () => {
    expect(await app.ask('PUT', '/items/i2', { fields: { year: 'long ago' } })).toMatchObject({ status: 400 });
    await app.ask('PUT', '/items/i2', { fields: { year: 2031 } });
    expect((await app.ask('GET', '/items/i2')).body.fields).toMatchObject({
      year: 2031,
      genre: 'War',
      title: 'Film i2',
    });
    expect(await list({ user: 'u1', where: 'year = 2031' })).toEqual(['i2']);
  });
});

describe('people', () => {
  it('that are merged are one: history, feedback, and what was refused', async () => {
    await tell({ user: 'visitor', item: 'i1', type: 'view' }, { user: 'visitor', item: 'i3', type: 'dislike' });
    expect((await app.post('/users/merge', { from: 'visitor', into: 'u2' })).body).toEqual({ events: 2 });
    for (const user of ['u2', 'visitor']) {
      const reply = await app.post('/recommend', { user, k: 30 });
      expect(reply.body.items[0].route).toBe('fold-in');
      expect(idsOf(reply)).not.toContain('i1');
      expect(idsOf(reply)).not.toContain('i3');
    }
    await tell({ user: 'visitor', item: 'i5', type: 'view' });
    expect(await list({ user: 'u2' })).not.toContain('i5');
    // of two people whom training knew, the histories are joined
    const [three, five] = [await list({ user: 'u3' }), await list({ user: 'u5' })];
    await app.post('/users/merge', { from: 'u5', into: 'u3' });
    expect((await app.post('/users/merge', { from: 'u3', into: 'u3' })).status).toBe(400);
    const both = await list({ user: 'u3' });
    expect(both.every((id) => three.includes(id) && five.includes(id))).toBe(true);
  });

  it('that are deleted leave nothing, and training does not know them any more', async () => {
    await app.ask('PUT', '/users/u3', { fields: { name: 'Ann' } });
    await tell({ user: 'u3', item: 'i2', type: 'view', session: 's' }, { session: 's', item: 'i4', type: 'view' });
    const { body } = await app.post('/recommend', { user: 'u3' });
    await app.post('/users/merge', { from: 'visitor', into: 'u3' });
    expect((await app.ask('DELETE', '/users/u3')).body.removed).toBeGreaterThanOrEqual(5);
    expect((await app.ask('GET', '/users/u3')).body).toMatchObject({
      fields: {},
      trained: false,
      history: [],
      events: [],
    });
    expect(await app.ask('GET', `/recommendations/${body.recommendationId}`)).toMatchObject({ status: 404 });
    expect((await app.post('/recommend', { user: 'u3' })).body.items[0].route).toBe('popular');
    expect((await app.ask('GET', '/users/u3')).body).toMatchObject({ trained: false, route: 'popular' });
    expect((await app.ask('GET', '/users?search=u3&limit=3')).body.users).toEqual([
      { id: 'u30' },
      { id: 'u31' },
      { id: 'u32' },
    ]);
    expect((await app.ask('GET', '/users/u1')).body.route).toBe('model');
    expect((await app.post('/next', { session: 's' })).body.items[0].route).toBe('popular');
    expect((await app.ask('GET', '/users?search=visitor')).body.users).toEqual([]);
    // who comes back is somebody new
    await tell({ user: 'u3', item: 'i4', type: 'view' });
    expect((await app.post('/recommend', { user: 'u3' })).body.items[0].route).toBe('fold-in');
    expect(await list({ user: 'u3' })).toEqual(
      recommender.recommend({ history: ['i4'] }, { k: 30 }).recommendations.map(({ item }) => item),
    );
  });
});

describe('keys and limits', () => {
  it('allow what their access says, and nothing without one', async () => {
    const store = await memoryStore();
    const keys = { read: makeKey('read', ''), write: makeKey('write', ''), admin: makeKey('admin', '') };
    for (const { stored } of Object.values(keys)) await store.addKey(stored);
    const guarded = await servedApp(recommender, { store });
    const status = async (method: string, path: string, body: unknown, authorization?: string) =>
      (await guarded.ask(method, path, body, authorization === undefined ? {} : { authorization })).status;
    const event = [{ user: 'a', item: 'i1', type: 'view' }];
    expect(await status('POST', '/recommend', { user: 'a' })).toBe(401);
    expect(await status('POST', '/recommend', { user: 'a' }, 'Bearer dt_wrong')).toBe(401);
    expect(await status('POST', '/recommend', { user: 'a' }, `Bearer ${keys.read.key}`)).toBe(200);
    expect(await status('POST', '/feedback', event, `Bearer ${keys.read.key}`)).toBe(403);
    expect(await status('POST', '/next', { session: 's', items: ['i1'] }, `Bearer ${keys.read.key}`)).toBe(403);
    expect(await status('POST', '/feedback', event, `Bearer ${keys.write.key}`)).toBe(200);
    expect(await status('POST', '/recommend', { user: 'a' }, `bearer ${keys.admin.key}`)).toBe(200);
    expect(await status('GET', '/health/live', undefined)).toBe(200);
    expect(JSON.stringify(await store.keys())).not.toContain(keys.read.key);
    await guarded.close();
    await store.close();
  });

  it('refuse callers who ask too often, and say when to come back', async () => {
    const limited = await servedApp(recommender, { rate: 2 });
    const replies = await Promise.all(Array.from({ length: 6 }, () => limited.post('/recommend', { user: 'u1' })));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429, 429]);
    expect(replies[5].headers.get('retry-after')).toBe('1');
    expect((await limited.ask('GET', '/health/live')).status).toBe(200);
    await limited.close();
  });

  it('let pages from elsewhere ask where they are named', async () => {
    const open = await servedApp(recommender, { origins: ['https://shop.example'] });
    const asked = await open.ask('OPTIONS', '/recommend', undefined, {
      origin: 'https://shop.example',
      'access-control-request-method': 'POST',
    });
    expect(asked.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    const other = await open.ask('GET', '/models', undefined, { origin: 'https://evil.example' });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    expect(
      (await app.ask('GET', '/models', undefined, { origin: 'https://shop.example' })).headers.get(
        'access-control-allow-origin',
      ),
    ).toBeNull();
    await open.close();
  });

  it('take no changes from pages of elsewhere, with or without a body', async () => {
    const sent = (site: string, origin: string) => ({ 'sec-fetch-site': site, origin });
    const evil = sent('cross-site', 'https://evil.example');
    for (const [method, path] of [
      ['POST', '/admin/reload'],
      ['POST', '/feedback'],
      ['DELETE', '/users/u1'],
    ]) {
      expect(await app.ask(method, path, undefined, evil)).toMatchObject({
        status: 403,
        body: { error: { code: 'origin' } },
      });
      expect((await app.ask(method, path, undefined, sent('same-site', 'http://served:8081'))).status).toBe(403);
    }
    expect((await app.ask('GET', '/models', undefined, evil)).status).toBe(200);
    for (const site of ['same-origin', 'none'])
      expect((await app.ask('POST', '/admin/reload', undefined, sent(site, 'http://served'))).status).not.toBe(403);
    const open = await servedApp(recommender, { origins: ['https://shop.example'] });
    const shop = sent('cross-site', 'https://shop.example');
    expect((await open.ask('POST', '/recommend', { user: 'u1' }, shop)).status).toBe(200);
    expect((await open.ask('POST', '/recommend', { user: 'u1' }, evil)).status).toBe(403);
    await open.close();
  });
});
