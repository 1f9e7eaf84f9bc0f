/** Tables that were uploaded: each in a folder of its own below a temporary one, until it is removed, or the server ends. */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { shownName } from '../../core/shown.ts';
import { makeTemporaryFolder } from '../../core/temporary-folder.ts';
import type { ReadOptions, uploadReply } from '../api/training.ts';
import { type RunningCommand, startCommand } from '../command-line.ts';
import { Refused } from '../service/errors-to-status.ts';
import type { TrainingMeans } from './means.ts';

/** Ends of names by which the reader knows formats. */
const ENDS = ['.csv', '.tsv', '.json', '.jsonl', '.parquet'];
const MOST_KEPT = 8;
/** A table that takes longer to look at is too large to be looked at here. */
const LOOK_MS = 300_000;

export interface Upload {
  readonly id: string;
  /** Name of the file in {@link folder}. */
  readonly name: string;
  readonly folder: string;
  readonly bytes: number;
}

/** What `deeptaste data` says of it, or why it cannot be read. */
export type Looked = Pick<z.input<typeof uploadReply>, 'data' | 'problem'>;

export class Uploads {
  readonly #means: TrainingMeans;
  /** Ids of uploads that jobs still need. */
  readonly #inUse: () => ReadonlySet<string>;
  readonly #kept = new Map<string, Upload>();
  /** Ids of those that are looked at, or wait for it; one as often as it does. */
  readonly #looked: string[] = [];
  /** Tables that are on their way. */
  #nArriving = 0;
  #root: string | null = null;
  /** One table is looked at at a time. */
  #looking: Promise<unknown> = Promise.resolve();
  #command: RunningCommand | null = null;
  #isClosed = false;

  constructor(means: TrainingMeans, inUse: () => ReadonlySet<string>) {
    this.#means = means;
    this.#inUse = inUse;
  }

  get all(): readonly Upload[] {
    return [...this.#kept.values()];
  }

  /** @throws 'not-found' */
  get(id: string): Upload {
    const upload = this.#kept.get(id);
    if (upload) return upload;
    throw new DeepTasteError(
      'not-found',
      `uploads: must be the id of a table that was uploaded, found "${shownName(id)}"; upload it again with POST /uploads`,
    );
  }

  /**
   * Writes the stream to a file, never holding it in memory, and looks at it.
   * @throws Refused 413 for too many bytes, 400 for a body that breaks off, 409 where no more can be kept, 503 when the server stops
   */
  async add(given: string, stream: ReadableStream<Uint8Array> | null): Promise<Upload & Looked> {
    this.#requireOpen();
    const name = fileName(given);
    await this.#makeRoom();
    const id = randomUUID();
    this.#root ??= makeTemporaryFolder('uploads');
    const folder = join(this.#root, id);
    let upload: Upload;
    try {
      await mkdir(folder, { mode: 0o700 });
      upload = { id, name, folder, bytes: await this.#write(join(folder, name), stream) };
      this.#requireOpen();
      this.#kept.set(id, upload);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    } finally {
      this.#nArriving--;
    }
    return { ...upload, ...(await this.look(upload, {})) };
  }

  async #write(path: string, stream: ReadableStream<Uint8Array> | null): Promise<number> {
    const { mostUpload } = this.#means;
    let bytes = 0;
    async function* counted(source: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
      try {
        for await (const chunk of source) {
          bytes += chunk.length;
          if (bytes > mostUpload) throw tooLarge(mostUpload);
          yield chunk;
        }
      } catch (error) {
        if (error instanceof Refused) throw error;
        throw new Refused(400, 'usage', 'uploads: the body must be sent to its end, found otherwise; send it again');
      }
    }
    if (stream !== null) await pipeline(counted(stream), createWriteStream(path, { mode: 0o600 }));
    if (bytes === 0) throw new DeepTasteError('usage', 'uploads: the body must be a table, found nothing');
    return bytes;
  }

  /** Removes the oldest that nobody needs, and takes a place for one that arrives. */
  async #makeRoom(): Promise<void> {
    while (this.#kept.size + this.#nArriving >= MOST_KEPT) {
      const oldest = [...this.#kept.keys()].find((id) => !this.#isNeeded(id));
      if (oldest === undefined)
        throw new Refused(
          409,
          'full',
          `uploads: ${MOST_KEPT} tables arrive, are looked at, or wait to be trained on; wait, or cancel a training`,
        );
      await this.remove(oldest);
    }
    this.#nArriving++;
  }

  #isNeeded(id: string): boolean {
    return this.#looked.includes(id) || this.#inUse().has(id);
  }

  /**
   * What the table holds, as the command line reads it, in a process of its own. It is not removed before that has ended.
   * @throws Refused 503 when the server stops
   */
  async look({ id, folder, name }: Upload, options: ReadOptions): Promise<Looked> {
    const { program, dataArguments } = this.#means;
    this.#looked.push(id);
    const looked = this.#looking.then(async (): Promise<Looked> => {
      this.#requireOpen();
      const args = ['data', name, ...dataArguments(options), '--json', '--quiet'];
      this.#command = startCommand(program, args, { cwd: folder, timeout: LOOK_MS });
      const { code, stdout, lines } = await this.#command.outcome;
      this.#requireOpen();
      if (code === 0) return { data: JSON.parse(stdout), problem: null };
      return { data: null, problem: problemOf(lines, 'it could not be read in time') };
    });
    this.#looking = looked.catch(() => {});
    try {
      return await looked;
    } finally {
      this.#looked.splice(this.#looked.indexOf(id), 1);
    }
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new Refused(503, 'stopping', 'uploads: the server is stopping; try again later', 5);
  }

  /** @throws 'not-found'; Refused 409 while a job needs it, or it is looked at */
  async remove(id: string): Promise<void> {
    const { folder } = this.get(id);
    if (this.#inUse().has(id))
      throw new Refused(409, 'in-use', 'uploads: a training that waits or runs needs this table; cancel it first');
    if (this.#looked.includes(id))
      throw new Refused(409, 'in-use', 'uploads: this table is being looked at; remove it when that has ended');
    this.#kept.delete(id);
    await rm(folder, { recursive: true, force: true });
  }

  /** What is being looked at ends. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#command?.stop();
    await this.#looking;
    if (this.#root !== null) await rm(this.#root, { recursive: true, force: true });
  }
}

export function tooLarge(most: number): Refused {
  return new Refused(
    413,
    'too-large',
    `uploads: a table must have at most ${most} bytes; "serve --max-upload" says another number`,
  );
}

/** The error of a command, without what stands before it. */
export function problemOf(lines: readonly string[], otherwise: string): string {
  const line = lines.findLast((each) => each.startsWith('error: '));
  return line === undefined ? otherwise : line.slice('error: '.length);
}

/** A name that is safe as that of a file, and no pattern. @throws 'usage' for a format that is not known */
function fileName(given: string): string {
  const end = extname(given).toLowerCase();
  if (!ENDS.includes(end))
    throw new DeepTasteError(
      'usage',
      `uploads: the name must end in ${ENDS.join(', ')}, found "${shownName(given)}"; save the table in one of these formats`,
    );
  const stem = given
    .slice(0, -end.length)
    .replace(/[^a-zA-Z0-9_]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return `${stem === '' ? 'table' : stem}${end}`;
}
