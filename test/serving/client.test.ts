/** The client, over a handler in this process. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Client, ServerError } from '../../src/client/index.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { type App, createApp } from '../../src/serving/app.ts';
import { servedRecommender } from './served-world.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
let app: App;
let client: Client;
const over = (fetch: (request: Request) => Response | Promise<Response>, options = {}) =>
  new Client('http://served/', { fetch: async (input, init) => fetch(new Request(input as string, init)), ...options });

beforeAll(async () => {
  app = await createApp(await servedRecommender(engine, 'ials'));
  client = over((request) => app.fetch(request));
});
afterAll(async () => {
  await app.close();
  engine.close();
});

it('asks, tells and looks', async () => {
  expect(await client.feedback([{ type: 'view', user: 'ann/1', item: 'i2' }])).toEqual({
    added: 1,
    known: 0,
    notes: [],
  });
  const list = await client.recommend({ user: 'ann/1', k: 2 });
  expect(list.items.map(({ route }) => route)).toEqual(['fold-in', 'fold-in']);
  const page = await client.recommend({ after: list.recommendationId, k: 2 });
  expect(page.items.some(({ id }) => list.items.some((each) => each.id === id))).toBe(false);
  expect((await client.user('ann/1')).history).toMatchObject([{ id: 'i2' }]);
  expect((await client.items({ search: 'i2', limit: 1 })).items).toHaveLength(1);
  expect((await client.similar({ item: 'i2', k: 3 })).items).toHaveLength(3);
  expect((await client.rank({ user: 'ann/1', items: ['i1', 'i4'] })).items.map(({ id }) => id)).toEqual(['i4', 'i1']);
  expect(await client.recommendBatch([{ user: 'u1' }, { user: 'u1', where: '?' }])).toMatchObject([
    { how: 'trained' },
    { error: { code: 'usage' } },
  ]);
  await client.putItem('i/new', { fields: { genre: 'War' } });
  expect((await client.item('i/new')).trained).toBe(false);
  await client.deleteItem('i/new');
  expect(await client.mergeUsers('ann/1', 'ann')).toEqual({ events: 1 });
  expect((await client.deleteUser('ann')).removed).toBeGreaterThan(0);
  expect((await client.models()).models).toHaveLength(1);
});

it('throws what the server says', async () => {
  const error = await client.item('strange').catch((caught) => caught);
  expect(error).toBeInstanceOf(ServerError);
  expect(error).toMatchObject({ status: 404, code: 'not-found', requestId: expect.any(String) });
  const html = over(() => new Response('<html>', { status: 502 }));
  await expect(html.models()).rejects.toMatchObject({ status: 502, code: 'unknown' });
});

it('tries again where the server is busy or the connection fails, with the same ids, and no session twice', async () => {
  const bodies: string[] = [];
  const busyAtFirst = over(
    async (request) => {
      bodies.push(await request.clone().text());
      if (bodies.length === 1) throw new TypeError('fetch failed');
      if (bodies.length === 2)
        return Response.json({ error: { code: 'busy', message: '', requestId: '' } }, { status: 503 });
      return app.fetch(request);
    },
    { retries: 2 },
  );
  expect(await busyAtFirst.feedback([{ type: 'view', user: 'ben', item: 'i1' }])).toEqual({
    added: 1,
    known: 0,
    notes: [],
  });
  expect(new Set(bodies).size).toBe(1);
  let asked = 0;
  const lost = over(() => {
    asked++;
    throw new TypeError('fetch failed');
  });
  await expect(lost.next({ session: 's', items: ['i1'] })).rejects.toThrow('fetch failed');
  expect(asked).toBe(1);
});

it('names the address where nobody answers', async () => {
  const nobody = new Client('http://127.0.0.1:9/', { retries: 0 });
  await expect(nobody.models()).rejects.toThrow(/must answer at http:\/\/127\.0\.0\.1:9, found none \(fetch failed: /);
});
