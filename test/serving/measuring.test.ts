/** What is told of served runs: their measures, tests against each other, exposure, maps; against the library and single lists. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { inspectArtifact } from '../../src/artifact/artifact.ts';
import { versionOf } from '../../src/artifact/manifest.ts';
import { Client } from '../../src/client/index.ts';
import { RandomStream } from '../../src/core/random.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { compareResults } from '../../src/evaluation/comparison.ts';
import type { NegativeStudy } from '../../src/runs/negative-study-schema.ts';
import { keepNegatives, keepTuning, runRecord, storedResult } from '../../src/runs/run-record.ts';
import { trainRecommender } from '../../src/runs/train-recommender.ts';
import { appOf } from '../../src/serving/app.ts';
import { noLog } from '../../src/serving/log.ts';
import { Metrics } from '../../src/serving/metrics.ts';
import type { Scoring } from '../../src/serving/scoring/question.ts';
import { loadModels, type ServedModels } from '../../src/serving/scoring/served-models.ts';
import { parseServerSettings } from '../../src/serving/settings.ts';
import { memoryStore } from '../../src/serving/store/open-store.ts';
import type { Store } from '../../src/serving/store/store.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { madeStudy } from './made-study.ts';
import { describedDataset, genreOf, servedRecommender } from './served-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'deeptaste-measuring-'));
const engine = new Engine({ threads: 1, blas: 'off' });
const pathOf = (name: string): string => join(folder, name);
let models: ServedModels;
let store: Store;
let metrics: Metrics;
let client: Client;

async function saveRun(name: string, model: string, split: object): Promise<void> {
  const settings = parseRunSettings({
    data: { files: ['none'] },
    model,
    training: model === 'bpr-mf' ? { epochs: 3 } : {},
    evaluation: { metrics: ['ndcg@3', 'hr@3', 'coverage@3'] },
  });
  const run = await trainRecommender({ engine, split: splitDataset(describedDataset(), split as never), settings });
  await run.recommender.save(pathOf(name), run.result, runRecord(settings, run.result, run.log, run.account));
  run.recommender.close();
}

const study: NegativeStudy = {
  model: 'bpr-mf',
  metric: 'ndcg@3',
  chance: { heldOut: 0.01, falseNegatives: null },
  samplers: [
    {
      sampler: 'dns',
      looks: [
        {
          epoch: 1,
          negatives: 40,
          meanSlope: 0.5,
          slopes: { p10: 0.4, p50: 0.5, p90: 0.6 },
          idle: 0,
          heldOut: 0.02,
          falseNegatives: null,
        },
      ],
      metric: 0.25,
    },
  ],
};

beforeAll(async () => {
  const lastOut = { method: 'leave-one-out' };
  await saveRun('ials', 'ials', lastOut);
  await saveRun('bpr', 'bpr-mf', lastOut);
  await keepNegatives(pathOf('bpr'), study);
  await keepTuning(pathOf('bpr'), madeStudy);
  await saveRun('popular', 'popularity', lastOut);
  await saveRun('elsewhere', 'ials', { method: 'ratio' });
  const unmeasured = await servedRecommender(engine, 'ials');
  await unmeasured.save(pathOf('unmeasured'));
  const names = ['ials', 'bpr', 'popular', 'elsewhere', 'unmeasured'];
  models = await loadModels(
    names.map((name) => ({ name, path: pathOf(name) })),
    { threads: 1, blas: 'off' },
  );
  const scoring: Scoring = {
    about: models.answer({ kind: 'about' }),
    runs: models.answer({ kind: 'about' }).map(({ name, version }) => ({ name, version, path: pathOf(name) })),
    isThere: true,
    waiting: 0,
    nDropped: 0,
    ask: async (question) => models.answer(question),
    itemsChanged: async (items) => models.itemsChanged(items),
    close: async () => {},
  };
  store = await memoryStore();
  metrics = new Metrics(scoring, Date.now);
  const { fetch } = appOf({
    store,
    scoring,
    settings: parseServerSettings({}),
    metrics,
    running: { isReady: () => true, reload: null },
    requireKeys: false,
    rate: null,
    mostBody: 1 << 20,
    origins: null,
    studio: false,
    log: noLog,
  });
  client = new Client('http://served', { fetch: async (input, init) => fetch(new Request(input as string, init)) });
});
afterAll(async () => {
  models.close();
  metrics.close();
  await store.close();
  engine.close();
  rmSync(folder, { recursive: true });
});

const runs = ['ials', 'bpr', 'popular'];

it('tells the numbers of a run, its epochs, and what it has not', async () => {
  const told = await client.measures('bpr');
  const stored = await storedResult(pathOf('bpr'));
  expect(told.unit).toBe('users');
  expect(told.metrics['ndcg@3']).toMatchObject({ mean: (stored.metrics['ndcg@3'] as { mean: number }).mean });
  expect(told.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  expect(told.validationMetric).toBe('ndcg@10');
  expect(told.missing).toEqual([]);
  expect((await client.measures('popular')).missing).toEqual([expect.stringContaining('epochs')]);
  expect(told.negatives).toEqual(study);
  expect(told.tuning).toEqual(madeStudy);
  expect((await client.measures('popular')).tuning).toBeNull();
  expect((await client.measures('popular')).negatives).toBeNull();
  const none = await client.measures('unmeasured');
  expect(none).toMatchObject({ unit: null, protocol: null, metrics: {} });
  expect(none.missing[0]).toContain('deeptaste evaluate unmeasured --save');
  expect(JSON.stringify(none)).not.toContain(folder);
});

it('compares as the library does, in slices too', async () => {
  const told = await client.compare({ models: runs, metric: 'ndcg@3', slices: true });
  const results = await Promise.all(runs.map(async (name) => ({ name, result: await storedResult(pathOf(name)) })));
  const expected = compareResults(results, 'ndcg@3', { stream: new RandomStream(1, 'compare'), slices: true });
  expect(told.rows.map(({ name }) => name)).toEqual(expected.rows.map(({ name }) => name));
  expect(told.rows.map(({ difference }) => difference)).toEqual(expected.rows.map(({ difference }) => difference));
  expect(told.slices?.slices.map(({ name }) => name)).toEqual(expected.slices?.slices.map(({ name }) => name));
  expect(told).toMatchObject({ lowerIsBetter: false, shared: ['ndcg@3', 'hr@3', 'coverage@3'], unit: 'users' });
  const given = await client.compare({ models: runs, baseline: 'popular' });
  expect(given.rows.find(({ isBaseline }) => isBaseline)?.name).toBe('popular');
});

it('refuses unlike protocols and missing values, with the reason and no folder', async () => {
  const refused = await client.compare({ models: ['ials', 'elsewhere'] }).catch((error) => error);
  expect(refused).toMatchObject({ status: 409, code: 'protocol' });
  expect(refused.message).toContain('split.method');
  const all = await client.compare().catch((error) => error);
  expect([409, 400]).toContain(all.status);
  const unmeasured = await client.compare({ models: ['ials', 'unmeasured'] }).catch((error) => error);
  expect(unmeasured).toMatchObject({ status: 400, code: 'usage' });
  expect(unmeasured.message).not.toContain(folder);
  await expect(client.compare({ models: ['ials', 'nobody'] })).rejects.toMatchObject({ status: 404 });
  const twice = await client.compare({ models: ['ials', 'ials'] }).catch((error) => error);
  expect(twice).toMatchObject({ status: 400, message: expect.stringContaining('found "ials" twice') });
  await expect(client.compare({ models: [] })).rejects.toMatchObject({ status: 400 });
  await expect(client.compare({ models: runs, metric: 'mrr@7' })).rejects.toMatchObject({ status: 404 });
});

it('counts what the lists of users hold', async () => {
  const k = 3;
  const told = await client.exposure('ials', { k, users: 1000 });
  expect(told.users).toBe(40);
  const counts = new Map<string, number>();
  for (let user = 0; user < 40; user++)
    for (const { id, route } of (await client.recommend({ user: `u${user}`, model: 'ials', k, trial: true })).items)
      if (route === 'model') counts.set(id, (counts.get(id) ?? 0) + 1);
  expect(new Map(told.points.map(({ id, shown }) => [id, shown]))).toEqual(counts);
  expect(told.coverage).toBeCloseTo(counts.size / told.nItems, 12);
  const sum = (of: 'taken' | 'shown') => told.tenths.reduce((total, tenth) => total + tenth[of], 0);
  expect([sum('taken'), sum('shown')]).toEqual([expect.closeTo(1, 12), expect.closeTo(1, 12)]);
  expect(told.tenths.reduce((total, { items }) => total + items, 0)).toBe(told.nItems);

  const few = await client.exposure('ials', { k, users: 10 });
  expect(few.users).toBe(10);
  await client.deleteUser('u4');
  expect((await client.exposure('ials', { k, users: 1000 })).users).toBe(39);
  // what is kept is told without a look at who was deleted
  const looked = vi.spyOn(store, 'withoutForgotten');
  expect((await client.exposure('ials', { k, users: 1000 })).users).toBe(39);
  expect(looked).not.toHaveBeenCalled();
  // five of them are asked for, and five come, though one was deleted
  const { users } = await client.users({ search: 'u', limit: 5 });
  expect(users.map(({ id }) => id)).toHaveLength(5);
  expect(users.map(({ id }) => id)).not.toContain('u4');
  looked.mockRestore();
});

it('maps items that have vectors, coloured by a field', async () => {
  const told = await client.map('ials', { color: 'genre' });
  expect(told.points.length).toBe(told.items);
  for (const { id, value, title } of told.points) expect([value, title]).toEqual([genreOf(id), `Film ${id}`]);
  // two clubs that share no item lie apart along the first axis
  const sides = (club: number) => told.points.filter(({ id }) => Number(id.slice(1)) % 2 === club).map(({ x }) => x);
  expect(Math.max(...sides(0)) < Math.min(...sides(1)) || Math.max(...sides(1)) < Math.min(...sides(0))).toBe(true);
  const near = await client.map('ials', { layout: 'neighbours', color: 'genre' });
  expect(near).toMatchObject({ layout: 'neighbours', explained: null, items: told.items });
  // the nearest item of the plane is of the same club
  for (const a of near.points) {
    const far = (b: (typeof near.points)[number]) =>
      a === b ? Number.POSITIVE_INFINITY : Math.hypot(a.x - b.x, a.y - b.y);
    const nearest = near.points.reduce((best, b) => (far(b) < far(best) ? b : best));
    expect(Number(nearest.id.slice(1)) % 2).toBe(Number(a.id.slice(1)) % 2);
  }
  expect((await client.map('ials')).points[0].value).toBeNull();
  await expect(client.map('ials', { color: 'genres' })).rejects.toMatchObject({ status: 404 });
  await expect(client.map('popular')).rejects.toMatchObject({ status: 400, code: 'usage' });
});

it('finds people by what they took', async () => {
  const { users } = await client.users({ item: 'i2', limit: 200 });
  expect(users.length).toBeGreaterThan(0);
  for (let user = 0; user < 40; user++) {
    const id = `u${user}`;
    const took = (await client.user(id)).history.some((item) => item.id === 'i2');
    expect(users.some((each) => each.id === id)).toBe(took);
  }
  expect((await client.users({ item: 'nothing' })).users).toEqual([]);
});

it('neither keeps nor counts what is only looked at', async () => {
  const before = await metrics.text();
  const { recommendationId } = await client.recommend({ user: 'u1', k: 2, trial: true });
  const lists = (text: string) => text.split('\n').filter((line) => line.startsWith('deeptaste_lists_total'));
  expect(lists(await metrics.text())).toEqual(lists(before));
  await expect(client.recommendation(recommendationId)).rejects.toMatchObject({ status: 404 });
  await expect(client.recommend({ after: recommendationId })).rejects.toMatchObject({ status: 404 });
  const kept = await client.recommend({ user: 'u1', k: 2 });
  expect((await client.recommendation(kept.recommendationId)).items).toHaveLength(2);
});

it('shows the rest of a run whose study of negatives or epochs are damaged, and says so', async () => {
  const path = pathOf('bpr');
  const files = ['negatives.json', 'epochs.jsonl'].map((name) => join(path, name));
  const whole = files.map((file) => readFileSync(file));
  for (const file of files) writeFileSync(file, '{"epoch"');
  const version = versionOf(await inspectArtifact(path));
  const told = await models.answer({ kind: 'measures', run: { name: 'bpr', path, version } });
  files.forEach((file, n) => {
    writeFileSync(file, whole[n]);
  });
  expect(told).toMatchObject({ epochs: [], negatives: null, validationMetric: 'ndcg@10' });
  expect(told.missing).toEqual(
    expect.arrayContaining([
      expect.stringContaining('bpr/epochs.jsonl'),
      expect.stringContaining('bpr/negatives.json'),
    ]),
  );
  expect(JSON.stringify(told)).not.toContain(folder);
});

it('does not tell the numbers of another run that took the place of the one that is served', async () => {
  await saveRun('popular', 'ials', { method: 'leave-one-out' });
  const [about] = (await client.models()).models.filter(({ name }) => name === 'popular');
  expect(about.model).toBe('popularity');
  const fresh = await loadModels([{ name: 'popular', path: pathOf('popular') }], { threads: 1, blas: 'off' });
  fresh.close();
  await expect(client.compare({ models: ['ials', 'popular'] })).rejects.toMatchObject({ status: 400, code: 'usage' });
  writeFileSync(join(pathOf('bpr'), 'manifest.json'), '{}');
  const broken = await client.compare({ models: ['ials', 'bpr'], metric: 'hr@3' }).catch((error) => error);
  expect(broken.status).toBe(500);
  expect(broken.message).not.toContain(folder);
});

it('says of a run whose folder is gone that it is, and names no folder', async () => {
  const run = { name: 'gone', path: pathOf('nowhere'), version: '1' };
  const { missing, epochs } = await models.answer({ kind: 'measures', run });
  expect([missing, epochs]).toEqual([[expect.stringContaining('holds no recommender any more')], []]);
  const refused = await Promise.resolve(
    models.answer({ kind: 'compare', runs: [run], metric: null, baseline: null, slices: false }),
  ).catch((error) => error);
  expect(refused.code).toBe('usage');
  expect(refused.message).not.toContain(folder);
});
