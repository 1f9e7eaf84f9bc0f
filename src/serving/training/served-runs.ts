/** Runs that are served beside those of the command line: added and removed while the server runs. */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { inspectArtifact } from '../../artifact/artifact.ts';
import type { Manifest } from '../../artifact/manifest.ts';
import { DeepTasteError } from '../../core/errors.ts';
import { shownName } from '../../core/shown.ts';
import type { Log } from '../log.ts';
import type { ModelSource } from '../scoring/served-models.ts';
import { Refused } from '../service/errors-to-status.ts';
import type { ServerSettings } from '../settings.ts';
import { rememberRuns } from './remembered-runs.ts';

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
  /** Names of the runs that are served and were not given on the command line. */
  #added: ReadonlySet<string>;
  #changing: Promise<unknown> = Promise.resolve();

  /** @param added names of those of the pool that were added before */
  constructor(folder: string, pool: Pool, settings: ServerSettings, log: Log, added: readonly string[]) {
    this.#folder = folder;
    this.#pool = pool;
    this.#settings = settings;
    this.#log = log;
    this.#added = new Set(added);
  }

  /** Whether this run of the folder is served, be it that it was added, or that the command line named it. */
  isServed(name: string): boolean {
    const path = join(this.#folder, name);
    return this.#pool.sources.some((source) => source.name === name && resolve(source.path) === path);
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
      await this.#serve([...sources, { name, path }], [...this.#added, name]);
    });
  }

  /** @throws 'not-found'; Refused 409 for those that scenarios name, and those of the command line */
  remove(name: string): Promise<void> {
    return this.#oneByOne(async () => {
      const { sources } = this.#pool;
      if (!sources.some((source) => source.name === name))
        throw new DeepTasteError('not-found', `models: must be one that is served, found "${shownName(name)}"`);
      if (!this.#added.has(name))
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
      await this.#serve(
        sources.filter((source) => source.name !== name),
        [...this.#added].filter((each) => each !== name),
      );
    });
  }

  async #serve(sources: readonly ModelSource[], added: readonly string[]): Promise<void> {
    try {
      await this.#pool.serve(sources);
    } catch (error) {
      this.#log.write('error', 'run not served', { message: (error as Error).message });
      throw new Refused(409, 'artifact', 'models: the run cannot be loaded; the log of the server tells why');
    }
    this.#added = new Set(added);
    await rememberRuns(this.#folder, added);
  }

  #oneByOne(work: () => Promise<void>): Promise<void> {
    const result = this.#changing.then(work);
    this.#changing = result.catch(() => {});
    return result;
  }
}
