/** One training: where it stands, as its process tells, line by line. */

import type { JobReply } from '../api/training.ts';
import { type RunningCommand, startCommand } from '../command-line.ts';
import { problemOf, type Upload } from './uploads.ts';

/** Lines of notes that are kept. */
const MOST_NOTES = 50;
const MOST_EPOCHS = 5_000;

export interface JobParts {
  readonly id: string;
  /** Of the run that it makes. */
  readonly name: string;
  readonly model: string;
  /** Name of the table. */
  readonly data: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** That of the table, in which it works; null = without a table. */
  readonly folder: string | null;
  readonly uploads: readonly Upload[];
}

export interface JobRun {
  /** Where it works. */
  readonly cwd: string;
  /** Folders that nobody is told of, those within others first. */
  readonly hidden: readonly string[];
  /** The run is whole; what it throws has the training fail. At once, so that nothing is cancelled between. */
  onMade(): void;
}

/** What the command tells with `--json-progress`. */
type ProgressEvent =
  | { readonly event: 'start'; readonly task: number; readonly label: string; readonly total: number | null }
  | { readonly event: 'update'; readonly task: number; readonly done: number }
  | { readonly event: 'end'; readonly task: number }
  | { readonly event: 'log'; readonly line: string }
  | ({ readonly event: 'epoch' } & JobReply['epochs'][number]);

interface Stage {
  readonly task: number;
  readonly label: string;
  readonly total: number | null;
  done: number;
  first: { readonly done: number; readonly at: number } | null;
  at: number;
}

export class Job {
  readonly id: string;
  readonly name: string;
  readonly settings: JobParts['settings'];
  readonly folder: JobParts['folder'];
  readonly uploads: readonly Upload[];
  readonly #parts: JobParts;
  readonly #created = new Date();
  readonly #notes: string[] = [];
  readonly #epochs: JobReply['epochs'][number][] = [];
  #state: JobReply['state'] = 'waiting';
  #started: Date | null = null;
  #ended: Date | null = null;
  #stage: Stage | null = null;
  #result: JobReply['result'] = null;
  #problem: string | null = null;
  #command: RunningCommand | null = null;

  constructor(parts: JobParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.name = parts.name;
    this.settings = parts.settings;
    this.folder = parts.folder;
    this.uploads = parts.uploads;
  }

  get state(): JobReply['state'] {
    return this.#state;
  }

  get isOver(): boolean {
    return this.#state !== 'waiting' && this.#state !== 'running';
  }

  get problem(): string | null {
    return this.#problem;
  }

  /** @throws what `onMade` throws, and what is wrong with the command's document */
  async run(program: readonly string[], args: readonly string[], { cwd, hidden, onMade }: JobRun): Promise<void> {
    if (this.isOver) return;
    this.#state = 'running';
    this.#started = new Date();
    const shown = (text: string): string => hidden.reduce((rest, folder) => rest.replaceAll(`${folder}/`, ''), text);
    this.#command = startCommand(program, args, {
      cwd,
      onLine: (line) => this.#take(line, shown),
    });
    const { code, stdout, lines } = await this.#command.outcome;
    // it may have been cancelled meanwhile
    if (this.isOver) return;
    if (code !== 0) return this.fail(shown(problemOf(lines, 'its process ended unasked')));
    const { out: _, next: __, ...result } = JSON.parse(stdout) as Record<string, unknown>;
    onMade();
    this.#result = result;
    this.#over('done');
  }

  fail(problem: string): void {
    if (this.isOver) return;
    this.#problem = problem;
    this.#over('failed');
  }

  /** Resolves when its process has ended. */
  async cancel(): Promise<void> {
    if (this.isOver) return;
    this.#over('cancelled');
    await this.#command?.stop();
  }

  #over(state: JobReply['state']): void {
    this.#state = state;
    this.#ended = new Date();
    this.#stage = null;
  }

  #take(line: string, shown: (text: string) => string): boolean {
    if (!line.startsWith('{"event":')) return false;
    const event = JSON.parse(line) as ProgressEvent;
    const now = performance.now();
    if (event.event === 'start') {
      this.#stage = { task: event.task, label: event.label, total: event.total, done: 0, first: null, at: now };
    } else if (event.event === 'update' && this.#stage?.task === event.task) {
      this.#stage.done = event.done;
      this.#stage.at = now;
      this.#stage.first ??= { done: event.done, at: now };
    } else if (event.event === 'log' && this.#notes.length < MOST_NOTES) this.#notes.push(shown(event.line));
    else if (event.event === 'epoch' && this.#epochs.length < MOST_EPOCHS) {
      const { event: _, ...epoch } = event;
      this.#epochs.push(epoch);
    }
    return true;
  }

  /** @param served whether the run is served */
  shown(served: boolean): JobReply {
    const { id, name, model, data } = this.#parts;
    const time = (at: Date | null): string | null => at?.toISOString() ?? null;
    return {
      ...{ id, name, model, data, served },
      state: this.#state,
      created: this.#created.toISOString(),
      started: time(this.#started),
      ended: time(this.#ended),
      stage: this.#stage?.label ?? null,
      share: this.#share(),
      secondsLeft: this.#secondsLeft(),
      epochs: this.#epochs,
      notes: this.#notes,
      result: this.#result,
      problem: this.#problem,
    };
  }

  #share(): number | null {
    if (this.#stage === null || !this.#stage.total) return null;
    return Math.min(1, this.#stage.done / this.#stage.total);
  }

  /** What was done before the first report does not count for the speed. */
  #secondsLeft(): number | null {
    if (!this.#stage?.total || this.#stage.first === null) return null;
    const { done, total, first, at } = this.#stage;
    const seconds = (at - first.at) / 1000;
    return done > first.done && seconds > 0 ? (Math.max(0, total - done) * seconds) / (done - first.done) : null;
  }
}
