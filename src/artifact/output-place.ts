/** Whether a result can be saved where it is to go: found before the work that makes it, not after. */
import { mkdtemp, realpath, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DeepTasteError } from '../core/errors.ts';
import { checkReplaceable } from './folder.ts';

/**
 * The place of an artifact: free, an empty folder or an artifact, with a folder above it that takes new files.
 * @param path as people gave it
 * @throws DeepTasteError `usage`
 */
export async function checkArtifactPlace(path: string): Promise<void> {
  const target = await realpath(path).catch(() => resolve(path)); // what does not exist yet stands for itself
  await checkReplaceable(target, path);
  await checkWritableAbove(target, path);
}

/** The place of a file: free, or a file. @throws DeepTasteError `usage` */
export async function checkFilePlace(path: string): Promise<void> {
  const target = await realpath(path).catch(() => resolve(path));
  const found = await stat(target).catch(() => null);
  if (found?.isDirectory()) throw unusable(path, 'must be free or a file, found a folder');
  const folder = dirname(target);
  if ((await stat(folder).catch(() => null)) === null)
    throw unusable(path, `must stand in a folder that is there, and ${folder} is not`);
  await checkWritableAbove(target, path);
}

/** The place of a folder whose files are written over: free, or a folder that takes new files. @throws DeepTasteError `usage` */
export async function checkFolderPlace(path: string): Promise<void> {
  const target = await realpath(path).catch(() => resolve(path));
  const found = await stat(target).catch(() => null);
  if (found && !found.isDirectory()) throw unusable(path, 'must be free or a folder, found a file');
  await checkWritableAbove(found ? join(target, 'file') : target, path);
}

/** As {@link checkArtifactPlace}, of a path whose last part is not known yet. @throws DeepTasteError `usage` */
export async function checkFolderAbove(path: string): Promise<void> {
  await checkWritableAbove(resolve(path), dirname(path));
}

/** A folder is made and removed in the nearest one that exists: only trying tells (read-only disks, quotas, rights). */
async function checkWritableAbove(target: string, path: string): Promise<void> {
  let above = dirname(target);
  let found = await stat(above).catch(() => null);
  while (found === null && above !== dirname(above)) {
    above = dirname(above);
    found = await stat(above).catch(() => null);
  }
  if (found === null || !found.isDirectory())
    throw unusable(path, `must stand in a folder, and ${basename(above)} is a file`);
  try {
    await rmdir(await mkdtemp(join(above, '.deeptaste-')));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw unusable(path, `must stand in a folder that takes new files, and ${above} does not (${code})`);
  }
}

function unusable(path: string, found: string): DeepTasteError {
  return new DeepTasteError('usage', `saving ${path}: the path ${found}; choose another path`, { path });
}
