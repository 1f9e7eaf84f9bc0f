/**
 * What a save that was killed may leave beside a folder: `folder.tmp-<process>-<random>`, never finished, and
 * `folder.old-<process>-<random>`, the former folder, moved aside in the moment before the new one takes its name.
 */
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freshMark, isGone, isRunning, markPattern } from '../core/process-mark.ts';
import { isWholeArtifact } from './verify-files.ts';

/** A leftover may belong to a save on another machine with the same disk; where it may, it is taken for dead only after this time. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

interface Leftover {
  readonly path: string;
  readonly kind: 'tmp' | 'old';
  readonly mark: string;
  readonly processId: number;
  readonly modified: number; // milliseconds since 1970
}

/** The name under which the former folder waits while the new one takes its place. */
export function asideName(folder: string): string {
  return `${folder}.old-${freshMark()}`;
}

/** The former folder that an interrupted save has moved aside, newest first; undefined when there is none. */
async function formerFolder(folder: string): Promise<Leftover | undefined> {
  const old = (await leftovers(folder)).filter(({ kind }) => kind === 'old');
  return old.sort((a, b) => b.modified - a.modified)[0];
}

/** How long another process is given to end its own save, which takes two renames. */
const PATIENCE_MS = 2000;

/**
 * Fills the place that an overwrite has left empty when it was killed between its two renames: with the new folder when it is whole
 * (it was flushed to the disk before), else with the former one.
 * @param folder absolute path
 * @returns whether something is there now
 */
export async function restoreInterruptedSave(folder: string): Promise<boolean> {
  const former = await formerFolder(folder);
  if (former === undefined) return exists(folder);
  for (let waited = 0; isRunning(former.processId) && waited < PATIENCE_MS; waited += 50) {
    if (await exists(folder)) return true;
    await setTimeout(50);
  }
  if (await exists(folder)) return true;
  const written = (await leftovers(folder)).filter(
    ({ kind, processId }) => kind === 'tmp' && processId === former.processId,
  );
  let chosen = former.path;
  for (const { path } of written) if (await isWholeArtifact(path)) chosen = path;
  try {
    await rename(chosen, folder);
  } catch (error) {
    // another process may have been faster
    if (await exists(folder)) return true;
    throw error;
  }
  return true;
}

/**
 * Fills the place of a folder whose overwrite was interrupted, and removes what interrupted saves have left.
 * @param folder absolute path
 */
export async function mendInterruptedSave(folder: string): Promise<void> {
  if (!(await exists(folder))) await restoreInterruptedSave(folder);
  for (const { path, mark, processId, modified } of await leftovers(folder)) {
    const abandoned = isGone(mark) || (Date.now() - modified > ABANDONED_AFTER_MS && !isRunning(processId));
    if (abandoned) await rm(path, { recursive: true, force: true });
  }
}

async function leftovers(folder: string): Promise<Leftover[]> {
  const parent = dirname(folder);
  const prefix = `${basename(folder)}.`;
  const found: Leftover[] = [];
  for (const name of await readdir(parent).catch(() => [] as string[])) {
    const kind = name.startsWith(`${prefix}tmp-`) ? 'tmp' : name.startsWith(`${prefix}old-`) ? 'old' : null;
    const mark = name.slice(prefix.length + 'tmp-'.length);
    const [, processId] = markPattern.exec(mark) ?? [];
    if (kind === null || processId === undefined) continue;
    const path = join(parent, name);
    const status = await stat(path).catch(() => null); // its owner may just have removed it
    if (status?.isDirectory()) found.push({ path, kind, mark, processId: Number(processId), modified: status.mtimeMs });
  }
  return found;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
