/** Trainings that were asked for: one after the other, each by the command line in a process of its own. */
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { DeepTasteError } from '../../core/errors.ts';
import { shownName } from '../../core/shown.ts';
import type { JobRequest } from '../api/training.ts';
import type { Log } from '../log.ts';
import { Refused } from '../service/errors-to-status.ts';
import { Job } from './job.ts';
import { JobFolder, removeLeftJobFolders, requireFreeName } from './job-folder.ts';
import type { TrainingMeans } from './means.ts';
import type { Upload, Uploads } from './uploads.ts';

const MOST_WAITING = 10;
/** Jobs that are remembered. */
const MOST_KEPT = 100;

/** The file of a training, beside its table. */
const EXPERIMENT = 'experiment.yaml';

export class Jobs {
  readonly #means: TrainingMeans;
  readonly #log: Log;
  readonly #jobs = new Map<string, Job>();
  #working: Promise<void> | null = null;
  #isClosed = false;

  constructor(means: TrainingMeans, log: Log) {
    this.#means = means;
    this.#log = log;
  }

  /** Removes what trainings of servers that were killed have left in the folder of runs. */
  async removeLeft(): Promise<void> {
    await removeLeftJobFolders(this.#means.folder).catch((error: Error) =>
      this.#log.write('warn', 'left folders not removed', { message: error.message }),
    );
  }

  /** The newest first. */
  get all(): readonly Job[] {
    return [...this.#jobs.values()].reverse();
  }

  /** Ids of uploads that jobs still need. */
  get uploadsInUse(): ReadonlySet<string> {
    return new Set(this.all.flatMap((job) => (job.isOver ? [] : job.uploads.map(({ id }) => id))));
  }

  /** @throws 'not-found' */
  get(id: string): Job {
    const job = this.#jobs.get(id);
    if (job) return job;
    throw new DeepTasteError(
      'not-found',
      `jobs: must be the id of a training of this server, found "${shownName(id)}"`,
    );
  }

  /**
   * Checks what can be checked, and has the training wait for its turn.
   * @throws 'usage', 'config' for wrong settings; 'not-found' for an upload; Refused 409 for a name that is taken, 503 for too many
   */
  async add(request: JobRequest, uploads: Uploads): Promise<Job> {
    const named = (id: string | undefined): Upload | undefined => (id === undefined ? undefined : uploads.get(id));
    const tables = { table: named(request.upload), items: named(request.items), users: named(request.users) };
    const settings = settingsOf(request, tables);
    await this.#means.check(settings);
    // from here to the end nothing else gets its turn
    this.#requireRoom(request.name);
    const { table } = tables;
    const job = new Job({
      id: randomUUID(),
      name: request.name,
      model: request.model,
      data: table?.name ?? 'film-club',
      settings,
      folder: table?.folder ?? null,
      uploads: [request.upload, request.items, request.users].flatMap((id) => named(id) ?? []),
    });
    this.#jobs.set(job.id, job);
    for (const old of [...this.#jobs.values()].slice(0, -MOST_KEPT)) if (old.isOver) this.#jobs.delete(old.id);
    this.#log.write('info', 'training waits', { job: job.id, run: job.name, model: request.model });
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
    });
    return job;
  }

  /** @throws Refused 409 for a name that is taken, 503 for too many */
  #requireRoom(name: string): void {
    if (this.#isClosed) throw new Refused(503, 'stopping', 'jobs: the server is stopping; try again later', 5);
    const waiting = this.all.filter((job) => !job.isOver);
    if (waiting.some((job) => job.name === name))
      throw new Refused(409, 'taken', `jobs: a training of a run "${name}" waits already; choose another name`);
    requireFreeName(this.#means.folder, name);
    if (waiting.length > MOST_WAITING)
      throw new Refused(503, 'busy', `jobs: ${MOST_WAITING} trainings wait already; wait, or cancel one`, 60);
  }

  async #work(): Promise<void> {
    for (;;) {
      const job = [...this.#jobs.values()].find(({ state }) => state === 'waiting');
      if (!job || this.#isClosed) return;
      await this.#train(job);
      this.#log.write(job.state === 'failed' ? 'warn' : 'info', 'training ended', {
        ...{ job: job.id, run: job.name, state: job.state },
        ...(job.problem !== null && { message: job.problem }),
      });
    }
  }

  async #train(job: Job): Promise<void> {
    const { program, folder } = this.#means;
    const made = new JobFolder(folder, job.name);
    const workplace = job.folder ?? made.path;
    const file = `${job.id}-${EXPERIMENT}`;
    try {
      made.make();
      await writeFile(join(workplace, file), experimentText(job.settings), { mode: 0o600 });
      await job.run(program, ['run', file, '--out', made.out, '--json', '--json-progress'], {
        cwd: workplace,
        hidden: [made.path, folder, workplace],
        onMade: () => made.publish(),
      });
    } catch (error) {
      job.fail((error as Error).message);
    } finally {
      await rm(join(workplace, file), { force: true });
      await made.remove();
    }
  }

  /** Ends it if it waits or runs, and forgets it otherwise. */
  async remove(id: string): Promise<Job> {
    const job = this.get(id);
    if (job.isOver) this.#jobs.delete(id);
    else await job.cancel();
    return job;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.all.filter((job) => !job.isOver).map((job) => job.cancel()));
    await this.#working;
  }
}

/** The settings of the run, in the form of an experiment file whose paths are relative to the folder of the table. */
function settingsOf(
  { name, model, config, training, split, metrics, seed, read, data }: JobRequest,
  { table, items, users }: { readonly table?: Upload; readonly items?: Upload; readonly users?: Upload },
): Readonly<Record<string, unknown>> {
  const at = (from: Upload, { folder, name: file }: Upload) => join(relative(from.folder, folder), file);
  const files =
    table === undefined
      ? { simulated: {} }
      : {
          ...read,
          files: [table.name],
          // nothing else is looked for beside it
          items: items === undefined ? null : at(table, items),
          users: users === undefined ? null : at(table, users),
          social: null,
        };
  if (data !== undefined && Object.keys(read).length > 0)
    throw new DeepTasteError('usage', 'jobs: "read" says how an upload is read, found it beside "data"; leave it out');
  return {
    ...{ name, model, data: files, config, training, seed },
    ...(split !== undefined && { split }),
    ...(metrics !== undefined && { evaluation: { metrics } }),
  };
}

/** JSON is YAML; a dollar sign would stand for a variable of the environment there. */
function experimentText(settings: object): string {
  return JSON.stringify(settings, null, 2).replaceAll('$', '\\u0024');
}
