/** Threads that score: what is loaded when artifacts change meanwhile, and threads that are lost. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { appOf } from '../../src/serving/app.ts';
import { noLog } from '../../src/serving/log.ts';
import { Metrics } from '../../src/serving/metrics.ts';
import { NOBODY } from '../../src/serving/scoring/question.ts';
import { ScoringPool } from '../../src/serving/scoring/scoring-pool.ts';
import { ScoringWorker } from '../../src/serving/scoring/scoring-worker.ts';
import { wantedOf } from '../../src/serving/service/asking.ts';
import { parseServerSettings } from '../../src/serving/settings.ts';
import { memoryStore } from '../../src/serving/store/open-store.ts';
import { servedRecommender } from './served-world.ts';

const place = mkdtempSync(join(tmpdir(), 'deeptaste-pool-'));
const [run, other, away] = ['run', 'other', 'away'].map((name) => join(place, name));
const LONG = 240_000;
const lost: string[] = [];
let pool: ScoringPool | null = null;

beforeAll(async () => {
  const engine = new Engine({ threads: 1, blas: 'off' });
  for (const [model, folder] of [
    ['popularity', run],
    ['item-knn', other],
  ]) {
    const recommender = await servedRecommender(engine, model);
    await recommender.save(folder);
    recommender.close();
  }
  engine.close();
}, LONG);

afterEach(async () => {
  vi.restoreAllMocks();
  await pool?.close();
  lost.length = 0;
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

async function started(): Promise<ScoringPool> {
  pool = await ScoringPool.start({
    ...{ sources: [{ name: 'run', path: run }], engine: { threads: 1, blas: 'off' }, workers: 1, queue: 10 },
    onLost: (error) => void lost.push(error.message),
  });
  return pool;
}

/** The status of GET /health/ready. */
async function ready(scoring: ScoringPool): Promise<number> {
  const store = await memoryStore();
  const metrics = new Metrics(scoring, Date.now);
  const { fetch } = appOf({
    ...{ store, scoring, metrics, settings: parseServerSettings({}), log: noLog },
    ...{ rate: null, mostBody: 1000, origins: null, studio: false, requireKeys: false },
    running: { isReady: () => true, reload: null },
  });
  const { status } = await fetch(new Request('http://served/health/ready'));
  metrics.close();
  await store.close();
  return status;
}

function swap(): void {
  renameSync(run, away);
  renameSync(other, run);
  renameSync(away, other);
}

it(
  'a reload that is asked for while another one has read the files loads what came since',
  async () => {
    const threads = await started();
    const former = threads.about[0].model;
    const start = ScoringWorker.start.bind(ScoringWorker);
    let second: Promise<void> | null = null;
    vi.spyOn(ScoringWorker, 'start').mockImplementation(async (...given) => {
      const worker = await start(...given);
      if (second === null) {
        swap();
        second = threads.reload();
      }
      return worker;
    });
    await threads.reload();
    expect(threads.about[0].model).toBe(former);
    await second;
    expect(threads.about[0].model).not.toBe(former);
  },
  LONG,
);

it(
  'a thread that is lost while its run is gone is started when the run is there again',
  async () => {
    const start = ScoringWorker.start.bind(ScoringWorker);
    let lose = (): void => {};
    vi.spyOn(ScoringWorker, 'start').mockImplementation(async (sources, onLost) => {
      const worker = await start(sources, onLost);
      lose = () => onLost(worker, new Error('lost for a test'));
      return worker;
    });
    const threads = await started();
    const question = {
      ...({ kind: 'recommend', model: 'run', person: NOBODY } as const),
      wanted: wantedOf(3, {}, {}, [], 'seed'),
    };
    renameSync(run, away);
    lose();
    await expect(threads.ask(question)).rejects.toThrow('no thread is ready');
    expect(await ready(threads)).toBe(503);
    await vi.waitFor(() => expect(lost).toHaveLength(2), { timeout: 60_000 });
    renameSync(away, run);
    await vi.waitFor(async () => expect((await threads.ask(question)).items).toHaveLength(3), { timeout: 60_000 });
    expect(await ready(threads)).toBe(200);
  },
  LONG,
);
