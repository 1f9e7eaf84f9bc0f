/** Runs that are served beside those of the command line: added and removed while the server runs, and remembered in the folder of runs. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectArtifact } from '../../artifact/artifact.ts';
import type { Manifest } from '../../artifact/manifest.ts';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { DeepTasteError } from '../../core/errors.ts';
import { readPlainText } from '../../core/plain-file.ts';
import { shownName } from '../../core/shown.ts';
import type { Log } from '../log.ts';
import type { ModelSource } from '../scoring/served-models.ts';
import { Refused } from '../service/errors-to-status.ts';
import type { ServerSettings } from '../settings.ts';

const FILE = '.served.json';

/** What serves artifacts, and may serve others. */
interface Pool {
  readonly sources: readonly ModelSource[];
  serve(sources: readonly ModelSource[]): Promise<void>;
}

export interface SavedRun {
  readonly name: string;
  readonly manifest: Manifest;
}

export class ServedRuns {
  readonly #folder: string;
  readonly #pool: Pool;
  readonly #settings: ServerSettings;
  readonly #log: Log;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(folder: string, pool: Pool, settings: ServerSettings, log: Log) {
    this.#folder = folder;
    this.#pool = pool;
    this.#settings = settings;
    this.#log = log;
  }

  isServed(name: string): boolean {
    return this.#pool.sources.some((source) => source.name === name && source.path === join(this.#folder, name));
  }

  /** Serves what was added before the server stopped; what cannot be loaded any more is told and left out. */
  async restore(): Promise<void> {
    for (const name of await this.#remembered())
      await this.add(name).catch((error: Error) =>
        this.#log.write('warn', 'run not served', { run: name, message: error.message }),
      );
  }

  async #remembered(): Promise<string[]> {
    try {
      const names: unknown = JSON.parse(await readPlainText(join(this.#folder, FILE)));
      return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
    } catch {
      return []; // none was added, or the file is none of ours
    }
  }

  /** Recommenders in the folder, the newest first. */
  async all(): Promise<SavedRun[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const found = await Promise.all(
      names
        .filter((name) => !name.startsWith('.'))
        .map(async (name) => {
          const manifest = await inspectArtifact(join(this.#folder, name)).catch(() => null);
          return manifest === null ? [] : [{ name, manifest }];
        }),
    );
    return found.flat().sort((a, b) => (a.manifest.created < b.manifest.created ? 1 : -1));
  }

  /** @throws 'not-found' for a run that is not there; Refused 409 for a name that is served already, and for what cannot be loaded */
  add(name: string): Promise<void> {
    return this.#oneByOne(async () => {
      const path = join(this.#folder, name);
      if ((await inspectArtifact(path).catch(() => null)) === null)
        throw new DeepTasteError(
          'not-found',
          `models: must be a run in the folder of this server, found "${shownName(name)}"; GET /runs lists them`,
        );
      const { sources } = this.#pool;
      if (sources.some((source) => source.name === name))
        throw new Refused(409, 'taken', `models: a run "${name}" is served already`);
      await this.#serve([...sources, { name, path }]);
    });
  }

  /** @throws 'not-found'; Refused 409 for the last one, those that scenarios name, and those of the command line */
  remove(name: string): Promise<void> {
    return this.#oneByOne(async () => {
      const { sources } = this.#pool;
      if (!sources.some((source) => source.name === name))
        throw new DeepTasteError('not-found', `models: must be one that is served, found "${shownName(name)}"`);
      if (!this.isServed(name))
        throw new Refused(
          409,
          'command-line',
          `models: "${name}" was given to "deeptaste serve", which serves it as long as it runs`,
        );
      const scenario = Object.entries(this.#settings.scenarios).find(([, { model, variants }]) =>
        [model, ...variants.map((each) => each.model)].includes(name),
      );
      if (scenario !== undefined)
        throw new Refused(
          409,
          'in-use',
          `models: the scenario "${scenario[0]}" names "${name}"; change the settings first`,
        );
      await this.#serve(sources.filter((source) => source.name !== name));
    });
  }

  async #serve(sources: readonly ModelSource[]): Promise<void> {
    try {
      await this.#pool.serve(sources);
    } catch (error) {
      this.#log.write('error', 'run not served', { message: (error as Error).message });
      throw new Refused(409, 'artifact', 'models: the run cannot be loaded; the log of the server tells why');
    }
    const names = sources.filter(({ name }) => this.isServed(name)).map(({ name }) => name);
    await writeFileAtomic(join(this.#folder, FILE), `${JSON.stringify(names)}\n`);
  }

  #oneByOne(work: () => Promise<void>): Promise<void> {
    const result = this.#changing.then(work);
    this.#changing = result.catch(() => {});
    return result;
  }
}
