/** The search of a study: parts of trainings, one after the other or side by side, until its budget is spent or nothing is left to try. */
import { DeepTasteError } from '../core/errors.ts';
import { type Progress, silent } from '../core/progress.ts';
import { Pool } from './pool.ts';
import type { Budget, Schedule } from './schedule.ts';
import type { Part, Study } from './study.ts';
import { type Trial, untrained } from './trial.ts';
import type { TrialJob, TrialTrainer } from './trial-job.ts';

export interface SearchOptions {
  readonly schedule: Schedule;
  readonly trainers: readonly TrialTrainer[];
  readonly budget: Budget;
  readonly seed: number;
  /** All trainers begin and end together, and no clock is looked at. */
  readonly deterministic: boolean;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  readonly onTrial?: (trial: Trial, trials: readonly Trial[]) => void;
  /** How the study stands, in a line. */
  readonly told: (trials: readonly Trial[]) => string;
}

/** @throws DeepTasteError `usage` when interrupted: the study goes on from there */
export async function search(study: Study, options: SearchOptions): Promise<void> {
  const { progress = silent, budget, signal, told } = options;
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const task = progress.start('searching', ...totalOf(budget));
  const clock = clockFrom(study.seconds);
  try {
    await new Search(study, options, stop, clock, () =>
      task.update(doneOf(budget, study.trials, clock()), told(study.trials)),
    ).run();
  } finally {
    signal?.removeEventListener('abort', abort);
    task.end(told(study.trials));
  }
}

class Search {
  readonly #study: Study;
  readonly #options: SearchOptions;
  readonly #stop: AbortController;
  readonly #clock: () => number;
  readonly #tell: () => void;
  readonly #pool: Pool;

  constructor(study: Study, options: SearchOptions, stop: AbortController, clock: () => number, tell: () => void) {
    this.#study = study;
    this.#options = options;
    this.#stop = stop;
    this.#clock = clock;
    this.#tell = tell;
    this.#pool = new Pool(options.trainers, stop);
  }

  async run(): Promise<void> {
    const { deterministic } = this.#options;
    // what a former sitting began comes first; in a deterministic study it ends before anything else begins
    const left = this.#study.openParts.map(({ number }) => number);
    for (;;) {
      while (left.length > 0 && this.#pool.room > 0) this.#add(left.shift()!);
      const waits = deterministic && this.#pool.size > 0;
      if (left.length === 0 && !waits) await this.#begin();
      if (this.#stop.signal.aborted && this.#pool.size === 0) throw new DeepTasteError('usage', 'tune: interrupted');
      if (this.#pool.size === 0) return;
      const ended = deterministic ? await this.#pool.all() : [await this.#pool.any()];
      for (const { number, outcome } of ended) {
        await this.#study.end(number, outcome, this.#clock());
        this.#options.onTrial?.(this.#study.trial(number), this.#study.trials);
      }
      this.#tell();
    }
  }

  /** Gives everybody work who has none. */
  async #begin(): Promise<void> {
    const { schedule, deterministic } = this.#options;
    const running = new Set(this.#study.openParts.map(({ number }) => number));
    const trials = [...this.#study.trials];
    const begun: Part[] = [];
    while (!this.#stop.signal.aborted && this.#pool.room > begun.length) {
      const next = schedule.next(trials, running, deterministic ? 0 : this.#clock());
      if (!next) break;
      begun.push(next);
      running.add(next.part.number);
      if (next.trial) trials.push({ ...next.trial, ...untrained });
    }
    if (begun.length === 0) return;
    await this.#study.begin(begun);
    for (const { part } of begun) this.#add(part.number);
  }

  #add(number: number): void {
    this.#pool.add(jobOf(this.#study, number, this.#options.seed));
  }
}

/** The part of a training that has begun. */
export function jobOf(study: Study, number: number, seed: number): TrialJob {
  const open = study.openParts.find((part) => part.number === number)!;
  const { model, settings, ownEpochs, epochs } = study.trial(number);
  return {
    number,
    model,
    settings,
    seed,
    isFitted: epochs === null,
    from: ownEpochs,
    until: open.until,
    others: open.stoppable ? open.others.map(({ looks }) => looks) : null,
    seconds: open.seconds,
    path: study.trialPath(number),
  };
}

/** Seconds of the search over all sittings. */
function clockFrom(before: number): () => number {
  const started = performance.now();
  return () => before + (performance.now() - started) / 1000;
}

/** What a search is told to be done by: the first of trials, epochs and minutes that is given. */
function totalOf({ trials, epochs, minutes }: Budget): [total: number, unit?: string] {
  if (trials !== undefined) return [trials, 'trials'];
  return epochs !== undefined ? [epochs, 'epochs'] : [60 * (minutes ?? 0)];
}

function doneOf(budget: Budget, trials: readonly Trial[], seconds: number): number {
  const [total] = totalOf(budget);
  if (budget.trials !== undefined) return Math.min(total, trials.length);
  if (budget.epochs === undefined) return Math.min(total, seconds);
  return Math.min(
    total,
    trials.reduce((sum, { epochsDone }) => sum + epochsDone, 0),
  );
}
