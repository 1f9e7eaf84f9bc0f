/** Tells when saved recommenders were saved anew: their manifest is the last file that is written, and a folder is renamed into its place. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE } from '../artifact/manifest.ts';
import type { Log } from './log.ts';

const EVERY_MS = 1000;

/** @param folders those that are watched, which may change. @returns what ends it */
export function watchFolders(folders: () => readonly string[], onChange: () => void, log: Log): () => void {
  let known: ReadonlyMap<string, string> = new Map();
  let isLooking = false;
  const look = async (): Promise<void> => {
    const now = new Map<string, string>();
    for (const folder of folders()) {
      // one that is being replaced, or gone, is as it was
      const mark = (await markOf(folder)) ?? known.get(folder);
      if (mark !== undefined) now.set(folder, mark);
    }
    const isChanged = [...now].some(([folder, mark]) => known.has(folder) && known.get(folder) !== mark);
    known = now;
    if (!isChanged) return;
    log.write('info', 'artifact changed');
    onChange();
  };
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    look().finally(() => {
      isLooking = false;
    });
  }, EVERY_MS);
  timer.unref();
  void look();
  return () => clearInterval(timer);
}

/** What changes when the manifest is another file; null where there is none. */
async function markOf(folder: string): Promise<string | null> {
  try {
    const { ino, mtimeMs, size } = await stat(join(folder, MANIFEST_FILE));
    return `${ino} ${mtimeMs} ${size}`;
  } catch {
    return null; // not there at the moment
  }
}
