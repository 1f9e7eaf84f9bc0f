/** Models over feature fields behind the server: people by what describes them, rows, context. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { Recommender } from '../../src/recommender/recommender.ts';
import { trainFieldRecommender } from '../../src/runs/train-recommender.ts';
import { prepareFieldData } from '../../src/tasks/prepare-fields.ts';
import { parseFieldRunSettings } from '../../src/tasks/row-settings.ts';
import { temporaryFolder } from '../data/temporary-files.ts';
import { clicksCsv, itemsCsv, usersCsv } from '../recommender/made-clicks.ts';
import { idsOf, servedApp } from './served-world.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
const { write } = temporaryFolder();
let recommender: Recommender;
let app: Awaited<ReturnType<typeof servedApp>>;

beforeAll(async () => {
  const settings = parseFieldRunSettings({
    data: {
      files: [write('clicks.csv', clicksCsv())],
      items: write('items.csv', itemsCsv()),
      users: write('users.csv', usersCsv()),
    },
    split: { method: 'ratio', test: 0.2 },
    model: 'fm',
    training: { epochs: 3 },
  });
  const data = await prepareFieldData(settings);
  recommender = (await trainFieldRecommender({ engine, data, settings })).recommender;
  app = await servedApp(recommender);
});
afterAll(async () => {
  await app.close();
  engine.close();
});

it('predicts rows and says what each value adds', async () => {
  const rows = [
    { user: 'u1', item: 'i3', hour: 20 },
    { user: 'somebody', item: 'i3' },
  ];
  const { body } = await app.post('/predict', { rows });
  expect(body.predictions).toEqual(JSON.parse(JSON.stringify(recommender.predict(rows))));
  const explained = await app.post('/explain', { row: rows[0] });
  expect(explained.body.row).toEqual(JSON.parse(JSON.stringify(recommender.explain(rows[0]))));
});

it('recommends in a context, and to people by what describes them: in the request, or told before', async () => {
  const list = async (request: object) => app.post('/recommend', { k: 5, includeSeen: true, ...request });
  const known = await list({ user: 'u1', context: { hour: 20, device: 'tv' } });
  const own = recommender.recommend({ user: 'u1', row: { hour: 20, device: 'tv' } }, { k: 5, includeSeen: true });
  expect(idsOf(known)).toEqual(own.recommendations.map(({ item }) => item));
  expect(known.body.items[0].route).toBe('model');
  const child = await list({ row: { age: 'child' } });
  expect(child.body.items[0].route).toBe('content');
  await app.ask('PUT', '/users/newcomer', { fields: { age: 'child' } });
  const newcomer = await list({ user: 'newcomer' });
  expect(newcomer.body.items).toEqual(child.body.items);
  await app.post('/feedback', [{ user: 'newcomer', item: idsOf(child)[0], type: 'hide' }]);
  expect(idsOf(await list({ user: 'newcomer' }))).not.toContain(idsOf(child)[0]);
  expect((await list({ user: 'nobody' })).body.items[0].route).toBe('popular');
});

it('scores few items as it scores them among all, and leaves out what it is told to', async () => {
  const request = { user: 'u1', row: { hour: 20 } };
  const all = recommender.candidates(request, { k: 1000, includeSeen: true });
  const scoreOf = new Map(Array.from(all.items, (item, n) => [item, all.scores[n]]));
  const some = Int32Array.from(scoreOf.keys())
    .sort()
    .filter((item) => item % 3 === 0);
  const few = recommender.candidates(request, {
    k: 1000,
    includeSeen: true,
    only: Array.from(some, (item) => recommender.parts.items.idOf(item)),
  });
  expect(few.items.slice().sort()).toEqual(some);
  few.items.forEach((item, n) => {
    expect(few.scores[n]).toBeCloseTo(scoreOf.get(item) as number, 5);
  });
  const others = recommender.candidates(request, { k: 1000, includeSeen: true, without: some });
  expect(others.items.slice().sort()).toEqual(
    all.items
      .slice()
      .sort()
      .filter((item) => item % 3 !== 0),
  );
  expect(() => recommender.candidates(request, { without: Int32Array.of(3, 1) })).toThrow(
    /"without" must be ascending/,
  );
});
