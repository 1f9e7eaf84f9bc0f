/**
 * The folder in which a training makes its run, beside the runs: `.job-<process>-<mark>`. A run gets its name when it is whole, and only
 * where nothing else has that name by then; whatever ends otherwise removes this folder alone.
 */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { freshMark, isGone } from '../../core/process-mark.ts';
import { Refused } from '../service/errors-to-status.ts';

const NAME = /^\.job-(.+)$/;
/** Of a process elsewhere nothing is known: what it left is taken for dead when nothing in it has changed for so long. */
const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

export class JobFolder {
  readonly path: string;
  /** Where the training saves the run. */
  readonly out: string;
  readonly #runs: string;
  readonly #name: string;

  /**
   * @param runs the folder of runs
   * @param name of the run
   */
  constructor(runs: string, name: string) {
    this.#runs = runs;
    this.#name = name;
    this.path = join(runs, `.job-${freshMark()}`);
    this.out = join(this.path, name);
  }

  /** @throws Refused 409 where the name is taken; what `mkdir` throws */
  make(): void {
    requireFreeName(this.#runs, this.#name);
    mkdirSync(this.path, { recursive: true });
  }

  /** Gives the run its name. @throws Refused 409 where it has been taken meanwhile: then that run stays as it is */
  publish(): void {
    requireFreeName(this.#runs, this.#name);
    // no folder that holds something is replaced by it
    renameSync(this.out, join(this.#runs, this.#name));
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** @throws Refused 409 */
export function requireFreeName(runs: string, name: string): void {
  if (existsSync(join(runs, name)))
    throw new Refused(409, 'taken', `jobs: there is a run "${name}" already; choose another name`);
}

/** Removes what trainings of servers that were killed have left. */
export async function removeLeftJobFolders(runs: string): Promise<void> {
  for (const name of await readdir(runs).catch(() => [])) {
    const [, mark] = NAME.exec(name) ?? [];
    const path = join(runs, name);
    if (mark !== undefined && (isGone(mark) || (await lastChange(path)) < Date.now() - ABANDONED_AFTER_MS))
      await rm(path, { recursive: true, force: true });
  }
}

/** Of the folder and what lies in it, milliseconds since 1970: checkpoints are written into a folder there. */
async function lastChange(path: string): Promise<number> {
  const inside = await readdir(path).catch(() => []);
  const times = await Promise.all(
    [path, ...inside.map((name) => join(path, name))].map((each) =>
      stat(each).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.max(...times);
}
