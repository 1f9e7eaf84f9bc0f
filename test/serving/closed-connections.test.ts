/** Questions of connections that are closed before their turn comes: they are not scored. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { LocalScoring } from '../../src/serving/scoring/local-scoring.ts';
import type { Question } from '../../src/serving/scoring/question.ts';
import { ScoringPool } from '../../src/serving/scoring/scoring-pool.ts';
import { startServer } from '../../src/serving/server.ts';
import { parseServerSettings } from '../../src/serving/settings.ts';
import { until } from '../cli/command-line.ts';
import { servedRecommender } from './served-world.ts';

const place = mkdtempSync(join(tmpdir(), 'deeptaste-closed-'));
const engine = new Engine({ threads: 1, blas: 'off' });
const path = join(place, 'run');
const LONG = 120_000;

beforeAll(async () => {
  const recommender = await servedRecommender(engine, 'ials');
  await recommender.save(path);
  recommender.close();
}, LONG);
afterAll(() => {
  engine.close();
  rmSync(place, { recursive: true, force: true });
});

/** Takes long: each user's list. */
const long: Question = { kind: 'lists', model: 'run', users: Array(20_000).fill('u1'), k: 10 };
const short: Question = { kind: 'some-users', model: 'run', count: 3 };

it(
  'a thread passes over those that were dropped while it was busy, and answers the others',
  async () => {
    const pool = await ScoringPool.start({
      ...{ sources: [{ name: 'run', path }], engine: { threads: 1, blas: 'off' }, workers: 1, queue: 100 },
      onLost: () => {},
    });
    const first = pool.ask(long);
    const gone = Array.from({ length: 10 }, () => new AbortController());
    const dropped = Promise.allSettled(gone.map(({ signal }) => pool.ask(long, signal)));
    const waits = pool.ask(short, new AbortController().signal);
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const each of gone) each.abort();
    const started = performance.now();
    await first;
    const once = performance.now() - started;
    expect(await waits).toHaveLength(3);
    expect(performance.now() - started - once).toBeLessThan(once);
    for (const each of await dropped)
      expect(each).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('closed') } });
    expect([pool.nDropped, pool.waiting]).toEqual([10, 0]);
    // one that was gone before it was asked is not even given to the thread
    await expect(pool.ask(short, AbortSignal.abort())).rejects.toThrow('closed');
    expect(await pool.ask(short)).toHaveLength(3);
    expect(pool.nDropped).toBe(11);
    await pool.close();
  },
  LONG,
);

it('in the thread of the program itself, too', async () => {
  const recommender = await servedRecommender(engine, 'ials');
  const scoring = new LocalScoring('run', recommender);
  await expect(scoring.ask(short, AbortSignal.abort())).rejects.toThrow('closed');
  expect(scoring.nDropped).toBe(1);
  recommender.close();
});

it(
  'a server notices that a connection is closed, and counts what it dropped',
  async () => {
    const server = await startServer({
      ...{ runs: [path], host: '127.0.0.1', port: 0, store: ':memory:', bus: null, workers: 1, queue: 1000 },
      ...{ settings: parseServerSettings({}), engine: { threads: 1, blas: 'off' }, rate: null, mostBody: 1 << 20 },
      ...{ origins: null, watch: false, drain: 0, keepDays: 1, retraining: null, training: null },
      log: { write: () => {} },
    });
    const metric = async (name: string): Promise<number> => {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1]);
    };
    const headers = { 'content-type': 'application/json' };
    const requests = Array.from({ length: 100 }, () => ({ user: 'u1', k: 30, diversity: 0.5, trial: true }));
    const busy = Array.from({ length: 5 }, () =>
      fetch(`${server.url}/recommend/batch`, { method: 'POST', headers, body: JSON.stringify({ requests }) }),
    );
    const asked = vi.spyOn(ScoringPool.prototype, 'ask');
    await until(() => asked.mock.calls.length === 500);
    const closing = new AbortController();
    const closed = fetch(`${server.url}/recommend`, {
      ...{ method: 'POST', headers, signal: closing.signal },
      body: JSON.stringify({ user: 'u2', k: 5 }),
    }).catch((error: Error) => error.name);
    await until(() => asked.mock.calls.length === 501);
    closing.abort();
    expect(await closed).toBe('AbortError');
    const replies = await Promise.all(busy);
    expect(replies.map(({ status }) => status)).toEqual(Array(5).fill(200));
    let n = 0;
    for (let tries = 0; tries < 100 && n === 0; tries++) n = await metric('deeptaste_dropped_questions_total');
    expect(n).toBe(1);
    asked.mockRestore();
    await server.stop();
  },
  LONG,
);
