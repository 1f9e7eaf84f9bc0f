import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { saveFolder } from '../../src/artifact/folder.ts';
import { failure, temporaryFolder } from './temporary-folder.ts';

const top = temporaryFolder();
let count = 0;
/** A fresh empty parent, so that its listing shows what a save has left. */
function parent(): string {
  const folder = join(top, `parent-${count++}`);
  mkdirSync(folder);
  return folder;
}

const manifest = '{"format":"deeptaste-artifact","formatVersion":1}';
const put = (content: string) => async (folder: string) => {
  await writeFile(join(folder, 'manifest.json'), manifest);
  await writeFile(join(folder, 'weights'), content);
  return content;
};

const diskFull = () =>
  Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', syscall: 'write' });

test('a new folder, with its parents, and its replacement', async () => {
  const base = parent();
  const path = join(base, 'runs/deep/a');
  expect(await saveFolder(path, put('first'))).toBe('first');
  expect(await saveFolder(path, put('second'))).toBe('second');
  expect(readFileSync(join(path, 'weights'), 'utf8')).toBe('second');
  expect(readdirSync(join(base, 'runs/deep'))).toEqual(['a']);
});

test('an empty folder is filled, a link is followed', async () => {
  const base = parent();
  mkdirSync(join(base, 'a'));
  symlinkSync(join(base, 'a'), join(base, 'link'));
  await saveFolder(join(base, 'link'), put('x'));
  expect(readFileSync(join(base, 'a/weights'), 'utf8')).toBe('x');
  expect(readdirSync(base).sort()).toEqual(['a', 'link']);
});

test.each([
  ['ENOSPC in the middle', () => Promise.reject(diskFull()), 'io'],
  [
    'DuckDB’s text',
    () => Promise.reject(new Error('IO Error: Could not write file "x": No space left on device')),
    'io',
  ],
  ['a fault of the program', () => Promise.reject(new TypeError('broken')), 'TypeError'],
])('%s leaves the former artifact as it was', async (_, fail, expected) => {
  const base = parent();
  const path = join(base, 'a');
  await saveFolder(path, put('former'));
  const work = saveFolder(path, async (folder) => {
    await put('half')(folder);
    return fail();
  });
  const error = await work.then(
    () => null,
    (e) => e,
  );
  expect(error.code ?? error.name).toBe(expected);
  if (expected === 'io') {
    expect(error.details.systemCode).toBe('ENOSPC');
    expect(error.message).toContain(path);
    expect(error.message).not.toContain('.tmp-');
  }
  expect(readdirSync(base)).toEqual(['a']);
  expect(readFileSync(join(path, 'weights'), 'utf8')).toBe('former');
  expect(readFileSync(join(path, 'manifest.json'), 'utf8')).toBe(manifest);
});

test.skipIf(!existsSync('/dev/full'))('a device that really is full', async () => {
  const base = parent();
  await saveFolder(join(base, 'a'), put('former'));
  const error = await failure(() => saveFolder(join(base, 'a'), () => writeFile('/dev/full', 'x'.repeat(100_000))));
  expect(error.code).toBe('io');
  expect(error.details).toMatchObject({ systemCode: 'ENOSPC' });
  expect(readFileSync(join(base, 'a/weights'), 'utf8')).toBe('former');
  expect(readdirSync(base)).toEqual(['a']);
});

test('a failed first save leaves no folder, nor the parents made for it', async () => {
  const base = parent();
  expect((await failure(() => saveFolder(join(base, 'runs/deep/a'), () => Promise.reject(diskFull())))).code).toBe(
    'io',
  );
  expect(readdirSync(base)).toEqual([]);
});

test('a folder that vanishes while it is saved', async () => {
  const base = parent();
  const path = join(base, 'a');
  await saveFolder(path, put('former'));
  const error = await failure(() => saveFolder(path, (folder) => rename(folder, join(base, 'elsewhere'))));
  expect(error.code).toBe('io');
  expect(readFileSync(join(path, 'weights'), 'utf8')).toBe('former');
});

test('kill -9 while saving leaves the former artifact as it was', async () => {
  const base = parent();
  const path = join(base, 'a');
  await saveFolder(path, put('former'));
  const module = new URL('../../src/artifact/folder.ts', import.meta.url).href;
  const script = `
    import { writeFileSync } from 'node:fs';
    import { saveFolder } from ${JSON.stringify(module)};
    await saveFolder(${JSON.stringify(path)}, (folder) => {
      writeFileSync(folder + '/weights', 'half');
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => {});
    });`;
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', script]);
  expect(child.signal).toBe('SIGKILL');
  expect(readFileSync(join(path, 'weights'), 'utf8')).toBe('former');
  const left = readdirSync(base).filter((name) => name !== 'a');
  expect(left).toHaveLength(1);
  expect(left[0]).toMatch(/^a\.tmp-\d+-[0-9a-f]{12}$/);
  const elsewhere = join(base, 'a.tmp-999999999-000000000000');
  mkdirSync(elsewhere);
  await saveFolder(path, put('next'));
  // what another machine may be writing is removed only when it is old
  expect(readdirSync(base).sort()).toEqual(['a', 'a.tmp-999999999-000000000000']);
  const old = new Date(Date.now() - 2 * 60 * 60 * 1000);
  utimesSync(elsewhere, old, old);
  await saveFolder(path, put('last'));
  expect(readdirSync(base)).toEqual(['a']);
});

test('several saves to one place at once all end, and one of them stays whole', async () => {
  const base = parent();
  const path = join(base, 'a');
  const contents = Array.from({ length: 12 }, (_, i) => `content ${i}`);
  expect(await Promise.all(contents.map((content) => saveFolder(path, put(content))))).toEqual(contents);
  expect(readdirSync(base)).toEqual(['a']);
  expect(contents).toContain(readFileSync(join(path, 'weights'), 'utf8'));
});

test('what is not an artifact is not replaced', async () => {
  const base = parent();
  mkdirSync(join(base, 'photos'));
  writeFileSync(join(base, 'photos/cat.jpg'), 'cat');
  mkdirSync(join(base, 'package'));
  writeFileSync(join(base, 'package/manifest.json'), '{"format":"other"}');
  writeFileSync(join(base, 'file'), 'text');
  for (const name of ['photos', 'package', 'file']) {
    let called = false;
    const error = await failure(() => saveFolder(join(base, name), async () => (called = true)));
    expect([name, error.code, called]).toEqual([name, 'usage', false]);
  }
  expect(readFileSync(join(base, 'photos/cat.jpg'), 'utf8')).toBe('cat');
  expect(readdirSync(base).sort()).toEqual(['file', 'package', 'photos']);
  expect((await failure(() => saveFolder(join(base, 'file/a'), put('x')))).code).toBe('io');
});

test('a save that was killed in the middle of the swap is mended by the next one, even if that one fails', async () => {
  const base = parent();
  const path = join(base, 'a');
  await saveFolder(path, put('former'));
  await rename(path, `${path}.old-999999999-0123456789ab`);
  expect((await failure(() => saveFolder(path, () => Promise.reject(diskFull())))).code).toBe('io');
  expect(readFileSync(join(path, 'weights'), 'utf8')).toBe('former');
  expect(readdirSync(base)).toEqual(['a']);
});

test('only old leftovers of processes that have ended are removed', async () => {
  const base = parent();
  const long = new Date(Date.now() - 2 * 60 * 60 * 1000);
  const leave = (name: string, time?: Date) => {
    mkdirSync(join(base, name));
    if (time) utimesSync(join(base, name), time, time);
  };
  leave('a.tmp-999999999-0123456789ab', long);
  leave('a.tmp-999999999-0123456789ac');
  leave(`a.tmp-${process.pid}-0123456789ad`, long);
  leave('a.tmp-notes', long);
  leave('ab.tmp-999999999-0123456789ae', long);
  await saveFolder(join(base, 'a'), put('x'));
  expect(readdirSync(base).sort()).toEqual(
    [
      'a',
      'a.tmp-999999999-0123456789ac',
      `a.tmp-${process.pid}-0123456789ad`,
      'a.tmp-notes',
      'ab.tmp-999999999-0123456789ae',
    ].sort(),
  );
});
