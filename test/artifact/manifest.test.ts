import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  type ArtifactInfo,
  checkedInfo,
  encodeManifest,
  isManifest,
  parseManifest,
} from '../../src/artifact/manifest.ts';
import { plainJson } from '../../src/artifact/plain-json.ts';
import { exampleInfo, exampleManifest } from './example-artifact.ts';
import { failure } from './temporary-folder.ts';

const text = encodeManifest(exampleManifest);

/** The manifest with some keys replaced, its checksum made again as the format says: SHA-256 of the compact JSON before. */
function resealed(changes: object): string {
  const { sha256: _, ...body } = { ...JSON.parse(text), ...changes };
  const sha256 = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  return JSON.stringify({ ...body, sha256 });
}

test('a manifest comes back as it was written', () => {
  expect(parseManifest(text, 'm')).toEqual(exampleManifest);
  expect(encodeManifest(parseManifest(text, 'm'))).toBe(text);
  expect(parseManifest(resealed({}), 'm')).toEqual(exampleManifest);
});

test('a newer deeptaste may add keys within the same format version', () => {
  expect(parseManifest(resealed({ added: 1 }), 'm')).toEqual(exampleManifest);
});

test('no flipped byte changes what is read', () => {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at++) {
    const altered = Buffer.from(bytes);
    altered[at] ^= 1 << (at % 7);
    try {
      expect(parseManifest(altered.toString('utf8'), 'm')).toEqual(exampleManifest); // a space became a tab
    } catch (error) {
      if ((error as { code?: string }).code !== 'artifact') throw error;
    }
  }
});

test.each<[string, string]>([
  ['empty', ''],
  ['truncated', text.slice(0, -20)],
  ['not JSON', 'hello'],
  ['a list', '[]'],
  ['null', 'null'],
  ['another format', '{"format":"something","formatVersion":1}'],
  ['no format', '{"name":"my-package","version":"1.0.0"}'],
  ['version 0', resealed({ formatVersion: 0 })],
  ['version as text', resealed({ formatVersion: '1' })],
  ['no version', resealed({ formatVersion: undefined })],
  ['metric altered', text.replace('0.43', '0.63')],
  ['no checksum', JSON.stringify({ ...JSON.parse(text), sha256: undefined })],
  ['created is no time', resealed({ created: 'yesterday' })],
  ['files missing', resealed({ files: undefined })],
  ['file that leads outside', resealed({ files: [{ name: '../x', bytes: 1, sha256: 'a'.repeat(64) }] })],
  ['absolute file', resealed({ files: [{ name: '/etc/x', bytes: 1, sha256: 'a'.repeat(64) }] })],
  ['negative size', resealed({ files: [{ name: 'x', bytes: -1, sha256: 'a'.repeat(64) }] })],
  ['hash of another kind', resealed({ files: [{ name: 'x', bytes: 1, sha256: 'abc' }] })],
  ['unknown kernels', resealed({ engine: { kernels: 'cuda', blas: null } })],
  ['seed beyond 32 bits', resealed({ seed: 2 ** 32 })],
  ['unknown role', resealed({ schema: { columns: [{ ...exampleInfo.schema.columns[0], role: 'x' }] } })],
])('%s is refused', async (_, bad) => {
  const error = await failure(() => parseManifest(bad, 'm'));
  expect(error.code).toBe('artifact');
  expect(error.message.startsWith('m: ')).toBe(true);
  expect(error.message).not.toContain('\n');
});

test('a newer format asks for an update, whatever else the file holds', async () => {
  const error = await failure(() =>
    parseManifest('{"format":"deeptaste-artifact","formatVersion":2,"deeptaste":"9.1.0"}', 'm'),
  );
  expect(error.code).toBe('artifact');
  expect(error.message).toMatch(/made by a newer version of deeptaste \(9\.1\.0\); update deeptaste/);
});

test('what counts as an artifact when it comes to replacing it', () => {
  expect(isManifest(text)).toBe(true);
  expect(isManifest('{"format":"deeptaste-artifact","formatVersion":99}')).toBe(true);
  for (const other of ['', '{}', '[]', 'null', text.slice(5), '{"format":"x"}']) expect(isManifest(other)).toBe(false);
});

test('keys without a value are left out, the rest of the info is kept', () => {
  const info = { ...exampleInfo, training: { epochs: 3, l2: undefined, rates: [0.1, -0.5] } };
  expect(checkedInfo(info).training).toEqual({ epochs: 3, rates: [0.1, -0.5] });
});

test.each<[string, Partial<Record<keyof ArtifactInfo, unknown>>]>([
  ['NaN', { metrics: { 'ndcg@10': Number.NaN } }],
  ['infinity', { training: { patience: Number.POSITIVE_INFINITY } }],
  ['a Map', { metrics: new Map([['ndcg@10', 1]]) }],
  ['a typed array', { training: { losses: new Float32Array(2) } }],
  ['a bigint', { training: { rows: 1n } }],
  ['a function', { training: { schedule: () => 1 } }],
  ['undefined in a list', { training: { hidden: [1, undefined] } }],
  ['a seed beyond 32 bits', { seed: 2 ** 32 }],
  ['a negative seed', { seed: -1 }],
])('%s cannot be saved', async (_, change) => {
  expect((await failure(() => checkedInfo({ ...exampleInfo, ...change } as ArtifactInfo))).code).toBe('artifact');
});

test('plain JSON keeps keys that objects treat specially', () => {
  const value = JSON.parse('{"__proto__":{"a":1},"constructor":null}');
  expect(JSON.stringify(plainJson(value, 'x'))).toBe('{"__proto__":{"a":1},"constructor":null}');
});
