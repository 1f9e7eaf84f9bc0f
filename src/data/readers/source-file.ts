/** Opens a file: unpacks zip and gzip, brings text to UTF-8, and looks at its first bytes. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DeepTasteError } from '../../core/errors.ts';
import { ioError } from '../../core/io-error.ts';
import { checkPlainFile } from '../../core/plain-file.ts';
import { extractZip, listZip } from '../../core/zip.ts';
import type { Database } from './database.ts';
import { encodingNamed, encodingOf, isUtf8, toUtf8 } from './encodings.ts';
import { archiveMember } from './files.ts';

const headBytes = 1 << 16;

/** A file that is there, with its first 64 KiB (unpacked, and in UTF-8 when it is text in UTF-16 or in an encoding that is told). */
export interface SourceFile {
  /** As the caller names it, for messages. */
  readonly path: string;
  /** The name of the file inside, without `.gz`. */
  readonly name: string;
  /** The file to read: the caller's own, or a copy that lasts as long as the database. */
  readonly file: string;
  /** Whether `file` is packed. */
  readonly gzip: boolean;
  readonly head: Buffer;
  /** True when `head` is the whole file. */
  readonly whole: boolean;
  /** What was done to read it. */
  readonly notes: readonly string[];
}

/**
 * The start of a file. A gzip file is unpacked to its end, because a truncated one would otherwise lose rows in silence.
 * @throws DeepTasteError `data`: the file is empty, not the packed file that its name promises, a damaged one, an archive of several
 *   files, or of a kind that is not read; `io`: not readable
 * @param told the encoding of text that is not UTF-8
 */
export async function openSource(database: Database, path: string, told?: string): Promise<SourceFile> {
  const inside = await archiveMember(path);
  if (inside) return asUtf8(database, await openMember(database, path, inside.archive, inside.member), told);
  const source = await openPlain(path, path, basename(path));
  if (!isZip(source.head)) return asUtf8(database, source, told);
  return asUtf8(database, await openMember(database, path, path, await onlyMember(path)), told);
}

/** Opens a file or an unpacked copy of it. */
async function openPlain(path: string, file: string, name: string): Promise<SourceFile> {
  const { bytes, size } = await readHead(file, path);
  if (size === 0) throw emptyFile(path);
  const gzip = bytes.length > 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!gzip && /\.gz$/i.test(name))
    throw new DeepTasteError('data', `${path}: is named .gz but is not a gzip file; unpack or rename it`, { path });
  const { head, total } = gzip ? await unpackHead(file, path) : { head: bytes, total: size };
  if (total === 0) throw emptyFile(path);
  const source = { path, name: name.replace(/\.gz$/i, ''), file, gzip };
  return { ...source, head, whole: head.length === total, notes: [] };
}

function emptyFile(path: string): DeepTasteError {
  return new DeepTasteError('data', `${path}: the file is empty`, { path });
}

/** The bytes of the file, unpacked. */
export function unpackedBytes({ file, gzip }: SourceFile): Readable {
  const raw = createReadStream(file);
  if (!gzip) return raw;
  const unpacked = createGunzip();
  raw.on('error', (error) => unpacked.destroy(error));
  return raw.pipe(unpacked);
}

/** An unpacked copy, for formats that DuckDB cannot read through gzip. */
export async function unpacked(database: Database, source: SourceFile): Promise<SourceFile> {
  if (!source.gzip) return source;
  const file = database.temporaryPath();
  try {
    await pipeline(unpackedBytes(source), createWriteStream(file));
  } catch (error) {
    throw ioError('unpacking', source.path, error);
  }
  return { ...source, file, gzip: false };
}

/** A pickle of protocol 2 to 5 begins with its number; one of protocol 0 (`(lp0`, `(dp0`) is lines of its commands. */
function isPickle(head: Buffer): boolean {
  if (head[0] === 0x80 && head[1] >= 2 && head[1] <= 5) return true;
  return /^\(?[ld]p?[01]\n|^\((lp|dp|I\d|S')/.test(head.toString('latin1', 0, 16));
}

/** A copy in UTF-8. @throws DeepTasteError `data`: bytes that the encoding does not have */
export async function reencoded(database: Database, source: SourceFile, encoding: string): Promise<SourceFile> {
  const file = database.temporaryPath();
  try {
    await pipeline(unpackedBytes(source), toUtf8(source.path, encoding), createWriteStream(file));
  } catch (error) {
    throw ioError('reading', source.path, error);
  }
  const { bytes, size } = await readHead(file, source.path);
  if (size === 0) throw emptyFile(source.path);
  return { ...source, file, gzip: false, head: bytes, whole: bytes.length === size };
}

async function asUtf8(database: Database, source: SourceFile, told: string | undefined): Promise<SourceFile> {
  const encoding = encodingOf(source.path, source.head);
  if (encoding === null) return told === undefined || source.head.includes(0) ? source : asTold(database, source, told);
  const copy = await reencoded(database, source, encoding);
  const isMarked = source.head[0] >= 0xfe;
  const note = `${source.path}: looks like ${encoding.toUpperCase()} text without a byte order mark; read so`;
  return isMarked ? copy : { ...copy, notes: [note] };
}

async function asTold(database: Database, source: SourceFile, told: string): Promise<SourceFile> {
  if (await isUtf8(unpackedBytes(source))) return source;
  return reencoded(database, source, encodingNamed(told) as string);
}

function isZip(head: Buffer): boolean {
  return head.length >= 4 && ['PK\u0003\u0004', 'PK\u0005\u0006'].includes(head.toString('latin1', 0, 4));
}

async function openMember(database: Database, path: string, archive: string, member: string): Promise<SourceFile> {
  const folder = database.temporaryPath();
  await mkdir(folder, { recursive: true });
  try {
    if (!(await extractZip(archive, folder, [member])))
      throw new DeepTasteError('data', `${archive}: is named .zip but is not a zip archive`, { path: archive });
  } catch (error) {
    throw ioError('unpacking', path, error);
  }
  return openPlain(path, join(folder, member), basename(member));
}

/** The one file that a zip archive holds. */
async function onlyMember(path: string): Promise<string> {
  const all = (await listZip(path)) ?? [];
  if (all.includes('[Content_Types].xml'))
    throw new DeepTasteError('data', `${path}: is an Excel workbook (or another Office file); save the sheet as CSV`, {
      path,
    });
  // what macOS adds of its own
  const members = all.filter((name) => !/(^|\/)(__MACOSX\/|\.)/.test(name));
  if (members.length === 1) return members[0];
  const shown = members.slice(0, 10).join(', ') + (members.length > 10 ? ` and ${members.length - 10} more` : '');
  throw new DeepTasteError(
    'data',
    members.length === 0
      ? `${path}: the zip archive holds no file`
      : `${path}: the zip archive must hold one file, found ${members.length} (${shown}); name one, such as ${join(path, members[0])}`,
    { path, members },
  );
}

async function readHead(file: string, path: string): Promise<{ bytes: Buffer; size: number }> {
  try {
    await checkPlainFile(file);
    const { size } = await stat(file);
    const chunks: Buffer[] = [];
    for await (const chunk of createReadStream(file, { end: headBytes - 1 })) chunks.push(chunk as Buffer);
    return { bytes: Buffer.concat(chunks), size };
  } catch (error) {
    throw ioError('reading', path, error);
  }
}

async function unpackHead(file: string, path: string): Promise<{ head: Buffer; total: number }> {
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
    await pipeline(createReadStream(file), createGunzip(), sink);
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

/** Kinds of files that people have and that are not read, by their first bytes (Latin-1). */
const kinds: readonly (readonly [start: string, what: string, mend: string])[] = [
  ['\u00d0\u00cf\u0011\u00e0', 'an old Excel workbook (or another Office file)', 'save the sheet as CSV'],
  ['SQLite format 3', 'an SQLite database', 'export the table as CSV'],
  ['\u0089HDF', 'an HDF5 file', 'write it as CSV or Parquet'],
  ['\u0093NUMPY', 'a NumPy array', 'write it as CSV or Parquet'],
  ['ARROW1', 'an Arrow (Feather) file', 'write it as Parquet'],
  ['FEA1', 'a Feather file', 'write it as Parquet'],
  ['Obj\u0001', 'an Avro file', 'write it as Parquet'],
  ['ORC', 'an ORC file', 'write it as Parquet'],
  ['PAR1', 'a Parquet file', 'write it as text, or leave the format to be found out'],
  ['BZh', 'a bzip2 file', 'unpack it'],
  ['\u00fd7zXZ', 'an xz file', 'unpack it'],
  ['\u0028\u00b5\u002f\u00fd', 'a zstd file', 'unpack it'],
  ['7z\u00bc\u00af', 'a 7-Zip archive', 'unpack it'],
  ['Rar!', 'a RAR archive', 'unpack it'],
  ['%PDF', 'a PDF file', 'export the table as CSV'],
];

/**
 * Refuses files that are not text.
 * @throws DeepTasteError `data`: another kind of file, or one with zero bytes
 */
export function requireText({ path, head }: Pick<SourceFile, 'path' | 'head'>): void {
  const start = head.toString('latin1', 0, 512);
  if (isPickle(head))
    throw new DeepTasteError('data', `${path}: is a Python pickle, not text; write it as CSV or text lines`, { path });
  // ORC and BZh may begin a text, where no zero follows
  const kind = kinds.find(([bytes]) => start.startsWith(bytes) && !/^[\t\n\r -~]*$/.test(start));
  if (kind) throw new DeepTasteError('data', `${path}: is ${kind[1]}, not text; ${kind[2]}`, { path });
  if (start.slice(257, 262) === 'ustar')
    throw new DeepTasteError('data', `${path}: is a tar archive, not text; unpack it`, { path });
  if (head.includes(0))
    throw new DeepTasteError('data', `${path}: is a binary file, not text; convert it to CSV or Parquet`, { path });
}
