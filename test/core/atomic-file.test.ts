import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFileAtomic } from '../../src/core/atomic-file.ts';
import { ioError, systemErrorCode } from '../../src/core/io-error.ts';
import { failure, temporaryFolder } from '../artifact/temporary-folder.ts';

const folder = temporaryFolder();

test('writes text, bytes, pieces and shared memory, replacing what was there', async () => {
  const path = join(folder, 'a.json');
  await writeFileAtomic(path, '{"é":"😀"}');
  expect(readFileSync(path, 'utf8')).toBe('{"é":"😀"}');
  await writeFileAtomic(path, new Uint8Array([1, 2, 3]));
  expect([...readFileSync(path)]).toEqual([1, 2, 3]);
  const shared = new Uint8Array(new SharedArrayBuffer(9 * 1024 * 1024)).map((_, i) => i % 251);
  await writeFileAtomic(path, [new Uint8Array([7]), shared, new Uint8Array(0)]);
  const written = readFileSync(path);
  expect(written.length).toBe(1 + 9 * 1024 * 1024);
  expect(written[0]).toBe(7);
  expect(written.subarray(1).every((byte, i) => byte === i % 251)).toBe(true);
  expect(readdirSync(folder)).toEqual(['a.json']);
});

test('a failure in the middle leaves the former file and nothing beside it', async () => {
  const path = join(folder, 'b.bin');
  writeFileSync(path, 'former');
  const pieces = function* () {
    yield new Uint8Array(100_000);
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  };
  const error = await failure(() => writeFileAtomic(path, pieces()));
  expect(error.code).toBe('io');
  expect(error.details).toMatchObject({ systemCode: 'ENOSPC' });
  expect(readFileSync(path, 'utf8')).toBe('former');
  expect(readdirSync(folder).filter((name) => name.includes('tmp'))).toEqual([]);
});

test('a programming error is not reported as a failure of the disk', async () => {
  const pieces = function* (): Generator<Uint8Array> {
    yield new Uint8Array(1);
    throw new TypeError('broken');
  };
  await expect(writeFileAtomic(join(folder, 'c'), pieces())).rejects.toThrow(TypeError);
  expect(existsSync(join(folder, 'c'))).toBe(false);
});

test('a symbolic link is followed', async () => {
  writeFileSync(join(folder, 'target'), 'former');
  symlinkSync(join(folder, 'target'), join(folder, 'link'));
  await writeFileAtomic(join(folder, 'link'), 'new');
  expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('new');
});

test.skipIf(process.platform === 'win32')('a pipe is written to, not replaced by a file', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const [received] = await Promise.all([readFile(pipe, 'utf8'), writeFileAtomic(pipe, 'through the pipe')]);
  expect(received).toBe('through the pipe');
  expect(statSync(pipe).isFIFO()).toBe(true);
});

test('paths that cannot be written', async () => {
  mkdirSync(join(folder, 'taken'));
  writeFileSync(join(folder, 'file'), '');
  for (const path of ['taken', 'absent/x', 'file/x']) {
    const error = await failure(() => writeFileAtomic(join(folder, path), 'text'));
    expect([path, error.code]).toEqual([path, 'io']);
  }
  expect(readdirSync(folder).filter((name) => name.includes('tmp-'))).toEqual([]);
});

test('system errors are recognised by code or by DuckDB’s text', () => {
  const duckdb = new Error('IO Error: Could not write file "x": No space left on device');
  expect(systemErrorCode(duckdb)).toBe('ENOSPC');
  expect(systemErrorCode(Object.assign(new Error('x'), { code: 'EACCES' }))).toBe('EACCES');
  expect(systemErrorCode(new Error('x'))).toBeUndefined();
  expect(systemErrorCode('x')).toBeUndefined();
  expect(ioError('writing', 'p', duckdb)).toMatchObject({ code: 'io', details: { path: 'p', systemCode: 'ENOSPC' } });
  const other = new RangeError('x');
  expect(ioError('writing', 'p', other)).toBe(other);
});
