/** `data get` against a server of our own: a good archive, and everything that can go wrong on the way. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zipOf } from '../core/zip-writer.ts';
import { workplace } from './command-line.ts';

const place = workplace();
const ratings = 'user,item,rating\na,x,5\na,y,3\nb,x,4\n';
const archive = zipOf([
  { name: 'set/', content: '' },
  { name: 'set/ratings.csv', content: ratings, deflate: true },
  { name: 'set/README', content: 'terms' },
]);
const sum = (name: string, bytes: Uint8Array) => createHash(name).update(bytes).digest('hex');

let server: Server;
let base: string;
const requested: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    requested.push(request.url ?? '');
    if (request.url === '/set.zip') response.end(archive);
    else if (request.url === '/moved.zip') response.writeHead(302, { location: '/set.zip' }).end();
    else if (request.url === '/plain.csv') response.end(ratings);
    else if (request.url === '/other.zip') response.end(`${archive}x`);
    else if (request.url === '/short.zip') {
      response.writeHead(200, { 'content-length': archive.length });
      response.write(archive.subarray(0, 50));
      setTimeout(() => response.destroy(), 20);
    } else if (request.url === '/silent.zip') {
      response.writeHead(200, { 'content-length': archive.length });
      response.write(archive.subarray(0, 50));
    } else response.writeHead(404).end('not here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pins = { sha256: sum('sha256', archive), md5: sum('md5', archive) };
  const set = (name: string, rest: object = {}) => ({
    url: `${base}/${name}`,
    ...pins,
    interactions: 'set/ratings.csv',
    ...rest,
  });
  place.write(
    'registry.json',
    JSON.stringify({
      good: set('set.zip'),
      moved: set('moved.zip'),
      missing: set('nowhere.zip'),
      other: set('other.zip'),
      short: set('short.zip'),
      silent: set('silent.zip'),
      'no-member': set('set.zip', { files: ['set/nothing'] }),
      'wrong-md5': set('set.zip', { sha256: undefined, md5: '0'.repeat(32) }),
      part: set('set.zip', { files: ['set/ratings.csv'] }),
      plain: { url: `${base}/plain.csv`, md5: sum('md5', Buffer.from(ratings)), interactions: 'plain.csv' },
      nobody: set('set.zip', { url: 'http://127.0.0.1:9/set.zip' }),
    }),
  );
  place.write('no-pin.json', JSON.stringify({ free: { url: `${base}/set.zip` } }));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const get = (name: string, ...rest: string[]) =>
  place.run(['data', 'get', name, '--registry', 'registry.json', '--dir', 'sets', '--json', ...rest]);

describe('data get', () => {
  it.each(['good', 'moved'])('downloads, checks, unpacks: %s', async (name) => {
    const { code, stdout, stderr } = await get(name);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const path = `sets/${name}/set/ratings.csv`;
    expect(JSON.parse(stdout)).toMatchObject({ name, folder: `sets/${name}`, interactions: path, downloaded: true });
    expect(readFileSync(place.path(path), 'utf8')).toBe(ratings);
    expect(existsSync(place.path(`sets/${name}/set/README`))).toBe(true);
    expect(existsSync(place.path(`sets/${name}/set.zip`))).toBe(false);
    expect(JSON.parse((await place.run(['data', path, '--json'])).stdout)).toMatchObject({ nInteractions: 3 });
  });

  it('does not download what is there', async () => {
    const before = requested.length;
    expect(JSON.parse((await get('good')).stdout)).toMatchObject({ downloaded: false });
    expect(requested.length).toBe(before);
  });

  it('unpacks only the listed members, and keeps a file that is no archive', async () => {
    expect(await get('part')).toMatchObject({ code: 0 });
    expect(existsSync(place.path('sets/part/set/README'))).toBe(false);
    expect(await get('plain')).toMatchObject({ code: 0 });
    expect(readFileSync(place.path('sets/plain/plain.csv'), 'utf8')).toBe(ratings);
  });

  it('takes another address, whose file must have the same checksum', async () => {
    expect(await get('missing', '--url', `${base}/set.zip`)).toMatchObject({ code: 0 });
    const bad = await get('short', '--url', `${base}/other.zip`);
    expect(bad).toMatchObject({ code: 1 });
    expect(bad.stderr).toMatch(/SHA256 must be/);
  });

  it.each([
    ['other', /SHA256 must be [0-9a-f]{64}, found/],
    ['wrong-md5', /MD5 must be 0{32}, found/],
    ['short', /./],
    ['silent', /nothing arrived for 1 s/],
    ['no-member', /must hold set\/nothing/],
    ['nobody', /--url/],
  ] as const)('fails cleanly: %s', async (name, line) => {
    const { code, stdout, stderr } = await place.run([
      ...['data', 'get', name, '--registry', 'registry.json', '--dir', 'empty/deep', '--quiet', '--timeout', '1'],
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stderr).toMatch(line);
    expect(existsSync(place.path('empty'))).toBe(false);
  });

  it('says what the server answered', async () => {
    const { code, stderr } = await place.run(['data', 'get', 'ml-100k', '--url', `${base}/gone.zip`, '--quiet']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: data get http.*gone\.zip: the server answered 404 Not Found\n$/);
  });

  it('wants a checksum in a registry', async () => {
    const { code, stderr } = await place.run(['data', 'get', 'free', '--registry', 'no-pin.json']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/sha256 or md5/);
  });
});
