/**
 * Saving a folder as a whole: all is written into a temporary sibling, flushed to the disk, then swapped in by renames.
 * Until the swap the former artifact is not touched; a failure at any point leaves it, or puts it back.
 */
import { mkdir, open, readdir, readFile, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { syncFolder, temporarySibling } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
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
  let aside: string | undefined;
  try {
    await mkdir(temporary);
    result = await write(temporary);
    await syncFiles(temporary);
    aside = await swap(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {}); // the first error is the one to report
    throw error;
  }
  await syncFolder(dirname(target));
  if (aside !== undefined) await rm(aside, { recursive: true, force: true }).catch(() => {}); // or the next save does
  return result;
}

/** Returns where the former folder now is, if there was one. */
async function swap(temporary: string, target: string): Promise<string | undefined> {
  const aside = asideName(target);
  const replaces = (await stat(target).catch(() => null)) !== null;
  if (replaces) await rename(target, aside);
  try {
    await rename(temporary, target);
  } catch (error) {
    if (replaces) await rename(aside, target);
    throw error;
  }
  return replaces ? aside : undefined;
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
  const manifest = await readFile(join(target, MANIFEST_FILE), 'utf8').catch(() => '');
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
