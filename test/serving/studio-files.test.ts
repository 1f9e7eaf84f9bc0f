/** The page at `/`: which files are served, with which headers, and what there is without a build. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { httpApp } from '../../src/serving/http/http-app.ts';
import { Keys } from '../../src/serving/http/keys.ts';
import { studioFiles } from '../../src/serving/http/studio-files.ts';
import { noLog } from '../../src/serving/log.ts';
import { memoryStore } from '../../src/serving/store/open-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'deeptaste-studio-'));
afterAll(() => rmSync(folder, { recursive: true }));
const url = pathToFileURL(`${folder}/`);
const page = '<!doctype html><title>Studio</title>';
const script = `console.log(${JSON.stringify('x'.repeat(2000))});`;

async function appWith(studio: ReturnType<typeof studioFiles>) {
  return httpApp({
    studio,
    routes: [],
    keys: new Keys(await memoryStore(), true),
    log: noLog,
    rate: null,
    mostBody: 1000,
    origins: null,
    newId: () => 'id',
    isStopping: () => false,
    observe: () => {},
  });
}

it('leads to the description of the API where no Studio is built', async () => {
  expect(studioFiles(url)).toBeNull();
  const reply = await (await appWith(null)).request('/');
  expect(reply.status).toBe(302);
  expect(reply.headers.get('location')).toBe('docs');
});

it('serves what was built: the page anew each time, files named by their content for good', async () => {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), page);
  writeFileSync(join(folder, 'assets/index-abc.js'), script);
  writeFileSync(join(folder, 'notes.txt'), 'not for browsers');
  const app = await appWith(studioFiles(url));

  const first = await app.request('/');
  expect(await first.text()).toBe(page);
  expect(first.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(first.headers.get('cache-control')).toBe('no-cache');
  const policy = first.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);

  const etag = first.headers.get('etag') as string;
  const again = await app.request('/', { headers: { 'if-none-match': etag } });
  expect([again.status, await again.text()]).toEqual([304, '']);

  const plain = await app.request('/assets/index-abc.js');
  expect(plain.headers.get('cache-control')).toContain('immutable');
  expect(plain.headers.get('content-encoding')).toBeNull();
  expect(await plain.text()).toBe(script);
  const small = await app.request('/assets/index-abc.js', { headers: { 'accept-encoding': 'br, gzip' } });
  expect(small.headers.get('content-encoding')).toBe('gzip');
  expect(gunzipSync(Buffer.from(await small.arrayBuffer())).toString()).toBe(script);
  const refused = await app.request('/assets/index-abc.js', { headers: { 'accept-encoding': 'gzip;q=0, br' } });
  expect(refused.headers.get('content-encoding')).toBeNull();
});

it('serves nothing else', async () => {
  const app = await appWith(studioFiles(url));
  for (const path of ['/notes.txt', '/assets/', '/assets/other.js', '/assets/..%2fnotes.txt', '/../package.json'])
    expect((await app.request(path)).status, path).toBe(404);
});
