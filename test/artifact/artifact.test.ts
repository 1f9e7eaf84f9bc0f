import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  inspectArtifact,
  loadArtifact,
  loadAttachment,
  loadCheckpoint,
  saveArtifact,
  saveAttachment,
} from '../../src/artifact/artifact.ts';
import { exampleArtifact, exampleInfo, itemIds, userIds } from './example-artifact.ts';
import { failure, temporaryFolder } from './temporary-folder.ts';

const top = temporaryFolder();
const made = new Date('2020-02-29T12:00:00.000Z');
const pristine = join(top, 'pristine');
const allFiles = [
  'bytes.bin',
  'checkpoint.safetensors',
  'epochs.jsonl',
  'items.parquet',
  'manifest.json',
  'per-user.parquet',
  'seen.parquet',
  'users.parquet',
  'weights.safetensors',
];
await saveArtifact(pristine, exampleArtifact(), made);

const contents = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('base64')]));

let copies = 0;
function copy(): string {
  const folder = join(top, `copy-${copies++}`);
  cpSync(pristine, folder, { recursive: true });
  return folder;
}

test('everything comes back as it was saved', async () => {
  const { info, weights, checkpoint, attachments: _, ...parts } = exampleArtifact();
  const { manifest, path, weights: loadedWeights, ...loaded } = await loadArtifact(pristine);
  expect(path).toBe(pristine);
  expect([...loadedWeights.keys()].sort()).toEqual([...weights.keys()].sort());
  for (const [name, { shape, data }] of weights) {
    expect(loadedWeights.get(name)?.shape).toEqual(shape);
    expect([...loadedWeights.get(name)!.data]).toEqual([...data]);
  }
  expect(loaded.users.ids).toEqual(userIds);
  expect(loaded.items.ids).toEqual(itemIds);
  const plain = ({ users: _u, items: _i, ...rest }: typeof loaded) => rest;
  expect(plain(loaded)).toEqual(plain(parts));
  expect(manifest).toMatchObject({ ...info, data: { ...info.data, nUsers: 9, nItems: 5 } });
  expect(await loadCheckpoint(pristine)).toEqual(checkpoint);
  expect(Buffer.from((await loadAttachment(pristine, 'epochs.jsonl'))!).toString()).toBe('{"epoch":1}\n');
  expect(await loadAttachment(pristine, 'other.txt')).toBeNull();
  expect(await loadAttachment(pristine, 'weights.safetensors')).toBeNull();
});

test('the manifest lists sizes and hashes, and can be read alone', async () => {
  expect(readdirSync(pristine).sort()).toEqual(allFiles);
  const manifest = await inspectArtifact(pristine);
  expect(manifest.files.map(({ name }) => name)).toEqual(allFiles.filter((name) => name !== 'manifest.json'));
  for (const { name, bytes } of manifest.files) expect(bytes).toBe(statSync(join(pristine, name)).size);
  expect(manifest.created).toBe('2020-02-29T12:00:00.000Z');
  const alone = copy();
  for (const name of allFiles) if (name !== 'manifest.json') rmSync(join(alone, name));
  expect(await inspectArtifact(alone)).toEqual(manifest);
});

test('same contents, same bytes; other weights, other bytes', async () => {
  await saveArtifact(join(top, 'same'), exampleArtifact(), made);
  expect(contents(join(top, 'same'))).toEqual(contents(pristine));
  await saveArtifact(join(top, 'same'), exampleArtifact(0.25), made);
  const other = contents(join(top, 'same'));
  const differing = allFiles.filter((name) => other[name] !== contents(pristine)[name]);
  expect(differing).toEqual(['manifest.json', 'weights.safetensors']);
});

test('without checkpoint, per-user values and attachments', async () => {
  const path = join(top, 'small');
  await saveArtifact(path, { ...exampleArtifact(), perUser: null, checkpoint: null, attachments: undefined });
  expect(readdirSync(path).sort()).toEqual(
    ['items', 'seen', 'users']
      .map((name) => `${name}.parquet`)
      .concat('manifest.json', 'weights.safetensors')
      .sort(),
  );
  expect((await loadArtifact(path)).perUser).toBeNull();
  expect(await loadCheckpoint(path)).toBeNull();
});

test('a copy at another place is the same artifact; the system’s hidden files do not matter', async () => {
  const path = copy();
  writeFileSync(join(path, '.DS_Store'), 'x');
  expect((await loadArtifact(path)).users.ids).toEqual(userIds);
});

/** Flips one bit in the middle of a file. */
function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 4;
  writeFileSync(path, bytes);
}

function replaceByFolder(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

const dataFiles = allFiles.filter((name) => name !== 'manifest.json');
test.each([
  ...dataFiles.map(
    (name) => [`${name} truncated`, name, (path: string) => truncateSync(path, statSync(path).size - 1)] as const,
  ),
  ...dataFiles.map((name) => [`${name} with a flipped bit`, name, flip] as const),
  ...dataFiles.map((name) => [`${name} missing`, name, (path: string) => rmSync(path)] as const),
  ...dataFiles.map((name) => [`${name} grown`, name, (path: string) => appendFileSync(path, 'x')] as const),
  ['weights emptied', 'weights.safetensors', (path: string) => truncateSync(path, 0)] as const,
  ['a folder in place of a file', 'seen.parquet', replaceByFolder] as const,
  ['a foreign file', 'notes.txt', (path: string) => writeFileSync(path, 'x')] as const,
  ['a foreign folder', 'notes', (path: string) => mkdirSync(path)] as const,
])('%s is refused and named', async (_, name, damage) => {
  const folder = copy();
  damage(join(folder, name));
  const error = await failure(() => loadArtifact(folder));
  expect(error.code).toBe('artifact');
  expect(error.details).toMatchObject({ file: name });
  expect(error.message).toContain(join(folder, name));
  expect(error.message).not.toContain('\n');
});

function linkTo(path: string, target: string): void {
  rmSync(path);
  symlinkSync(target, path);
}

/** The same with lists inside each other, deeper than functions may call themselves. */
const nested = (text: string) =>
  text.replace('"metrics": {', `"metrics": {"deep": ${'['.repeat(100_000)}${']'.repeat(100_000)},`);

test('a linked file is refused, whatever it leads to', async () => {
  const folder = copy();
  linkTo(join(folder, 'weights.safetensors'), join(pristine, 'weights.safetensors'));
  const { code, message } = await failure(() => loadArtifact(folder));
  expect(code).toBe('artifact');
  expect(message).toMatch(/weights.safetensors.*symbolic link/);
});

test('weights that are not finite are refused, though the manifest has their SHA-256', async () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const folder = join(top, `not-finite-${value}`);
    await saveArtifact(folder, exampleArtifact(value));
    const { code, message } = await failure(() => loadArtifact(folder));
    expect(code).toBe('artifact');
    expect(message).toMatch(/must be finite numbers, found (NaN|-?Infinity) in "(user|item)Embedding"/);
  }
});

const manifestText = readFileSync(join(pristine, 'manifest.json'), 'utf8');
test.each([
  ['missing', 'artifact', (path: string) => rmSync(path)],
  ['truncated', 'artifact', (path: string) => truncateSync(path, 100)],
  ['empty', 'artifact', (path: string) => truncateSync(path, 0)],
  ['altered', 'artifact', (path: string) => writeFileSync(path, manifestText.replace('"seed": 42', '"seed": 43'))],
  ['wrong JSON', 'artifact', (path: string) => writeFileSync(path, '{"a": 1}')],
  [
    'newer',
    'artifact',
    (path: string) => writeFileSync(path, manifestText.replace('"formatVersion": 1', '"formatVersion": 2')),
  ],
  ['a folder', 'artifact', replaceByFolder],
  ['a symbolic link', 'artifact', (path: string) => linkTo(path, join(pristine, 'manifest.json'))],
  ['a device', 'artifact', (path: string) => linkTo(path, '/dev/zero')],
  ['nested deeply', 'artifact', (path: string) => writeFileSync(path, nested(manifestText))],
])('manifest %s', async (_, code, damage) => {
  const folder = copy();
  damage(join(folder, 'manifest.json'));
  for (const load of [loadArtifact, inspectArtifact, loadCheckpoint]) {
    const error = await failure(() => load(folder));
    expect(error.code).toBe(code);
    expect(error.message).not.toContain('\n');
  }
});

test('a newer format says what to do', async () => {
  const folder = copy();
  writeFileSync(join(folder, 'manifest.json'), manifestText.replace('"formatVersion": 1', '"formatVersion": 2'));
  expect((await failure(() => loadArtifact(folder))).message).toMatch(/newer version.*update deeptaste/);
});

test('paths that are no artifact', async () => {
  writeFileSync(join(top, 'file'), 'x');
  mkdirSync(join(top, 'empty'));
  expect((await failure(() => loadArtifact(join(top, 'absent')))).code).toBe('not-found');
  expect((await failure(() => loadArtifact(join(top, 'file')))).code).toBe('artifact');
  expect((await failure(() => loadArtifact(join(top, 'empty')))).code).toBe('artifact');
});

test('checkpoint and attachment are verified when they are read', async () => {
  const folder = copy();
  flip(join(folder, 'checkpoint.safetensors'));
  flip(join(folder, 'epochs.jsonl'));
  expect((await failure(() => loadCheckpoint(folder))).code).toBe('artifact');
  expect((await failure(() => loadAttachment(folder, 'epochs.jsonl'))).code).toBe('artifact');
});

test('an attachment that is added leaves all else as it was; one of a damaged artifact is refused', async () => {
  const folder = copy();
  await saveAttachment(folder, 'study.json', '{}');
  expect(new TextDecoder().decode((await loadAttachment(folder, 'study.json')) ?? undefined)).toBe('{}');
  await saveAttachment(folder, 'study.json', '[]');
  const { 'study.json': study, 'manifest.json': _, ...rest } = contents(folder);
  const { 'manifest.json': __, ...before } = contents(pristine);
  expect([study, rest]).toEqual([contents(folder)['study.json'], before]);
  expect((await loadArtifact(folder)).manifest.files).toHaveLength(
    (await loadArtifact(pristine)).manifest.files.length + 1,
  );
  expect((await failure(() => saveAttachment(folder, 'weights.safetensors', ''))).code).toBe('artifact');
  expect((await failure(() => saveAttachment(join(top, 'absent'), 'study.json', ''))).code).toBe('not-found');
  flip(join(folder, 'weights.safetensors'));
  const damaged = contents(folder);
  expect((await failure(() => saveAttachment(folder, 'study.json', '{}'))).code).toBe('artifact');
  expect(contents(folder)).toEqual(damaged);
});

test.each([
  ['NaN metric', { info: { ...exampleInfo, metrics: { 'ndcg@10': Number.NaN } } }, 'artifact'],
  ['shape that does not fit', { weights: new Map([['w', { shape: [3], data: new Float32Array(2) }]]) }, 'shape'],
  ['attachment with a path', { attachments: new Map([['../x', '']]) }, 'artifact'],
  ['attachment named like a part', { attachments: new Map([['weights.safetensors', '']]) }, 'artifact'],
  ['hidden attachment', { attachments: new Map([['.x', '']]) }, 'artifact'],
])('%s is not saved, and the former artifact stays', async (_, change, code) => {
  const folder = copy();
  const error = await failure(() => saveArtifact(folder, { ...exampleArtifact(), ...change }));
  expect(error.code).toBe(code);
  expect(contents(folder)).toEqual(contents(pristine));
});

test('an artifact that is damaged may be replaced', async () => {
  const folder = copy();
  rmSync(join(folder, 'weights.safetensors'));
  await saveArtifact(folder, exampleArtifact(), made);
  expect(contents(folder)).toEqual(contents(pristine));
});
