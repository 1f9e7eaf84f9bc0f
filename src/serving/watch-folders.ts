/** Tells when saved recommenders were saved anew: their manifest is the last file that is written, and a folder is renamed into its place. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectArtifact } from '../artifact/artifact.ts';
import { MANIFEST_FILE, versionOf } from '../artifact/manifest.ts';
import type { Log } from './log.ts';

const EVERY_MS = 1000;

/** A folder and what was loaded of it. */
export interface WatchedRun {
  readonly path: string;
  readonly version: string;
}

/** @param runs those that are watched, which may change. @returns what ends it */
export function watchFolders(runs: () => readonly WatchedRun[], onChange: () => void, log: Log): () => void {
  let known: ReadonlyMap<string, string> = new Map();
  let isLooking = false;
  const look = async (): Promise<void> => {
    const now = new Map<string, string>();
    let isChanged = false;
    for (const { path, version } of runs()) {
      // one that is being replaced, or gone, is as it was
      const mark = (await markOf(path)) ?? known.get(path);
      if (mark === undefined) continue;
      now.set(path, mark);
      // at the first look it may have changed since it was loaded
      if (known.has(path) ? known.get(path) !== mark : (await versionAt(path)) !== version) isChanged = true;
    }
    known = now;
    if (!isChanged) return;
    log.write('info', 'artifact changed');
    onChange();
  };
  const turn = (): void => {
    if (isLooking) return;
    isLooking = true;
    look().finally(() => {
      isLooking = false;
    });
  };
  const timer = setInterval(turn, EVERY_MS);
  timer.unref();
  turn();
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

/** Null for what is no artifact: whoever loads it is told why. */
async function versionAt(folder: string): Promise<string | null> {
  try {
    return versionOf(await inspectArtifact(folder));
  } catch {
    return null;
  }
}
