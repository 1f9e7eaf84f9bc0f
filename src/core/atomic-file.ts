/**
 * Writing a file so that its path holds either the former content or the whole new one, whatever happens in between:
 * a temporary sibling is written, flushed to the disk and renamed over the path.
 */
import { type FileHandle, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ioError } from './io-error.ts';
import { freshMark, isGone } from './process-mark.ts';

/** A whole file, or its pieces in order. */
type FileContent = string | Uint8Array | Iterable<Uint8Array>;

/** Largest piece given to one write call; memory shared between threads is copied in pieces of this size. */
const PIECE_BYTES = 4 * 1024 * 1024;

/**
 * Replaces the file at `path` (whose folder must exist) by `data`. On any failure the former file stays as it was and
 * nothing is left beside it; what a kill has left goes with the next write. A symbolic link is followed. A device or pipe
 * (`/dev/stdout`) is written to, not replaced.
 * @throws DeepTasteError `io`, with the system's code in `details.systemCode`
 */
export async function writeFileAtomic(path: string, data: FileContent): Promise<void> {
  try {
    const target = await realpath(path).catch(() => path); // a file that does not exist yet stands for itself
    if (await isDevice(target)) await writeNew(target, 'w', data);
    else await replaceFile(target, (temporary) => writeNew(temporary, 'wx', data));
  } catch (error) {
    throw ioError('writing', path, error);
  }
}

/**
 * As {@link writeFileAtomic}, of a file that is written piece by piece.
 * @param write makes the file at the path that it is given, where nothing is yet
 * @throws DeepTasteError `io`; what `write` throws
 */
export async function makeFileAtomic<T>(path: string, write: (temporary: string) => Promise<T>): Promise<T> {
  try {
    const target = await realpath(path).catch(() => path);
    return await replaceFile(target, async (temporary) => {
      const result = await write(temporary);
      await syncFile(temporary);
      return result;
    });
  } catch (error) {
    throw ioError('writing', path, error);
  }
}

async function replaceFile<T>(path: string, write: (temporary: string) => Promise<T>): Promise<T> {
  await removeAbandoned(path);
  const temporary = temporarySibling(path);
  let result: T;
  try {
    result = await write(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to report
    throw error;
  }
  await syncFolder(dirname(resolve(path)));
  return result;
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What processes that were killed while they wrote this file have left beside it. */
async function removeAbandoned(path: string): Promise<void> {
  const [folder, prefix] = [dirname(resolve(path)), `${basename(path)}.tmp-`];
  for (const name of await readdir(folder).catch(() => []))
    if (name.startsWith(prefix) && isGone(name.slice(prefix.length))) await rm(join(folder, name), { force: true });
}

async function isDevice(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && !found.isFile() && !found.isDirectory();
}

/** @param flags `wx` for a new file, flushed to the disk; `w` for a device */
async function writeNew(path: string, flags: 'wx' | 'w', data: FileContent): Promise<void> {
  const file = await open(path, flags);
  try {
    await writePieces(file, data);
    if (flags === 'wx') await file.sync();
  } finally {
    await file.close();
  }
}

/** `path.tmp-<process>-<random>`: in the same folder, hence on the same disk, so that a rename is atomic. */
export function temporarySibling(path: string): string {
  return `${resolve(path)}.tmp-${freshMark()}`;
}

/** Flushes a folder's list of names to the disk, so that a rename survives a power cut. Windows has no such call. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writePieces(file: FileHandle, data: FileContent): Promise<void> {
  const chunks = typeof data === 'string' ? [Buffer.from(data)] : data instanceof Uint8Array ? [data] : data;
  for (const chunk of chunks) {
    const shared = !(chunk.buffer instanceof ArrayBuffer);
    for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
      const piece = chunk.subarray(start, start + PIECE_BYTES);
      await writeAll(file, shared ? new Uint8Array(piece) : piece);
    }
  }
}

/** One write call may write less than it is given. */
async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let done = 0; done < piece.length; )
    done += (await file.write(piece, done, piece.length - done, null)).bytesWritten;
}
