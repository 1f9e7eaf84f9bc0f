/** Tables and trainings over HTTP: what is uploaded is looked at, trained on, served; what is wrong is told, and no path comes from a request. */
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filmsCsv, workplace } from '../cli/command-line.ts';
import { type RunningServer, startServer } from './running-server.ts';

const place = workplace();
const servers: RunningServer[] = [];
const start = async (...args: string[]): Promise<RunningServer> => {
  const server = await startServer(place, ...args);
  servers.push(server);
  return server;
};
afterAll(async () => {
  for (const { command } of servers) command.child.kill('SIGKILL');
  await Promise.all(servers.map(({ command }) => command.outcome));
});

const LIMIT = 20_000;
/** Each request may start a process, and the machine may be busy with other tests. */
const LONG = 600_000;
let server: RunningServer;
let table: string;

beforeAll(async () => {
  place.write('films.csv', filmsCsv());
  const { code, stderr } = await place.run([
    'train',
    '--data',
    'films.csv',
    '--model',
    'popularity',
    '--out',
    'run',
    '--quiet',
  ]);
  expect(code, stderr).toBe(0);
  server = await start('run', '--store', 'jobs.db', '--runs', 'made', '--max-upload', String(LIMIT));
}, LONG);

/** The job when it is over. */
async function ended(id: string, of = server) {
  for (;;) {
    const { body } = await of.ask('GET', `/jobs/${id}`);
    if (body.state !== 'waiting' && body.state !== 'running') return body;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

it(
  'an uploaded table is told as "deeptaste data" tells it',
  async () => {
    const { status, body } = await server.send('/uploads?name=My%20films!.csv', filmsCsv());
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: 'My-films.csv', bytes: Buffer.byteLength(filmsCsv()), problem: null });
    const told = JSON.parse((await place.run(['data', 'films.csv', '--json'])).stdout);
    expect({ ...body.data, name: '' }).toEqual({ ...told, name: '' });
    table = body.id;
    expect((await server.ask('GET', '/uploads')).body.uploads).toEqual([
      { id: table, name: 'My-films.csv', bytes: body.bytes },
    ]);
    const otherwise = await server.ask('PUT', `/uploads/${table}/reading`, { columns: { time: null } });
    expect(otherwise.body.data.time).toBeNull();
    const impossible = await server.ask('PUT', `/uploads/${table}/reading`, { columns: { user: '--help' } });
    expect(impossible.body).toMatchObject({ data: null, problem: expect.stringContaining('--help') });
  },
  LONG,
);

describe('what is no table, too large or of another kind', () => {
  it(
    'is told',
    async () => {
      const binary = new Uint8Array(2000).map((_, n) => (n * 37) % 256);
      const junk = await server.send('/uploads?name=junk.csv', binary);
      expect(junk.body).toMatchObject({ data: null, problem: expect.stringMatching(/^junk\.csv: /) });
      expect((await server.ask('DELETE', `/uploads/${junk.body.id}`)).body).toEqual({ removed: 1 });
      const large = await server.send('/uploads?name=large.csv', 'x'.repeat(LIMIT + 1));
      expect([large.status, large.body.error.code]).toEqual([413, 'too-large']);
      expect((await server.send('/uploads?name=a.csv', 'a,b', 'text/plain')).status).toBe(415);
      expect((await server.send('/uploads?name=a.csv', '')).body.error.message).toContain('found nothing');
      for (const name of ['a.exe', '../../etc/passwd', 'a', '.csv.gz'])
        expect((await server.send(`/uploads?name=${encodeURIComponent(name)}`, 'a,b')).status).toBe(400);
      // what is sent without a length is counted as it comes
      const stream = new ReadableStream({
        start(controller) {
          for (let n = 0; n < 10; n++) controller.enqueue(new TextEncoder().encode('x'.repeat(LIMIT / 5)));
          controller.close();
        },
      });
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: stream,
        duplex: 'half',
      };
      expect((await fetch(`${server.url}/uploads?name=stream.csv`, init as RequestInit)).status).toBe(413);
      expect((await server.ask('GET', '/uploads')).body.uploads).toHaveLength(1);
    },
    LONG,
  );
});

it('a training that cannot be is refused before it begins', async () => {
  const job = { name: 'wrong', model: 'mf', upload: table };
  const wrong: [object, number, RegExp][] = [
    [{ model: 'mff' }, 400, /did you mean "mf"/],
    [{ config: { factors: 0 } }, 400, /"factors"/],
    [{ config: { factor: 3 } }, 400, /did you mean "factors"/],
    [{ training: { epochs: -1 } }, 400, /"epochs"/],
    [{ metrics: ['ndgc@10'] }, 400, /ndcg/],
    [{ split: { method: 'given', test: '/etc/passwd' } }, 400, /split\.method/],
    [{ split: { method: 'ratio', test: '/etc/passwd' } }, 400, /test/],
    [{ read: { files: ['/etc/passwd'] } }, 400, /"read.files" is not a known option/],
    [{ read: { items: '/etc/passwd' } }, 400, /"read.items" is not a known option/],
    [{ name: '../escape' }, 400, /small letters/],
    [{ name: '.hidden' }, 400, /small letters/],
    [{ upload: 'nothing' }, 404, /upload it again/],
    [{ upload: undefined }, 400, /either "upload" or "data"/],
    [{ data: 'film-club' }, 400, /either "upload" or "data"/],
  ];
  for (const [change, status, message] of wrong) {
    const reply = await server.ask('POST', '/jobs', { ...job, ...change });
    expect([reply.status, reply.body.error.message], JSON.stringify(change)).toEqual([
      status,
      expect.stringMatching(message),
    ]);
    expect(reply.text).not.toContain(tmpdir());
  }
  expect((await server.ask('GET', '/jobs')).body.jobs).toEqual([]);
});

it(
  'a table is trained on, and the run is served, also after the server was started again',
  async () => {
    const request = {
      ...{ name: 'films-mf', model: 'mf', upload: table, config: { factors: 8 } },
      ...{ training: { epochs: 3, patience: 0 }, split: { method: 'leave-one-out' }, metrics: ['hr@5'] },
    };
    const asked = await server.ask('POST', '/jobs', request);
    expect(asked.status, asked.text).toBe(200);
    expect((await server.ask('POST', '/jobs', request)).body.error).toMatchObject({ code: 'taken' });
    expect((await server.ask('DELETE', `/uploads/${table}`)).body.error).toMatchObject({ code: 'in-use' });
    const job = await ended(asked.body.id);
    expect(job, job.problem).toMatchObject({
      state: 'done',
      name: 'films-mf',
      model: 'mf',
      problem: null,
      served: false,
    });
    const measured = job.epochs.filter(({ stage }: { stage: string }) => !stage.startsWith('all rows'));
    expect(measured.map(({ epoch }: { epoch: number }) => epoch)).toEqual([1, 2, 3]);
    expect(measured[0].loss).toBeGreaterThan(0);
    expect(Object.keys(job.result.result.metrics)).toEqual(['hr@5']);
    expect(JSON.stringify(job)).not.toContain(place.folder);
    expect(JSON.stringify(job)).not.toContain(tmpdir());
    expect((await server.ask('GET', '/runs')).body.runs).toMatchObject([
      { name: 'films-mf', model: 'mf', served: false },
    ]);
    expect((await server.ask('POST', '/models', { run: 'nowhere' })).status).toBe(404);
    const served = await server.ask('POST', '/models', { run: 'films-mf' });
    expect(served.body.models.map(({ name }: { name: string }) => name)).toEqual(['run', 'films-mf']);
    const list = await server.ask('POST', '/recommend', { user: 'u1', k: 3, model: 'films-mf' });
    expect(list.body).toMatchObject({ model: 'films-mf', items: [{}, {}, {}] });
    await server.stop();
    server = await start('run', '--store', 'jobs.db', '--runs', 'made', '--max-upload', String(LIMIT));
    expect((await server.ask('GET', '/models')).body.models).toHaveLength(2);
    expect((await server.ask('DELETE', '/models/run')).body.error).toMatchObject({ code: 'command-line' });
    const less = await server.ask('DELETE', '/models/films-mf');
    expect(less.body.models.map(({ name }: { name: string }) => name)).toEqual(['run']);
    expect(existsSync(place.path('made', 'films-mf'))).toBe(true);
  },
  LONG,
);

it(
  'a training is cancelled, and leaves nothing; one that fails says why',
  async () => {
    const upload = await server.send('/uploads?name=films.csv', filmsCsv());
    const job = { model: 'mf', upload: upload.body.id };
    const long = await server.ask('POST', '/jobs', {
      ...job,
      name: 'long',
      training: { epochs: 100_000, patience: 0 },
    });
    const waits = await server.ask('POST', '/jobs', { ...job, name: 'waits' });
    let now = long.body;
    while (now.epochs.length === 0 && now.state !== 'failed') {
      await new Promise((resolve) => setTimeout(resolve, 100));
      now = (await server.ask('GET', `/jobs/${long.body.id}`)).body;
    }
    expect(now).toMatchObject({ state: 'running', stage: expect.stringContaining('training') });
    expect((await server.ask('GET', `/jobs/${waits.body.id}`)).body.state).toBe('waiting');
    expect((await server.ask('DELETE', `/jobs/${waits.body.id}`)).body.state).toBe('cancelled');
    expect((await server.ask('DELETE', `/jobs/${long.body.id}`)).body.state).toBe('cancelled');
    // the next one begins when nothing of it is left
    const constant = await server.send('/uploads?name=one.csv', 'user,item\nann,a\n');
    const failing = await server.ask('POST', '/jobs', { name: 'fails', model: 'deepfm', upload: constant.body.id });
    const failed = await ended(failing.body.id);
    expect(failed).toMatchObject({ state: 'failed', result: null });
    expect(failed.problem).not.toContain('/');
    expect(readdirSync(place.path('made')).filter((name) => /long|waits|fails/.test(name))).toEqual([]);
    expect((await server.ask('DELETE', `/jobs/${failed.id}`)).status).toBe(200);
    expect((await server.ask('GET', `/jobs/${failed.id}`)).status).toBe(404);
    await server.stop();
  },
  LONG,
);

it(
  'what the environment holds is in no training',
  async () => {
    const upload = await startServer(place, 'run', '--store', 'env.db', '--runs', 'made');
    servers.push(upload);
    const { body } = await upload.send('/uploads?name=films.csv', filmsCsv());
    const job = { name: 'environment', model: 'popularity', upload: body.id };
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what an experiment file would put the variable for
    const asked = await upload.ask('POST', '/jobs', { ...job, read: { columns: { user: '${HOME}' } } });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as it was written
    const problem = expect.stringContaining('${HOME}');
    expect(await ended(asked.body.id, upload)).toMatchObject({ state: 'failed', problem });
  },
  LONG,
);

it(
  'a server without a folder for runs says how it gets one',
  async () => {
    const without = await start('run', '--store', 'without.db');
    for (const [method, path, body] of [
      ['GET', '/catalogue'],
      ['GET', '/jobs'],
      ['GET', '/runs'],
      ['POST', '/models', { run: 'x' }],
      ['DELETE', '/models/run'],
    ] as const) {
      const reply = await without.ask(method, path, body);
      expect([reply.status, reply.body.error.message]).toEqual([409, expect.stringContaining('--runs FOLDER')]);
    }
    expect((await without.send('/uploads?name=films.csv', filmsCsv())).status).toBe(409);
  },
  LONG,
);
