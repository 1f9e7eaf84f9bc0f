/** Progress on standard error for programs: one JSON object a line, each with its `event`. */
import type { Progress, ProgressTask } from '../core/progress.ts';
import type { EpochRecord } from '../training/checkpoint.ts';

/** Updates of a task stand at least this far apart. */
const UPDATE_MS = 250;

export class JsonProgress implements Progress {
  readonly #write: (line: string) => void;
  readonly #now: () => number;
  #nTasks = 0;
  /** Of the task that began last: what epochs belong to. */
  #label = '';

  /** @param write takes one line; @param now milliseconds */
  constructor(write: (line: string) => void, now: () => number = () => performance.now()) {
    this.#write = write;
    this.#now = now;
  }

  start(label: string, total?: number, unit?: string): ProgressTask {
    const task = ++this.#nTasks;
    this.#label = label;
    this.#tell({ event: 'start', task, label, total: total ?? null, unit: unit ?? null });
    let told = Number.NEGATIVE_INFINITY;
    return {
      update: (done, note) => {
        if (this.#now() - told < UPDATE_MS && done !== total) return;
        told = this.#now();
        this.#tell({ event: 'update', task, done, note: note ?? null });
      },
      end: (note) => this.#tell({ event: 'end', task, note: note ?? null }),
    };
  }

  log(line: string): void {
    this.#tell({ event: 'log', line });
  }

  epoch({ model, epoch, loss, validation, seconds }: EpochRecord): void {
    this.#tell({ event: 'epoch', stage: this.#label, model, epoch, loss, validation, seconds });
  }

  /** A part of the training of a trial ended. */
  trial(trial: object): void {
    this.#tell({ event: 'trial', trial });
  }

  /** Numbers that are not finite become null. */
  #tell(event: object): void {
    this.#write(JSON.stringify(event));
  }
}
