/** Runs that were added while a server ran, remembered in the folder of runs: they are served again when it starts. */
import { basename, join } from 'node:path';
import { inspectArtifact } from '../../artifact/artifact.ts';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { DeepTasteError } from '../../core/errors.ts';
import { readPlainText } from '../../core/plain-file.ts';
import type { Log } from '../log.ts';
import type { ModelSource } from '../scoring/served-models.ts';

const FILE = '.served.json';

export async function rememberRuns(folder: string, names: readonly string[]): Promise<void> {
  await writeFileAtomic(join(folder, FILE), `${JSON.stringify(names)}\n`);
}

/**
 * Those that are there. What cannot be served is told and left out.
 * @param given runs of the command line, whose names are taken
 */
export async function rememberedRuns(
  folder: string,
  given: readonly ModelSource[],
  log: Log,
): Promise<readonly ModelSource[]> {
  const sources: ModelSource[] = [];
  for (const name of await namesIn(folder, log)) {
    const path = join(folder, name);
    try {
      if ([...given, ...sources].some((source) => source.name === name))
        throw new DeepTasteError('usage', `models: a run "${name}" is served already`);
      await inspectArtifact(path);
      sources.push({ name, path });
    } catch (error) {
      notServed(log, name, error);
    }
  }
  return sources;
}

async function namesIn(folder: string, log: Log): Promise<readonly string[]> {
  const path = join(folder, FILE);
  try {
    const names: unknown = JSON.parse(await readPlainText(path));
    if (Array.isArray(names) && names.every((name) => typeof name === 'string' && name === basename(name)))
      return names;
    throw new DeepTasteError('data', `${path}: must be a list of names of runs, found otherwise`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.write('warn', 'added runs not known', { message: (error as Error).message });
    return [];
  }
}

export function notServed(log: Log, run: string, error: unknown): void {
  log.write('warn', 'run not served', { run, message: (error as Error).message });
}
