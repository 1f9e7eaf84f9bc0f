/**
 * Saving a folder as a whole: all is written into a temporary sibling, flushed to the disk, then swapped in by renames.
 * Until the swap the former artifact is not touched; a failure at any point leaves it, or puts it back.
 */
import { mkdir, open, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { syncFolder, temporarySibling } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import { readPlainText } from '../core/plain-file.ts';
import { asideName, mendInterruptedSave } from './interrupted-save.ts';
import { isManifest, MANIFEST_FILE } from './manifest.ts';

/**
 * Makes the folder `path` (and its parents) from what `write` puts into the empty folder that it is given.
 * Replaces an artifact or an empty folder; anything else at `path` is refused. A symbolic link is followed.
 * @throws DeepTasteError `usage` when `path` holds something that is not an artifact; `io`, e.g. disk full
 */
export async function saveFolder<T>(path: string, write: (folder: string) => Promise<T>): Promise<T> {
  try {
    const target = await realpath(path).catch(() => resolve(path)); // what does not exist yet stands for itself
    await mendInterruptedSave(target);
    await checkReplaceable(target, path);
    const firstMade = await mkdir(dirname(target), { recursive: true });
    try {
      return await writeAndSwap(target, write);
    } catch (error) {
      if (firstMade !== undefined) await removeEmptyFolders(dirname(target), firstMade);
      throw error;
    }
  } catch (error) {
    throw saveError(path, error);
  }
}

async function writeAndSwap<T>(target: string, write: (folder: string) => Promise<T>): Promise<T> {
  const temporary = temporarySibling(target);
  let result: T;
  let asides: string[];
  try {
    await mkdir(temporary);
    result = await write(temporary);
    await syncFiles(temporary);
    asides = await swap(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {}); // the first error is the one to report
    throw error;
  }
  await syncFolder(dirname(target));
  for (const aside of asides) await rm(aside, { recursive: true, force: true }).catch(() => {}); // or the next save does
  return result;
}

/** Others may save to the same place: each takes the place of what is there, and the last one stays. */
const MOST_ATTEMPTS = 20;

/** Returns where the former folders now are, if there were some. */
async function swap(temporary: string, target: string): Promise<string[]> {
  const asides: string[] = [];
  for (let attempt = 1; ; attempt++) {
    const aside = asideName(target);
    if (await moveIfThere(target, aside)) asides.push(aside);
    try {
      await rename(temporary, target);
      return asides;
    } catch (error) {
      if (isTaken(error) && attempt < MOST_ATTEMPTS) continue;
      const former = asides.pop();
      if (former !== undefined) await rename(former, target);
      throw error;
    }
  }
}

async function moveIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Somebody else has put a folder there in the moment between two renames. */
function isTaken(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Not every writer flushes its files; a rename must not become durable before what it names. */
async function syncFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = await open(join(folder, name), 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
  await syncFolder(folder);
}

/** @throws DeepTasteError `usage` when `target` holds something that is not an artifact. @param path as people gave it */
export async function checkReplaceable(target: string, path: string): Promise<void> {
  const found = await stat(target).catch(() => null);
  if (found === null) return;
  const fail = (what: string) =>
    new DeepTasteError(
      'usage',
      `saving ${path}: the path must be free, an empty folder or a deeptaste artifact, found ${what}; choose another path`,
      { path },
    );
  if (!found.isDirectory()) throw fail('a file');
  const names = await readdir(target);
  if (names.length === 0) return;
  const manifest = await readPlainText(join(target, MANIFEST_FILE)).catch(() => '');
  if (!isManifest(manifest)) throw fail(`a folder with other files (${names.sort().slice(0, 3).join(', ')})`);
}

/** Removes `from` and its parents up to `top`, as far as they are empty. */
async function removeEmptyFolders(from: string, top: string): Promise<void> {
  try {
    for (let folder = from; folder.startsWith(top); folder = dirname(folder)) await rmdir(folder);
  } catch {
    // somebody else has put something there: it stays
  }
}

/** Names the path that people gave instead of the temporary one. */
function saveError(path: string, error: unknown): unknown {
  const isIo = error instanceof DeepTasteError && error.code === 'io';
  const named = ioError('saving', path, isIo ? error.cause : error);
  if (!(named instanceof DeepTasteError) || named.code !== 'io') return named;
  return new DeepTasteError('io', `${named.message}; nothing was replaced`, { ...named.details }, { cause: error });
}
