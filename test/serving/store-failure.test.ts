/** A store that is full: what is told, what still works, and when it is ready again. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { jsonLog } from '../../src/serving/log.ts';
import { openStore } from '../../src/serving/store/open-store.ts';
import { statement } from '../../src/serving/store/sql.ts';
import { openSqlStore } from '../../src/serving/store/sql-store.ts';
import { sqliteInMemory } from '../../src/serving/store/sqlite.ts';
import { temporaryFolder } from '../artifact/temporary-folder.ts';
import { servedApp, servedRecommender } from './served-world.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());

it('tells the true cause in the log, answers 503, recommends all the same, and is ready when it can write again', async () => {
  const recommender = await servedRecommender(engine, 'ials');
  const database = sqliteInMemory();
  const store = await openSqlStore(database);
  const lines: string[] = [];
  const app = await servedApp(recommender, { store, log: jsonLog((line) => lines.push(line)) });
  const fill = (n: number) =>
    app.post(
      '/feedback',
      Array.from({ length: n }, () => ({ user: 'ann', item: 'i1', type: 'view', session: 's'.repeat(500) })),
    );
  expect((await fill(3)).status).toBe(200);
  expect((await app.ask('GET', '/health/ready')).status).toBe(200);
  const [[{ page_count: pages }]] = await database.run([statement('PRAGMA page_count')]);
  await database.run([statement(`PRAGMA max_page_count = ${pages}`)]);

  const refused = await fill(200);
  expect(refused).toMatchObject({ status: 503, body: { error: { code: 'store' } } });
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(refused.text).toContain('the store (sqlite)');
  const { requestId } = refused.body.error as { requestId: string };
  const logged = lines.map((line) => JSON.parse(line)).find((line) => line.requestId === requestId);
  expect(logged).toMatchObject({
    level: 'error',
    route: 'feedback',
    message: 'store (sqlite): database or disk is full',
  });

  expect(await app.ask('GET', '/health/ready')).toMatchObject({ status: 503, body: { error: { code: 'store' } } });
  const long = { user: 'u1', k: 5, exclude: Array.from({ length: 2000 }, (_, n) => `none${n}`) };
  const asked = await app.post('/recommend', long);
  expect(asked.status).toBe(200);
  expect(asked.body.items).toHaveLength(5);
  expect(asked.body.notes).toEqual([expect.stringContaining('could not keep this answer')]);
  expect(lines.some((line) => line.includes('answer not kept') && line.includes('disk is full'))).toBe(true);
  expect(await app.ask('GET', `/recommendations/${asked.body.recommendationId}`)).toMatchObject({ status: 404 });
  // nothing of what was refused is there
  expect((await app.ask('GET', '/users/ann')).body.events).toHaveLength(3);

  await database.run([statement('PRAGMA max_page_count = 100000')]);
  expect((await app.ask('GET', '/health/ready')).status).toBe(200);
  expect((await fill(200)).status).toBe(200);
  expect((await app.post('/recommend', long)).body.notes).toEqual([]);
  expect(await store.counts()).toMatchObject({ events: 203 });
  expect(await store.pruneRecommendations(1)).toBe(0);
  await app.close();
  await store.close();
});

it('acknowledges nothing that would go into a file that was removed or replaced', async () => {
  const place = temporaryFolder();
  const path = join(place, 'told.db');
  const store = await openStore(path);
  const event = (id: string) => ({
    ...{ id, user: 'ann', item: 'i1', type: 'view', value: null, time: 1, session: null, recommendation: null },
  });
  await store.addEvents([event('a')]);
  renameSync(path, join(place, 'aside.db'));
  await expect(store.addEvents([event('b')])).rejects.toThrow('was removed or replaced since it was opened');
  writeFileSync(path, '');
  await expect(store.addEvents([event('c')])).rejects.toThrow('put it back');
  expect((await store.person('ann', 5)).events).toHaveLength(1);
  renameSync(join(place, 'aside.db'), path);
  await store.requireWritable();
  await store.addEvents([event('d')]);
  expect((await store.person('ann', 5)).events.map(({ id }) => id).sort()).toEqual(['a', 'd']);
  await store.close();
});
