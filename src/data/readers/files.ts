/** From the names that a caller gives to files that exist, and what their first bytes say about them. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DeepTasteError } from '../../core/errors.ts';
import { ioError } from '../../core/io-error.ts';
import { nearest } from '../../core/nearest.ts';
import { type Database, sqlText } from './database.ts';

const headBytes = 1 << 16;

/** A file that is there, with its first 64 KiB (unpacked). */
export interface SourceFile {
  readonly path: string;
  readonly gzip: boolean;
  readonly head: Buffer;
  /** True when `head` is the whole file. */
  readonly whole: boolean;
}

/** The path as a DuckDB pattern that matches this path alone. */
export function literalPattern(path: string): string {
  return path.replace(/[[*?]/g, '[$&]');
}

/**
 * The files that match, each pattern's in the order of their names.
 * @throws DeepTasteError `data`: nothing matches, or the path is a folder
 */
export async function findFiles(database: Database, patterns: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const pattern of patterns) found.push(...(await findOne(database, pattern)));
  return found;
}

async function findOne(database: Database, pattern: string): Promise<string[]> {
  const info = await stat(pattern).catch(() => null);
  if (info?.isDirectory())
    throw new DeepTasteError('data', `${pattern}: is a folder; name a file in it, or a glob such as ${pattern}/*.csv`, {
      path: pattern,
    });
  if (info) return [pattern];
  if (/[*?[]/.test(pattern)) {
    const files = await database.texts(`SELECT file FROM glob(${sqlText(pattern)}) ORDER BY file`);
    if (files.length > 0) return files as string[];
    throw new DeepTasteError('data', `${pattern}: no file matches`, { path: pattern });
  }
  throw new DeepTasteError('data', await missingMessage(pattern), { path: pattern });
}

async function missingMessage(path: string): Promise<string> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => null);
  if (names === null) return `${path}: there is no folder ${folder}`;
  const close = nearest(basename(path), names);
  return `${path}: there is no such file${close === undefined ? '' : `; did you mean ${join(folder, close)}?`}`;
}

/**
 * The start of a file. A gzip file is unpacked to its end, because a truncated one would otherwise lose rows in silence.
 * @throws DeepTasteError `data`: the file is empty, or not the gzip file that its name promises; `io`: not readable
 */
export async function openSource(path: string): Promise<SourceFile> {
  const { bytes, size } = await readHead(path);
  if (size === 0) throw new DeepTasteError('data', `${path}: the file is empty`, { path });
  const gzip = bytes.length > 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!gzip && path.endsWith('.gz'))
    throw new DeepTasteError('data', `${path}: is named .gz but is not a gzip file; unpack or rename it`, { path });
  const { head, total } = gzip ? await unpackHead(path) : { head: bytes, total: size };
  if (total === 0) throw new DeepTasteError('data', `${path}: the file is empty`, { path });
  return { path, gzip, head, whole: head.length === total };
}

async function readHead(path: string): Promise<{ bytes: Buffer; size: number }> {
  try {
    const { size } = await stat(path);
    const chunks: Buffer[] = [];
    for await (const chunk of createReadStream(path, { end: headBytes - 1 })) chunks.push(chunk as Buffer);
    return { bytes: Buffer.concat(chunks), size };
  } catch (error) {
    throw ioError('reading', path, error);
  }
}

async function unpackHead(path: string): Promise<{ head: Buffer; total: number }> {
  const chunks: Buffer[] = [];
  let total = 0;
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (total < headBytes) chunks.push(chunk.subarray(0, headBytes - total));
      total += chunk.length;
      done();
    },
  });
  try {
    await pipeline(createReadStream(path), createGunzip(), sink);
  } catch (error) {
    throw brokenGzip(path, error);
  }
  return { head: Buffer.concat(chunks), total };
}

function brokenGzip(path: string, error: unknown): DeepTasteError {
  const reason = error instanceof Error ? error.message : String(error);
  const message = `${path}: the gzip file is truncated or damaged (${reason}); fetch it again`;
  return new DeepTasteError('data', message, { path }, { cause: error });
}

/** Gives `use` a plain copy of a packed file, for formats that DuckDB cannot read through gzip. */
export async function withUnpacked<T>(source: SourceFile, use: (path: string) => Promise<T>): Promise<T> {
  if (!source.gzip) return use(source.path);
  const folder = await mkdtemp(join(tmpdir(), 'deeptaste-'));
  try {
    const plain = join(folder, 'unpacked');
    await pipeline(createReadStream(source.path), createGunzip(), createWriteStream(plain));
    return await use(plain);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
