/** Reading files that people name: a pipe would be waited for without end, a device never ends, and both can be read only once. */
import { readFile, stat } from 'node:fs/promises';
import { DeepTasteError } from './errors.ts';

/** What stands at a path that is neither a file nor a folder; null for those. Follows links. @throws what `stat` throws */
export async function foundInstead(path: string): Promise<string | null> {
  const found = await stat(path);
  if (found.isFIFO()) return 'a pipe';
  if (found.isSocket()) return 'a socket';
  return found.isFile() || found.isDirectory() ? null : 'a device';
}

/** @throws DeepTasteError `io` for a pipe, a socket or a device; else what `stat` throws */
export async function checkPlainFile(path: string): Promise<void> {
  const found = await foundInstead(path);
  if (found === null) return;
  throw new DeepTasteError('io', `${path}: must be a file, found ${found}; write its content to a file first`, {
    path,
  });
}

/** The text of a file in UTF-8. @throws as `checkPlainFile` and `readFile` */
export async function readPlainText(path: string): Promise<string> {
  await checkPlainFile(path);
  return readFile(path, 'utf8');
}
