/** The server as a process of its own: start, stop, death, another artifact under load. */
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { filmsCsv, type RunningCommand, until, workplace } from '../cli/command-line.ts';
import { agreement, killedUnderLoad, post, reloadedUnderLoad } from './faults.ts';
import { addressOf, onPostgres, postgresServer } from './postgres.ts';

const place = workplace();
const running = new Set<RunningCommand>();
/** The machine may be busy with other tests. */
const START_MS = 60_000;

beforeAll(async () => {
  place.write('films.csv', filmsCsv());
  for (const [model, out] of [
    ['item-knn', 'run'],
    ['popularity', 'other'],
  ]) {
    const { code, stderr } = await place.run([
      'train',
      '--data',
      'films.csv',
      '--model',
      model,
      '--out',
      out,
      '--quiet',
    ]);
    expect(code, stderr).toBe(0);
  }
}, 120_000);

afterEach(async () => {
  for (const { child, outcome } of running) {
    child.kill('SIGKILL');
    await outcome;
  }
  running.clear();
});

interface Started {
  readonly command: RunningCommand;
  readonly url: string;
  readonly log: () => { readonly event: string; readonly [name: string]: unknown }[];
}

async function start(...args: string[]): Promise<Started> {
  const command = place.start(['serve', 'run', '--port', '0', '--workers', '1', '--json', ...args]);
  running.add(command);
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    command.child[name]?.on('data', (chunk) => {
      texts[name] += chunk;
    });
  await until(() => texts.stdout.includes('}') || command.child.exitCode !== null, START_MS);
  expect(command.child.exitCode, texts.stderr).toBeNull();
  const log = () => texts.stderr.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  return { command, url: JSON.parse(texts.stdout).url, log };
}

it('keeps what it has acknowledged when it is killed, and goes on with it', async () => {
  const startOver = async () => {
    const { command, url } = await start('--store', 'killed.db');
    return {
      url,
      kill: async () => {
        command.child.kill('SIGKILL');
        await command.outcome;
      },
    };
  };
  const { acknowledged, lost } = await killedUnderLoad(startOver, 2, new RandomStream(1, 'kill'));
  expect(acknowledged).toBeGreaterThan(1);
  expect(lost).toBe(0);
  const { url } = await start('--store', 'killed.db');
  expect((await post(url, '/recommend', { user: 'visitor1', k: 2 })).body.items[0].route).toBe('fold-in');
}, 200_000);

it('answers what was asked before it stops, with exit code 0', async () => {
  const { command, url, log } = await start('--store', 'stopped.db', '--drain', '4');
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  const asked = Array.from({ length: 30 }, (_, n) => post(url, '/recommend', { user: `u${n}`, k: 3 }));
  await until(() => log().some(({ event }) => event === 'request'));
  command.child.kill('SIGTERM');
  await until(() => log().some(({ event }) => event === 'stopping'));
  expect((await fetch(`${url}/health/ready`)).status).toBe(503);
  for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
  expect((await command.outcome).code).toBe(0);
  expect(log().at(-1)?.event).toBe('stopped');
  await expect(fetch(url)).rejects.toThrow();
}, 200_000);

describe('another artifact', () => {
  it('is loaded under load, time after time, and nobody notices', async () => {
    const { url } = await start('--store', 'often.db');
    const { asked, failed } = await reloadedUnderLoad(url, 3);
    expect(failed).toEqual([]);
    expect(asked).toBeGreaterThan(10);
  }, 200_000);

  it('takes the place of the former one without a failed request; one that is damaged is refused', async () => {
    const { url, log } = await start('--store', 'reloaded.db', '--watch');
    const versions = new Set<unknown>();
    const statuses = new Set<number>();
    let isAsking = true;
    const asking = (async () => {
      while (isAsking) {
        const { status, body } = await post(url, '/recommend', { user: 'u1', k: 3 });
        statuses.add(status);
        versions.add(body.version);
      }
    })();
    // as saving does: a complete folder takes the place of another
    cpSync(place.path('other'), place.path('next'), { recursive: true });
    renameSync(place.path('run'), place.path('former'));
    renameSync(place.path('next'), place.path('run'));
    await until(() => versions.size === 2, START_MS);
    const weights = join(place.path('run'), 'weights.safetensors');
    truncateSync(weights, 10);
    const refused = await post(url, '/admin/reload', {});
    expect(refused.status).toBe(409);
    expect(JSON.stringify(refused.body)).not.toMatch(/weights|\//);
    expect(log().some(({ event }) => event === 'reload refused')).toBe(true);
    isAsking = false;
    await asking;
    expect([...statuses]).toEqual([200]);
    expect(versions.size).toBe(2);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/deeptaste_reloads_total\{outcome="done"\} 1/);
    expect(metrics).toMatch(/deeptaste_reloads_total\{outcome="refused"\} [12]/);
    rmSync(place.path('run'), { recursive: true });
    renameSync(place.path('former'), place.path('run'));
    expect(metrics).toMatch(/deeptaste_request_seconds_count\{route="recommend",status="200"\} \d+/);
  }, 200_000);
});

describe('several servers', () => {
  it('over one file are told that they do not hear of each other', async () => {
    const first = await start('--store', 'shared.db', '--drain', '0');
    const second = await start('--store', 'shared.db', '--drain', '0');
    const of = ({ log }: Started) => log().find(({ event }) => event === 'shared file');
    expect(of(first)).toBeUndefined();
    expect(of(second)).toMatchObject({
      level: 'warn',
      message: expect.stringMatching(`process ${first.command.child.pid} serves .* --store postgres://`),
    });
    second.command.child.kill('SIGKILL');
    await second.command.outcome;
    const third = await start('--store', 'shared.db', '--drain', '0');
    expect(of(third)).toBeUndefined(); // whoever left the mark is gone
    third.command.child.kill('SIGTERM');
    expect((await third.command.outcome).code).toBe(0);
    expect(existsSync(place.path('shared.db-server'))).toBe(false);
  }, 200_000);

  const redis = process.env.DEEPTASTE_REDIS ?? 'redis://127.0.0.1:6379';
  const database = `deeptaste_fleet_${randomUUID().slice(0, 8)}`;

  it('over one store know what each is told', async ({ skip }) => {
    const connection = new Redis(redis, { lazyConnect: true, retryStrategy: () => null });
    connection.on('error', () => {});
    const hasRedis = await connection.connect().then(
      () => true,
      () => false,
    );
    if (!hasRedis || !(await onPostgres(`CREATE DATABASE ${database}`))) {
      connection.disconnect();
      skip(`needs Postgres at ${postgresServer} (DEEPTASTE_POSTGRES) and Redis at ${redis} (DEEPTASTE_REDIS)`);
    }
    try {
      const args = ['--store', addressOf(database), '--bus', `${redis}?prefix=${database}`];
      const [a, b] = await Promise.all([start(...args), start(...args)]);
      // the very first answer of the other one knows; how fast it is depends on the machine
      expect((await agreement([a.url, b.url], 4)).atOnce).toBe(4);
      const put = await fetch(`${a.url}/items/f7`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: '{ "available": false }',
      });
      expect(put.status).toBe(200);
      const available = async () =>
        ((await (await fetch(`${b.url}/items/f7`)).json()) as { available: boolean }).available;
      const end = performance.now() + 20_000;
      while ((await available()) && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await available()).toBe(false);
      await post(a.url, '/admin/reload', {});
      await until(() => b.log().some(({ event }) => event === 'reloaded'), START_MS);
      // another process writes to the stream, one of the servers keeps it
      await connection.xadd(
        `${database}:feedback`,
        '*',
        'event',
        JSON.stringify({ type: 'view', user: 'far', item: 'f8' }),
      );
      const history = async () =>
        ((await (await fetch(`${b.url}/users/far`)).json()) as { history: unknown[] }).history;
      while ((await history()).length === 0 && performance.now() < end + 20_000)
        await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await history()).toMatchObject([{ id: 'f8' }]);
      for (const { command } of [a, b]) command.child.kill('SIGTERM');
      expect((await a.command.outcome).code).toBe(0);
      expect((await b.command.outcome).code).toBe(0);
    } finally {
      await connection.del(`${database}:feedback`);
      connection.disconnect();
      for (const { child } of running) child.kill('SIGKILL');
      await onPostgres(`DROP DATABASE ${database} WITH (FORCE)`);
    }
  }, 200_000);
});

describe('what cannot be served', () => {
  it('ends with one line that says why', async () => {
    const outcomes = await Promise.all([
      place.run(['serve', 'nowhere', '--port', '0', '--store', 'a.db']),
      place.run(['serve', 'other', '--port', '0', '--store', 'b.db', '--host', '0.0.0.0']),
      place.run(['serve', 'other', '--port', '0', '--store', join('no', 'folder', 'c.db')]),
      place.run(['serve', 'other', 'other', '--port', '0', '--store', 'd.db']),
      place.run(['keys', 'remove', 'zz', '--store', 'e.db']),
    ]);
    expect(outcomes.map(({ code, stderr }) => `${code} ${stderr.trim()}`)).toEqual([
      expect.stringMatching(/^1 error: [^\n]*nowhere[^\n]*$/),
      expect.stringMatching(/^2 error: serve: [^\n]*needs keys[^\n]*deeptaste keys add[^\n]*$/),
      expect.stringMatching(/^1 error: store: [^\n]*c\.db[^\n]*$/),
      expect.stringMatching(/^2 error: serve: [^\n]*different names[^\n]*$/),
      expect.stringMatching(/^1 error: keys: [^\n]*"zz"[^\n]*$/),
    ]);
  }, 200_000);

  it('serves other machines with keys', async () => {
    const made = await place.run(['keys', 'add', '--access', 'read', '--store', 'keys.db', '--json']);
    const { key, id } = JSON.parse(made.stdout);
    const { url } = await start('--store', 'keys.db', '--host', '0.0.0.0');
    const local = url.replace('0.0.0.0', '127.0.0.1');
    expect((await fetch(`${local}/models`)).status).toBe(401);
    const headers = { authorization: `Bearer ${key}` };
    expect((await fetch(`${local}/models`, { headers })).status).toBe(200);
    expect((await place.run(['keys', 'list', '--store', 'keys.db'])).stdout).toMatch(new RegExp(`^${id}  read`));
    expect((await place.run(['keys', 'remove', id, '--store', 'keys.db'])).code).toBe(0);
    // keys are read again within 5 s; without any key nobody may ask from elsewhere
    const end = performance.now() + 20_000;
    while ((await fetch(`${local}/models`, { headers })).status !== 401 && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await fetch(`${local}/models`, { headers })).status).toBe(401);
  }, 200_000);
});
