/** Runs that are added to a running server: told apart from those of the command line, and served again when it starts. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { Log } from '../../src/serving/log.ts';
import { ScoringPool } from '../../src/serving/scoring/scoring-pool.ts';
import { type Server, startServer } from '../../src/serving/server.ts';
import { parseServerSettings } from '../../src/serving/settings.ts';
import type { TrainingMeans } from '../../src/serving/training/means.ts';
import { servedRecommender } from './served-world.ts';

const place = mkdtempSync(join(tmpdir(), 'deeptaste-added-'));
const runs = join(place, 'made');
const LONG = 120_000;
const lines: { readonly event: string; readonly [name: string]: unknown }[] = [];
const log: Log = { write: (_, event, details) => void lines.push({ event, ...details }) };

beforeAll(async () => {
  const engine = new Engine({ threads: 1, blas: 'off' });
  const recommender = await servedRecommender(engine, 'popularity');
  for (const folder of ['run', 'made/one', 'made/two', 'made/three']) await recommender.save(join(place, folder));
  recommender.close();
  engine.close();
}, LONG);

let server: Server | null = null;
afterAll(async () => {
  await server?.stop();
  rmSync(place, { recursive: true, force: true });
});

const training: TrainingMeans = {
  ...{ folder: runs, mostUpload: 1000, program: [] },
  catalogue: () => Promise.reject(new Error('not asked for')),
  check: async () => {},
  dataArguments: () => [],
};

async function started(given: readonly string[], scenarios: object = {}) {
  await server?.stop();
  lines.length = 0;
  server = await startServer({
    ...{ runs: given, host: '127.0.0.1', port: 0, store: ':memory:', bus: null, workers: 1, queue: 10 },
    ...{ settings: parseServerSettings({ scenarios }), engine: { threads: 1, blas: 'off' }, rate: null },
    ...{ mostBody: 10_000, origins: null, watch: false, drain: 0, keepDays: 1, retraining: null, training, log },
  });
  const { url } = server;
  return async (method: string, path: string, body?: object) => {
    const init = { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const reply = await fetch(`${url}${path}`, init);
    return { status: reply.status, body: await reply.json() };
  };
}

const names = (models: readonly { readonly name: string }[]): string[] => models.map(({ name }) => name);

it(
  'are loaded in the first start of the threads, and scenarios may name them',
  async () => {
    const ask = await started([join(place, 'run')]);
    for (const run of ['one', 'two', 'three']) expect((await ask('POST', '/models', { run })).status).toBe(200);
    const [start, serve] = [vi.spyOn(ScoringPool, 'start'), vi.spyOn(ScoringPool.prototype, 'serve')];
    const again = await started([join(place, 'run')], { home: { model: 'two' } });
    expect(names((await again('GET', '/models')).body.models)).toEqual(['run', 'one', 'two', 'three']);
    expect([start.mock.calls.length, serve.mock.calls.length]).toEqual([1, 0]);
    expect((await again('DELETE', '/models/two')).body.error.code).toBe('in-use');
    expect((await again('DELETE', '/models/one')).status).toBe(200);
    vi.restoreAllMocks();
  },
  LONG,
);

it(
  'are left out and told of where they cannot be loaded, or their name is taken',
  async () => {
    cpSync(join(runs, 'two'), join(place, 'two'), { recursive: true });
    writeFileSync(join(runs, 'three', 'weights.safetensors'), 'damaged');
    writeFileSync(join(runs, '.served.json'), '["one","gone","two","three"]');
    const ask = await started([join(place, 'two')]);
    expect(names((await ask('GET', '/models')).body.models)).toEqual(['two', 'one']);
    expect(lines.filter(({ event }) => event === 'run not served').map(({ run }) => run)).toEqual([
      'gone',
      'two',
      'three',
    ]);
    writeFileSync(join(runs, '.served.json'), '["../two"]');
    const none = await started([join(place, 'run')]);
    expect(names((await none('GET', '/models')).body.models)).toEqual(['run']);
    expect(lines.map(({ event }) => event)).toContain('added runs not known');
  },
  LONG,
);

it(
  'runs of the folder that the command line names are its own, however their path is written',
  async () => {
    writeFileSync(join(runs, '.served.json'), '[]');
    for (const path of [join(runs, 'one'), relative(process.cwd(), join(runs, 'one'))]) {
      const ask = await started([path]);
      const { body } = await ask('GET', '/runs');
      expect(body.runs.find(({ name }: { name: string }) => name === 'one')).toMatchObject({ served: true });
      expect((await ask('DELETE', '/models/one')).body.error?.code).toBe('command-line');
      expect((await ask('POST', '/models', { run: 'two' })).status).toBe(200);
      expect(JSON.parse(readFileSync(join(runs, '.served.json'), 'utf8'))).toEqual(['two']);
      expect((await ask('DELETE', '/models/two')).status).toBe(200);
    }
  },
  LONG,
);
