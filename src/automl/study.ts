/**
 * A study on disk: a folder that a kill or Ctrl-C at any moment leaves so that it can go on.
 *
 *   study.json      what is searched, on which data: a study goes on with nothing else
 *   journal.jsonl   one line for each trial that begins, each part of its training that begins, and each that ended
 *   trials/         checkpoints of trials that may go on, and their values of users, sequences or rows of the validation part
 */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import { readPlainText } from '../core/plain-file.ts';
import { CheckpointFolder } from '../runs/checkpoint-folder.ts';
import { FolderOwner } from '../runs/folder-owner.ts';
import { identityDifferences } from '../training/run-identity.ts';
import { Journal } from './journal.ts';
import { unitsFile } from './train-trial.ts';
import { type SegmentOutcome, type Trial, type TrialStart, untrained } from './trial.ts';

const IDENTITY = 'study.json';
const JOURNAL = 'journal.jsonl';
const TRIALS = 'trials';

/** A part of a training that begins. */
export interface PartStart {
  readonly number: number;
  /** Epochs of the model itself at which it pauses; null = its own end. */
  readonly until: number | null;
  /** Whether it may be stopped for lack of promise. */
  readonly stoppable: boolean;
  /** It pauses after so long; null = never. */
  readonly seconds: number | null;
}

/** A part that begins, of a trial that is new or goes on. */
export interface Part {
  readonly trial: TrialStart | null;
  readonly part: PartStart;
}

type Entry =
  /** What begins together stands on one line, so that a kill leaves all of it or nothing. */
  | { readonly event: 'begin'; readonly begun: readonly Part[] }
  | ({
      readonly event: 'trained';
      readonly number: number;
      /** Seconds of the search until then. */
      readonly at: number;
    } & SegmentOutcome);

/** A trial that was better than all before it. */
export interface Improvement {
  readonly number: number;
  readonly value: number;
  /** Seconds of the search, and epochs of all trials, until then. */
  readonly at: number;
  readonly epochs: number;
}

/** A part that began, with what was known then. */
export interface OpenPart extends PartStart {
  readonly others: readonly Trial[];
}

const trialSchema = z.object({
  number: z.int().min(1),
  model: z.string(),
  kind: z.enum(['default', 'baseline', 'sampled']),
  point: z.record(z.string(), z.unknown()),
  settings: z.object({ config: z.record(z.string(), z.unknown()), training: z.record(z.string(), z.unknown()) }),
  epochs: z.int().nullable(),
});

const partSchema = z.object({
  number: z.int().min(1),
  until: z.int().nullable(),
  stoppable: z.boolean(),
  seconds: z.number().nullable(),
});

const entrySchema = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('begin'),
    begun: z.array(z.object({ trial: trialSchema.nullable(), part: partSchema })).min(1),
  }),
  z.object({
    event: z.literal('trained'),
    number: z.int().min(1),
    at: z.number(),
    status: z.enum(['paused', 'finished', 'stopped', 'failed']),
    reason: z.string().nullable(),
    epochsDone: z.int(),
    ownEpochs: z.int(),
    looks: z.array(z.tuple([z.number(), z.number()])),
    value: z.number().nullable(),
    bestEpoch: z.int(),
    seconds: z.number(),
  }),
]);

export class Study {
  readonly path: string;
  readonly #owner: FolderOwner;
  readonly #journal: Journal<Entry>;
  #trials: Trial[] = [];
  readonly #open = new Map<number, OpenPart>();
  readonly #improvements: Improvement[] = [];
  #seconds = 0;

  private constructor(path: string, owner: FolderOwner, journal: Journal<Entry>, entries: readonly Entry[]) {
    this.path = path;
    this.#owner = owner;
    this.#journal = journal;
    for (const entry of entries) this.#apply(entry);
  }

  /**
   * @param identity what is searched, as plain data
   * @throws 'usage' for a folder that holds a study which is not to go on, none that could, or one that another process writes;
   *   'config' for a study of something else, with what differs; 'artifact' for an altered one; 'io'
   */
  static async open(path: string, identity: object, resume: boolean): Promise<Study> {
    const owner = new FolderOwner(path, 'writing its study');
    const text = await storedIdentity(path);
    if (text !== null && !resume)
      throw new DeepTasteError(
        'usage',
        `tune: ${path} holds a study already; go on with it by --resume, or choose another --out`,
      );
    if (text === null && (await isThere(path))) await refuseForeignFolder(path);
    if (text !== null) {
      const differences = identityDifferences(text, JSON.stringify(identity));
      if (differences.length > 0)
        throw new DeepTasteError(
          'config',
          `tune: ${path} is a study of something else: ${differences.slice(0, 5).join('; ')}; repeat the command of that study, or choose another --out`,
          { differences },
        );
    }
    await owner.claim();
    try {
      await mkdir(join(path, TRIALS), { recursive: true });
      if (text === null) await writeFileAtomic(join(path, IDENTITY), `${JSON.stringify(identity, null, 2)}\n`);
      const { journal, entries } = await Journal.open<Entry>(join(path, JOURNAL), entryOf);
      return new Study(path, owner, journal, entries);
    } catch (error) {
      await owner.release();
      throw ioError('opening', path, error);
    }
  }

  get trials(): readonly Trial[] {
    return this.#trials;
  }

  /** Parts of trainings that began and did not end, in the order of their beginning. */
  get openParts(): readonly OpenPart[] {
    return [...this.#open.values()];
  }

  /** Trials that were better than all before them, in the order of time. */
  get improvements(): readonly Improvement[] {
    return this.#improvements;
  }

  /** Time of the search until the last part that ended. */
  get seconds(): number {
    return this.#seconds;
  }

  trial(number: number): Trial {
    const found = this.#trials[number - 1];
    if (found) return found;
    throw new DeepTasteError(
      'artifact',
      `${this.path}/${JOURNAL}: must begin trial ${number} before it is trained, found no line that does; begin the study anew`,
    );
  }

  /** Where files of a trial are kept. */
  trialPath(number: number): string {
    return join(this.path, TRIALS, String(number).padStart(4, '0'));
  }

  unitsFile(number: number): string {
    return unitsFile(this.trialPath(number));
  }

  async begin(begun: readonly Part[]): Promise<void> {
    await this.#append({ event: 'begin', begun });
  }

  async end(number: number, outcome: SegmentOutcome, at: number): Promise<void> {
    await this.#append({ event: 'trained', number, at, ...outcome });
    // what may go on keeps its checkpoint
    if (outcome.status !== 'paused') await new CheckpointFolder(this.trialPath(number)).remove();
  }

  async close(): Promise<void> {
    await this.#journal.close();
    await this.#owner.release();
  }

  async #append(entry: Entry): Promise<void> {
    await this.#journal.append(entry);
    this.#apply(entry);
  }

  #apply(entry: Entry): void {
    if (entry.event === 'begin') for (const each of entry.begun) this.#begin(each);
    else this.#end(entry);
  }

  #begin({ trial, part }: Part): void {
    if (trial) this.#trials = [...this.#trials, { ...trial, ...untrained }];
    const { model } = this.trial(part.number);
    const others = this.#trials.filter((each) => each.model === model && each.number !== part.number);
    this.#open.set(part.number, { ...part, others });
  }

  #end({ event: _, number, at, seconds, ...outcome }: Extract<Entry, { event: 'trained' }>): void {
    const before = this.trial(number);
    const after: Trial = { ...before, ...outcome, seconds: before.seconds + seconds };
    this.#open.delete(number);
    this.#seconds = at;
    this.#trials = this.#trials.map((trial) => (trial.number === number ? after : trial));
    if (after.value === null || after.value <= (this.#improvements.at(-1)?.value ?? Number.NEGATIVE_INFINITY)) return;
    const epochs = this.#trials.reduce((sum, { epochsDone }) => sum + epochsDone, 0);
    this.#improvements.push({ number, value: after.value, at, epochs });
  }
}

function entryOf(line: unknown, where: string): Entry {
  const parsed = entrySchema.safeParse(line);
  if (parsed.success) return parsed.data as Entry;
  throw new DeepTasteError(
    'artifact',
    `${where}: must be a line of a study, found ${z.prettifyError(parsed.error)}; the file was altered, begin the study anew`,
  );
}

async function storedIdentity(path: string): Promise<string | null> {
  try {
    return JSON.stringify(JSON.parse(await readPlainText(join(path, IDENTITY))));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR')
      return null;
    if (error instanceof SyntaxError)
      throw new DeepTasteError(
        'artifact',
        `${join(path, IDENTITY)}: must say what the study is of, found no JSON; begin it anew`,
      );
    throw ioError('read', path, error);
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

/** A study is not mixed into a folder of something else. */
async function refuseForeignFolder(path: string): Promise<void> {
  const names = await readdir(path).catch(() => ['a file']);
  if (names.length === 0) return;
  throw new DeepTasteError(
    'usage',
    `tune: --out must be a new folder, or that of a study, found ${path} with ${names[0]}; choose another one`,
  );
}
