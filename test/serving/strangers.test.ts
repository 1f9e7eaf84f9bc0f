/** Whatever strangers send to a server that runs: it is refused, nothing fails, and the server goes on. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filmsCsv, type RunningCommand, until, workplace } from '../cli/command-line.ts';

const place = workplace();
const running: RunningCommand[] = [];
const START_MS = 60_000;
const RATE = 5;

async function start(...args: string[]): Promise<string> {
  const command = place.start(['serve', 'run', '--port', '0', '--workers', '1', '--json', '--quiet', ...args]);
  running.push(command);
  let text = '';
  command.child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  await until(() => text.includes('}') || command.child.exitCode !== null, START_MS);
  return JSON.parse(text).url;
}

let url: string;
beforeAll(async () => {
  place.write('films.csv', filmsCsv());
  const { code, stderr } = await place.run(
    'train --data films.csv --model item-knn --out run --quiet --split none'.split(' '),
  );
  expect(code, stderr).toBe(0);
  url = await start('--store', 'open.db');
}, 120_000);
afterAll(async () => {
  for (const { child, outcome } of running) {
    child.kill('SIGKILL');
    await outcome;
  }
});

const json = { 'content-type': 'application/json' };
const post = (path: string, body: unknown, headers: Record<string, string> = json) =>
  fetch(`${url}${path}`, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

async function expectRefused(reply: Response, ...statuses: number[]): Promise<void> {
  const text = await reply.text();
  expect(statuses, text.slice(0, 300)).toContain(reply.status);
  if (reply.status !== 200) expect(text).toMatch(/^\{"error":\{"code":/);
  expect(text).not.toMatch(/ at .*\.(ts|js):|node_modules/);
}

/** Bytes as they are, and all that comes back until the connection ends. */
function raw(bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setTimeout(1500, () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (/^HTTP\/1\.1 \d+/.test(text)) setTimeout(() => socket.destroy(), 50);
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

const head = (line: string, ...headers: string[]) => [line, 'Host: x', ...headers, '', ''].join('\r\n');

it.each([
  ['a line break in the path', head('GET /users/a\r\nx-evil: 1 HTTP/1.1')],
  ['an encoded line break', head('GET /users/a%0d%0ax-evil:%201 HTTP/1.1')],
  ['a line break in a header', head('GET /models HTTP/1.1', 'authorization: Bearer a\rb')],
  ['NUL in a header', head('GET /models HTTP/1.1', 'authorization: Bearer a\0b')],
  ['two lengths', head('POST /recommend HTTP/1.1', 'content-length: 2', 'content-length: 3')],
  ['a length and chunks', head('POST /recommend HTTP/1.1', 'content-length: 2', 'transfer-encoding: chunked')],
  ['a length below 0', head('POST /recommend HTTP/1.1', 'content-length: -2')],
  [
    'chunks that are none',
    `${head('POST /recommend HTTP/1.1', 'content-type: application/json', 'transfer-encoding: chunked')}zz\r\n`,
  ],
  ['a header of 100 kB', head('GET /models HTTP/1.1', `x-long: ${'a'.repeat(100_000)}`)],
  ['a path of 100 kB', head(`GET /users/${'a'.repeat(100_000)} HTTP/1.1`)],
  ['a path of 10 kB', head(`GET /users/${'a'.repeat(10_000)} HTTP/1.1`)],
  ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['a method that is none', head('BREW /recommend HTTP/1.1')],
  ['TRACE', head('TRACE /models HTTP/1.1')],
  ['CONNECT', head('CONNECT example.com:443 HTTP/1.1')],
  ['an address elsewhere', head('GET http://example.com/models HTTP/1.1')],
  ['a backslash', head('GET /users\\a HTTP/1.1')],
  ['dots', head('GET /../../etc/passwd HTTP/1.1')],
  ['encoded dots', head('GET /users/%2e%2e%2f%2e%2e%2fetc HTTP/1.1')],
  ['a percent sign alone', head('GET /users/% HTTP/1.1')],
  ['bytes that are no UTF-8', Buffer.from(head('GET /users/\xff\xfe HTTP/1.1'), 'latin1')],
  ['encoded bytes that are no UTF-8', head('GET /users/%ff%fe HTTP/1.1')],
  ['NUL in a path', head('GET /users/a%00b HTTP/1.1')],
  ['no host', 'GET /models HTTP/1.1\r\n\r\n'],
  ['a host that is none', 'GET /models HTTP/1.1\r\nHost: a b/\\c\r\n\r\n'],
  ['HTTP/3.0', 'GET /models HTTP/3.0\r\nHost: x\r\n\r\n'],
])('%s', async (_what, bytes) => {
  const reply = await raw(bytes);
  expect(reply).not.toMatch(/^HTTP\/1\.1 5/);
  expect(reply).not.toMatch(/\r\nx-evil/i);
  expect(reply).not.toMatch(/ at .*\.(ts|js):|node_modules|root:/);
});

it('bodies of 10 MB are refused, whether they say how long they are or not', async () => {
  const large = JSON.stringify({ user: 'u1', exclude: ['a'.repeat(10_000_000)] });
  await expectRefused(await post('/recommend', large), 413);
  const inChunks = new ReadableStream({
    start(controller) {
      for (let n = 0; n < 10; n++) controller.enqueue(new TextEncoder().encode(large.slice(n * 1e6, (n + 1) * 1e6)));
      controller.close();
    },
  });
  const sent = fetch(`${url}/recommend`, {
    method: 'POST',
    headers: json,
    body: inChunks,
    duplex: 'half',
  } as RequestInit);
  // the server may close the connection before all has been sent
  const reply = await sent.catch(() => null);
  if (reply) await expectRefused(reply, 413);
  expect((await post('/recommend', { user: 'u1' })).status).toBe(200);
});

it('a small body in chunks is read', async () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"user":'));
      controller.enqueue(new TextEncoder().encode('"ü1","k":2}'));
      controller.close();
    },
  });
  const reply = await fetch(`${url}/recommend`, { method: 'POST', headers: json, body, duplex: 'half' } as RequestInit);
  expect(reply.status).toBe(200);
});

it('lists of 100,000 ids are refused', async () => {
  const ids = Array.from({ length: 100_000 }, (_, n) => `f${n}`);
  await expectRefused(await post('/recommend', { history: ids }), 400);
  await expectRefused(await post('/recommend', { user: 'u1', exclude: ids }), 400);
  await expectRefused(await post('/rank', { user: 'u1', items: ids }), 400, 413);
  await expectRefused(await post('/recommend/batch', { requests: ids.map((user) => ({ user })) }), 400, 413);
});

it.each([
  ['parentheses', `${'('.repeat(4999)}title = a${')'.repeat(4990)}`],
  ['complete parentheses', `${'('.repeat(4900)}title = a${')'.repeat(4900)}`],
  ['not', `${'not '.repeat(2400)}title = a`],
  ['or', Array.from({ length: 700 }, (_, n) => `title = ${n}`).join(' or ')],
  ['and with or in parentheses', '(title = a or title = b) and '.repeat(300).concat('title = c')],
  ['a long list', `title in (${Array.from({ length: 2000 }, (_, n) => n).join(', ')})`],
  ['an unclosed quote', `title = '${'a'.repeat(9000)}`],
  ['spaces', `title =${' '.repeat(9000)}a`],
  ['code', "title = a; process.exit(1) || constructor.constructor('return process')().exit()"],
])('conditions made of much: %s', async (_what, where) => {
  const start = performance.now();
  await expectRefused(await post('/recommend', { user: 'u1', where }), 200, 400);
  await expectRefused(await post('/similar', { item: 'f5', where }), 200, 400);
  expect(performance.now() - start).toBeLessThan(10_000);
});

it('JSON that is hard to read is refused or harmless', async () => {
  for (const body of [
    '['.repeat(200_000),
    `${'{"user":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
    '{"user":"u1","__proto__":{"k":5}}',
    '{"user":"u1","constructor":{"prototype":{"k":5}}}',
    '{"user":"u1","k":1e400}',
    '{"user":"\\ud800"}',
    '\ufeff{"user":"u1"}',
    '{"user":9007199254740993}',
    '',
    'null',
    '"text"',
  ])
    await expectRefused(await post('/recommend', body), 200, 400);
  await expectRefused(await post('/recommend', '{"user":"u1"}', { 'content-type': 'text/plain' }), 415);
});

it('ids of any script are somebody', async () => {
  for (const id of ['🎬👩‍🚀', 'Ünï', 'مرحبا', '\u202eabc', 'a\nb', 'ﬃ', '\u0301', '%00', "'; DROP TABLE events; --"]) {
    const events = [{ type: 'view', user: id, item: 'f5', session: id }];
    expect((await post('/feedback', events)).status).toBe(200);
    const reply = await fetch(`${url}/users/${encodeURIComponent(id)}`);
    expect(((await reply.json()) as { id: string }).id).toBe(id);
  }
});

it('keys: none, a wrong one, and one that may not are refused on every route that needs one', async () => {
  const made = await place.run(['keys', 'add', '--access', 'read', '--store', 'keys.db', '--json']);
  const { key } = JSON.parse(made.stdout);
  const closed = await start('--store', 'keys.db', '--rate', String(RATE * 1000));
  const { paths } = (await (await fetch(`${closed}/openapi.json`)).json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly 'x-access'?: string }>>>>;
  };
  for (const [path, methods] of Object.entries(paths))
    for (const [method, { 'x-access': access }] of Object.entries(methods)) {
      const ask = async (headers: Record<string, string>) =>
        (
          await fetch(`${closed}${path.replace(/\{\w+\}/, 'a')}`, {
            method: method.toUpperCase(),
            headers: { ...json, ...headers },
            ...(method !== 'get' && { body: '{}' }),
          })
        ).status;
      if (access === undefined) {
        expect(await ask({}), path).toBeLessThan(400);
        continue;
      }
      for (const wrong of [
        '',
        'Bearer',
        'Bearer dt_wrong',
        `Basic ${key}`,
        `Bearer ${key}x`,
        `Bearer ${'a'.repeat(5000)}`,
      ])
        expect(await ask({ authorization: wrong }), `${method} ${path} ${wrong}`).toBe(401);
      const status = await ask({ authorization: `Bearer ${key}` });
      if (access === 'read') expect([401, 403]).not.toContain(status);
      else expect(status, `${method} ${path}`).toBe(403);
    }
}, 120_000);

it('the rate limit holds, and says when to come again', async () => {
  const limited = await start('--store', 'limited.db', '--rate', String(RATE));
  const begun = performance.now();
  const replies = await Promise.all(Array.from({ length: 60 }, () => fetch(`${limited}/models`)));
  const seconds = (performance.now() - begun) / 1000;
  const answered = replies.filter(({ status }) => status === 200).length;
  expect(answered).toBeGreaterThan(0);
  expect(answered).toBeLessThanOrEqual(2 * RATE + Math.ceil(seconds * RATE));
  for (const reply of replies.filter(({ status }) => status !== 200)) {
    expect(reply.status).toBe(429);
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect((await fetch(`${limited}/health/live`)).status).toBe(200);
}, 120_000);

it('the server is still the one that was started', async () => {
  expect(running[0].child.exitCode).toBeNull();
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics.split('\n').filter((line) => /count.*status="5/.test(line))).toEqual([]);
  expect(metrics).toMatch(/deeptaste_lost_threads_total 0/);
});
