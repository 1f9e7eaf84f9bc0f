/**
 * Unpacks zip archives (PKWARE APPNOTE 6.3): stored and deflated members of archives below 4 GiB, each checked against its size and
 * CRC-32. The list at the end of the archive is followed, as the standard asks, not the headers between the data.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { DeepTasteError } from './errors.ts';

const END_SIGNATURE = 0x06054b50;
const MEMBER_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 65535;
const STORED = 0;
const DEFLATED = 8;

interface Member {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  /** Where its local header begins. */
  readonly offset: number;
}

/**
 * Unpacks an archive into a folder.
 * @param wanted names of members; all when absent
 * @returns false when the file is no zip archive; nothing is written then
 * @throws DeepTasteError `data`: truncated or altered, a member that leads out of the folder, is encrypted, or is missing
 */
export async function extractZip(path: string, folder: string, wanted?: readonly string[]): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (!(await beginsLikeZip(file, path, size))) return false;
    const members = (await readMembers(file, path, size)).filter(({ name }) => !name.endsWith('/'));
    const missing = wanted?.find((name) => !members.some((member) => member.name === name));
    if (missing !== undefined) throw damaged(path, `must hold ${missing}, found no such member`);
    for (const member of members)
      if (wanted === undefined || wanted.includes(member.name)) await extractMember(file, path, member, folder, size);
    return true;
  } finally {
    await file.close();
  }
}

/**
 * The names of the files in an archive, in its order; null when the file is no zip archive.
 * @throws DeepTasteError `data`: truncated or altered
 */
export async function listZip(path: string): Promise<string[] | null> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (!(await beginsLikeZip(file, path, size))) return null;
    return (await readMembers(file, path, size)).map(({ name }) => name).filter((name) => !name.endsWith('/'));
  } finally {
    await file.close();
  }
}

async function beginsLikeZip(file: FileHandle, path: string, size: number): Promise<boolean> {
  const start = await readAt(file, path, 0, Math.min(4, size));
  return size >= 4 && [LOCAL_SIGNATURE, END_SIGNATURE].includes(start.readUInt32LE(0));
}

async function readMembers(file: FileHandle, path: string, size: number): Promise<Member[]> {
  const tailBytes = Math.min(size, END_BYTES + LONGEST_COMMENT);
  const tail = await readAt(file, path, size - tailBytes, tailBytes);
  let end = tailBytes - END_BYTES;
  while (
    end >= 0 &&
    !(tail.readUInt32LE(end) === END_SIGNATURE && tail.readUInt16LE(end + 20) === tailBytes - end - END_BYTES)
  )
    end--;
  if (end < 0) throw damaged(path, 'must end with the list of its members, found none (is it truncated?)');
  const count = tail.readUInt16LE(end + 10);
  const listBytes = tail.readUInt32LE(end + 12);
  const listStart = tail.readUInt32LE(end + 16);
  if (count === 0xffff || listStart === 0xffffffff)
    throw damaged(path, 'must be below 4 GiB and 65,535 members (no Zip64)');
  if (listStart + listBytes > size) throw damaged(path, 'its list of members lies outside the file');
  return parseList(await readAt(file, path, listStart, listBytes), count, path);
}

function parseList(list: Buffer, count: number, path: string): Member[] {
  const members: Member[] = [];
  let at = 0;
  for (let n = 0; n < count; n++) {
    if (at + 46 > list.length || list.readUInt32LE(at) !== MEMBER_SIGNATURE)
      throw damaged(path, `its list of members breaks off after ${n} of ${count}`);
    const nameBytes = list.readUInt16LE(at + 28);
    const flags = list.readUInt16LE(at + 8);
    members.push({
      name: list.toString(flags & 0x800 ? 'utf8' : 'latin1', at + 46, at + 46 + nameBytes),
      method: list.readUInt16LE(at + 10),
      encrypted: (flags & 1) === 1,
      crc: list.readUInt32LE(at + 16),
      packedBytes: list.readUInt32LE(at + 20),
      bytes: list.readUInt32LE(at + 24),
      offset: list.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes + list.readUInt16LE(at + 30) + list.readUInt16LE(at + 32);
  }
  return members;
}

async function extractMember(
  file: FileHandle,
  path: string,
  member: Member,
  folder: string,
  size: number,
): Promise<void> {
  const { name, method, encrypted, packedBytes, offset } = member;
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..') || /[\\\0:]/.test(name))
    throw damaged(path, `member "${name}" leads out of the folder`);
  if (encrypted) throw damaged(path, `member "${name}" is encrypted`);
  if (method !== STORED && method !== DEFLATED)
    throw damaged(path, `member "${name}" is packed by method ${method}, which is not known`);
  const header = await readAt(file, path, offset, 30);
  const start = offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (header.readUInt32LE(0) !== LOCAL_SIGNATURE || start + packedBytes > size)
    throw damaged(path, `member "${name}" lies outside the file`);
  const target = join(folder, name);
  await mkdir(dirname(target), { recursive: true });
  const check = new MemberCheck(path, member);
  const output = createWriteStream(target, { flags: 'wx' });
  // an empty range cannot be said to a stream
  const input = packedBytes === 0 ? [] : createReadStream(path, { start, end: start + packedBytes - 1 });
  try {
    if (method === STORED) await pipeline(input, check, output);
    else await pipeline(input, createInflateRaw(), check, output);
  } catch (error) {
    if (
      typeof (error as NodeJS.ErrnoException).code === 'string' &&
      (error as NodeJS.ErrnoException).code?.startsWith('Z_')
    )
      throw damaged(path, `member "${name}" cannot be unpacked (${(error as Error).message})`);
    throw error;
  }
}

/** Passes bytes on, never more than announced, and checks them at the end. */
class MemberCheck extends Transform {
  readonly #path: string;
  readonly #member: Member;
  #bytes = 0;
  #crc = 0xffffffff;

  constructor(path: string, member: Member) {
    super();
    this.#path = path;
    this.#member = member;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null, data?: Buffer) => void): void {
    this.#bytes += chunk.length;
    for (const byte of chunk) this.#crc = crcTable[(this.#crc ^ byte) & 0xff] ^ (this.#crc >>> 8);
    if (this.#bytes > this.#member.bytes) done(this.#wrong());
    else done(null, chunk);
  }

  override _flush(done: (error?: Error | null) => void): void {
    const { bytes, crc } = this.#member;
    done(this.#bytes === bytes && (this.#crc ^ 0xffffffff) >>> 0 === crc ? null : this.#wrong());
  }

  #wrong(): DeepTasteError {
    return damaged(this.#path, `member "${this.#member.name}" must have the size and CRC-32 of the list, found others`);
  }
}

/** CRC-32, reflected polynomial 0xEDB88320. */
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

async function readAt(file: FileHandle, path: string, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead === length) return buffer;
  throw damaged(path, `${length} bytes must stand at ${position}, found ${bytesRead}`);
}

function damaged(path: string, what: string): DeepTasteError {
  return new DeepTasteError('data', `${path}: ${what}; get the archive again`, { path });
}
