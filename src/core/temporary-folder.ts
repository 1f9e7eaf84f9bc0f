/** Folders in the system's temporary folder. What processes that were killed have left of them there goes first. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshMark, isGone } from './process-mark.ts';

/** A path that is free, for a folder of this process. @param kind what it is for, in small letters */
export function temporaryFolderPath(kind: string): string {
  removeAbandoned();
  return join(tmpdir(), `deeptaste-${kind}-${freshMark()}`);
}

/** A new folder, for its owner alone. @throws what `mkdir` throws */
export function makeTemporaryFolder(kind: string): string {
  const path = temporaryFolderPath(kind);
  mkdirSync(path, { mode: 0o700 });
  return path;
}

let removedFrom: string | undefined;

/** Once a process. What cannot be removed stays. */
function removeAbandoned(): void {
  const folder = tmpdir();
  if (removedFrom === folder) return;
  removedFrom = folder;
  try {
    for (const name of readdirSync(folder)) {
      const [, mark] = /^deeptaste-[a-z]+-(.+)$/.exec(name) ?? [];
      if (mark !== undefined && isGone(mark)) rmSync(join(folder, name), { recursive: true, force: true });
    }
  } catch {
    // another user's, or no temporary folder: what needs one says so
  }
}
