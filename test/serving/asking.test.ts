/** What is asked of the server, held against the recommender that it serves. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { versionOf } from '../../src/artifact/manifest.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { recommendReply, similarReply } from '../../src/serving/api/asking.ts';
import { temporaryFolder } from '../artifact/temporary-folder.ts';
import { genreOf, idsOf, servedApp, servedRecommender } from './served-world.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
const recommenders = new Map<string, Recommender>();
const models = ['ials', 'item-knn', 'popularity', 'markov'];
type Served = Awaited<ReturnType<typeof servedApp>>;
const apps = new Map<string, Served>();

beforeAll(async () => {
  for (const model of models) {
    const recommender = await servedRecommender(engine, model);
    recommenders.set(model, recommender);
    apps.set(model, await servedApp(recommender));
  }
});
afterAll(async () => {
  for (const app of apps.values()) await app.close();
  engine.close();
});
const served = (model: string): Served => apps.get(model)!;
const known = (model: string): Recommender => recommenders.get(model)!;
const fits = (schema: z.ZodType, value: unknown): void => expect(schema.safeParse(value).error).toBeUndefined();

describe.each(models)('%s', (model) => {
  it('recommends to a user of the training what the recommender does', async () => {
    const reply = await served(model).post('/recommend', { user: 'u3', k: 5 });
    expect(reply.status).toBe(200);
    fits(recommendReply, reply.body);
    const { recommendations } = known(model).recommend({ user: 'u3' }, { k: 5 });
    const own = reply.body.items.filter(({ route }) => route === 'model');
    expect(own.map(({ id, score, title }) => ({ item: id, score, title }))).toEqual(
      recommendations.filter((each) => !each.byPopularity).map(({ item, score, title }) => ({ item, score, title })),
    );
    expect(own.length).toBeGreaterThan(0);
    expect((await served(model).ask('GET', '/users/u3/recommendations?k=5')).body.items).toEqual(reply.body.items);
  });

  it('recommends by a history, and to somebody who told of the same items, alike', async () => {
    const history = ['i1', 'i3', 'i5'];
    const given = await served(model).post('/recommend', { history, k: 4 });
    fits(recommendReply, given.body);
    const { recommendations, how } = known(model).recommend({ history }, { k: 4 });
    expect(given.body.how).toBe(how);
    expect(idsOf(given)).toEqual(recommendations.map(({ item }) => item));
    const events = history.map((item, n) => ({ id: `${model}-${n}`, user: 'told', item, type: 'view', time: n }));
    expect((await served(model).post('/feedback', events)).body).toMatchObject({ added: 3, known: 0 });
    const told = await served(model).post('/recommend', { user: 'told', k: 4 });
    expect(told.body.items).toEqual(given.body.items);
    expect((await served(model).post('/feedback', events)).body).toMatchObject({ added: 0, known: 3 });
  });

  it('answers people of whom nothing is known by what most people took, and says so', async () => {
    for (const request of [{ user: 'nobody' }, { history: ['unheard of'] }, { history: [] }, {}]) {
      const reply = await served(model).post('/recommend', { ...request, k: 3 });
      expect(reply.status).toBe(200);
      expect(new Set(reply.body.items.map(({ route }) => route))).toEqual(new Set(['popular']));
      expect(idsOf(reply)).toHaveLength(3);
    }
  });

  it('gives k items that fulfil a condition where there are k', async () => {
    const reply = await served(model).post('/recommend', {
      user: 'u2',
      k: 10,
      where: 'genre = War',
      includeSeen: true,
    });
    expect(idsOf(reply)).toHaveLength(10);
    expect(idsOf(reply).every((id) => genreOf(id) === 'War')).toBe(true);
    const none = await served(model).post('/recommend', { user: 'u2', where: 'genre = Warr' });
    expect(none.body).toMatchObject({ items: [], notes: [expect.stringMatching(/did you mean "War"/)] });
  });

  it('goes on page after page without repeats until nothing is left', async () => {
    const seen: string[] = [];
    let page = await served(model).post('/recommend', { user: 'u4', k: 7, includeSeen: true });
    while (page.body.items.length > 0) {
      seen.push(...idsOf(page));
      page = await served(model).post('/recommend', { after: page.body.recommendationId, k: 7 });
      expect(page.status).toBe(200);
    }
    expect(new Set(seen).size).toBe(30);
    expect(seen).toHaveLength(30);
  });

  it('puts given items in the order of the list, and those that nobody knows last', async () => {
    const list = await served(model).post('/recommend', { user: 'u3', k: 6, includeSeen: true });
    const items = ['strange', ...idsOf(list).reverse()];
    const ranked = await served(model).post('/rank', { user: 'u3', items });
    fits(recommendReply, ranked.body);
    expect(idsOf(ranked)).toEqual([...idsOf(list), 'strange']);
    expect(ranked.body.unknownItems).toEqual(['strange']);
  });

  it('finds similar items, by what describes them where the model knows none', async () => {
    const reply = await served(model).post('/similar', { item: 'i4', k: 3 });
    fits(similarReply, reply.body);
    if (model !== 'popularity')
      expect(idsOf(reply)).toEqual(
        known(model)
          .similar('i4', { k: 3 })
          .similar.map(({ item }) => item),
      );
    else
      expect(reply.body.items.every(({ id, route }) => route === 'content' && genreOf(id) === genreOf('i4'))).toBe(
        true,
      );
    expect(await served(model).post('/similar', { item: 'strange' })).toMatchObject({ status: 404 });
  });
});

describe('what else is asked', () => {
  it('explains an item for somebody by the items that speak for it', async () => {
    const { body } = await served('ials').post('/explain', { user: 'u3', item: 'i5' });
    expect(body).toMatchObject({ item: { id: 'i5', route: 'model' }, how: 'trained' });
    const because = (body.item as { because: { id: string }[] }).because.map(({ id }) => Number(id.slice(1)) % 2);
    expect(because).toEqual([1, 1]);
    expect(await served('ials').post('/explain', { item: 'i5', row: { a: 1 } })).toMatchObject({ status: 400 });
    expect(await served('ials').post('/explain', { user: 'u3', item: 'strange' })).toMatchObject({ status: 404 });
  });

  it('goes on with a session by the events that are told, as the recommender does', async () => {
    const app = served('markov');
    const first = await app.post('/next', { session: 's1', items: ['i1', 'i3'], k: 3 });
    const session = known('markov').startSession();
    for (const item of ['i1', 'i3']) session.add(item);
    expect(idsOf(first)).toEqual(session.recommend({ k: 3 }).recommendations.map(({ item }) => item));
    await app.post('/feedback', [{ session: 's1', item: 'i5', type: 'view' }]);
    session.add('i5');
    expect(idsOf(await app.post('/next', { session: 's1', k: 3 }))).toEqual(
      session.recommend({ k: 3 }).recommendations.map(({ item }) => item),
    );
    session.close();
    const other = await served('ials').post('/next', { session: 's2', items: ['i1', 'i3'], k: 3 });
    expect(idsOf(other)).toEqual(
      known('ials')
        .recommend({ history: ['i1', 'i3'] }, { k: 3 })
        .recommendations.map(({ item }) => item),
    );
  });

  it('answers batches, each request for itself', async () => {
    const { body } = await served('ials').post('/recommend/batch', {
      requests: [
        { user: 'u1', k: 2 },
        { user: 'u1', where: 'colour = red' },
        { history: ['i2'], k: 1 },
      ],
    });
    const replies = body.replies as { items?: unknown[]; error?: { code: string } }[];
    expect(replies.map(({ items, error }) => items?.length ?? error?.code)).toEqual([2, 'usage', 1]);
    const similar = await served('ials').post('/similar/batch', {
      requests: [{ item: 'i1', k: 2 }, { item: 'strange' }],
    });
    expect((similar.body.replies as { error?: { code: string } }[]).map(({ error }) => error?.code)).toEqual([
      undefined,
      'not-found',
    ]);
  });

  it('looks at models, items and users', async () => {
    const { ask } = served('ials');
    expect((await ask('GET', '/models')).body.models).toMatchObject([
      { name: 'run', model: 'ials', users: 40, items: 30 },
    ]);
    expect((await ask('GET', '/items?search=film%20i2&limit=3')).body).toMatchObject({
      total: 11,
      items: [{ id: 'i2', title: 'Film i2' }, {}, {}],
    });
    expect((await ask('GET', '/items/i4')).body).toMatchObject({ id: 'i4', fields: { genre: 'Drama', year: 1994 } });
    expect(await ask('GET', '/items/strange')).toMatchObject({ status: 404 });
    expect((await ask('GET', '/users?search=U1&limit=3')).body.users).toEqual([
      { id: 'u1' },
      { id: 'u10' },
      { id: 'u11' },
    ]);
    expect((await ask('GET', '/users/u1')).body).toMatchObject({ trained: true, route: 'model', events: [] });
  });

  it('tells the version of the artifact, and of what was never saved that there is none', async () => {
    expect((await served('ials').ask('GET', '/models')).body).toMatchObject({
      models: [{ version: 'unsaved', created: null }],
    });
    const path = join(temporaryFolder(), 'run');
    const manifest = await known('ials').save(path);
    const loaded = await Recommender.load(path, { threads: 1, blas: 'off' });
    const app = await servedApp(loaded);
    const { version, created } = { version: versionOf(manifest), created: manifest.created };
    expect((await app.ask('GET', '/models')).body).toMatchObject({ models: [{ version, created }] });
    await app.close();
    loaded.close();
  });

  it('says what is wrong with a request', async () => {
    const { ask, post } = served('ials');
    const told = async (reply: ReturnType<typeof ask>) => {
      const { status, body } = await reply;
      const { code, message } = body.error as { code: string; message: string };
      return `${status} ${code}: ${message}`;
    };
    expect(await told(post('/recommend', { usr: 'a' }))).toMatch(/^400 usage: .*did you mean "user"/);
    expect(await told(post('/recommend', { user: 'a', k: 0 }))).toMatch(/^400 usage: recommend: "k"/);
    expect(await told(post('/recommend', '{"user":'))).toMatch(/^400 usage: .*must be JSON/);
    expect(await told(ask('POST', '/recommend', undefined))).toMatch(/^415/);
    expect(await told(post('/recommend', { user: 'a', history: ['b'] }))).toMatch(/^400 usage: .*a user and a history/);
    expect(await told(post('/recommend', { user: 'a', where: 'colour = red' }))).toMatch(
      /^400 usage: where: .*"colour"/,
    );
    expect(await told(post('/recommend', { user: 'a', where: 'year = 1) or (year = 2' }))).toMatch(/^400 usage: where/);
    expect(await told(post('/recommend', { user: 'a', model: 'rum' }))).toMatch(/^404 not-found: .*did you mean "run"/);
    expect(await told(post('/recommend', { after: 'unheard of' }))).toMatch(/^404 not-found/);
    expect(await told(post('/predict', { rows: [{ a: 1 }] }))).toMatch(/^400 usage: predict: needs a model over/);
    expect(await told(ask('GET', '/recommend'))).toMatch(/^405 method: .*POST/);
    expect(await told(ask('GET', '/nowhere'))).toMatch(/^404/);
    expect(await told(ask('GET', '/items?limit=1000'))).toMatch(/^400 usage/);
    expect(await told(post('/recommend', `"${'a'.repeat(1 << 20)}"`))).toMatch(/^413 too-large/);
    expect(await told(post('/recommend', { user: 'a\u0000b' }))).toMatch(/^400 usage/);
  });
});
