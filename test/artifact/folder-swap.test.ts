/** The moment between the two renames of a save, in which the path holds nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import type * as fs from 'node:fs/promises';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { saveFolder } from '../../src/artifact/folder.ts';
import { failure, temporaryFolder } from './temporary-folder.ts';

vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof fs>();
  return { ...original, rename: vi.fn(original.rename) };
});

const put = (content: string) => async (folder: string) => {
  await writeFile(join(folder, 'manifest.json'), '{"format":"deeptaste-artifact"}');
  await writeFile(join(folder, 'weights'), content);
};

test('when the new folder cannot take its place, the former one is put back', async () => {
  const base = temporaryFolder();
  const path = join(base, 'a');
  await saveFolder(path, put('former'));
  const calls: string[][] = [];
  const { rename: real } = await vi.importActual<typeof fs>('node:fs/promises');
  vi.mocked(rename).mockImplementation(async (from, to) => {
    calls.push([String(from), String(to)]);
    if (calls.length === 2) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO', syscall: 'rename' });
    await real(from, to);
  });
  const error = await failure(() => saveFolder(path, put('new')));
  expect(error.code).toBe('io');
  expect(error.details).toMatchObject({ systemCode: 'EIO' });
  const aside = calls[0][1];
  expect(calls).toEqual([
    [path, aside],
    [expect.stringContaining(`${path}.tmp-`), path],
    [aside, path],
  ]);
  expect(readFileSync(join(path, 'weights'), 'utf8')).toBe('former');
  expect(readdirSync(base)).toEqual(['a']);
});
