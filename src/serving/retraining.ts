/** Retraining on a schedule: each run that is served, one after the other, by `deeptaste retrain` in a process of its own. */
import { isGone } from '../core/process-mark.ts';
import { type RunningCommand, startCommand } from './command-line.ts';
import type { Log } from './log.ts';
import type { ModelSource } from './scoring/served-models.ts';
import type { Store } from './store/store.ts';

export const RETRAINING_RESULTS = ['promoted', 'kept', 'too-little', 'busy', 'failed'] as const;
export type RetrainingResult = (typeof RETRAINING_RESULTS)[number];

/** How often it is looked whether a retraining is due, at least and at most. */
const LOOK_MS = { least: 200, most: 60_000 };

/** By which a store knows the retraining of a run: over one store one process at a time does it. */
export function retrainingWork(name: string): string {
  return `retrain ${name}`;
}

export interface RetrainingOptions {
  readonly everyMs: number;
  /** What starts the command line, and its first arguments. */
  readonly program: readonly string[];
  /** Arguments of `retrain` beside the run. */
  readonly args: readonly string[];
  readonly store: Store;
  readonly log: Log;
  /** Runs that are served, and when their artifacts were made (milliseconds since 1970; null = not known). */
  runs(): readonly (ModelSource & { readonly created: number | null })[];
  observe(result: RetrainingResult): void;
  /** A run was replaced. */
  onPromoted(): Promise<void>;
}

export class Retraining {
  readonly #options: RetrainingOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #started = Date.now();
  /** When it was tried last here, by run: what fails before the store knows of it is not tried again at once. */
  readonly #tried = new Map<string, number>();
  #command: RunningCommand | null = null;
  #looking: Promise<void> | null = null;
  #isStopped = false;

  constructor(options: RetrainingOptions) {
    this.#options = options;
    const every = Math.min(LOOK_MS.most, Math.max(LOOK_MS.least, options.everyMs / 10));
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = null;
      });
    }, every);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    for (const run of this.#options.runs()) {
      if (this.#isStopped) return;
      try {
        if (await this.#isDue(run)) await this.#retrain(run);
      } catch (error) {
        this.#options.log.write('error', 'retraining', { run: run.name, message: (error as Error).message });
      }
    }
  }

  /** The store knows when it was done last, by whichever server; a run that never was is due when its artifact is old enough. */
  async #isDue({ name, created }: ReturnType<RetrainingOptions['runs']>[number]): Promise<boolean> {
    const { store, everyMs } = this.#options;
    const now = Date.now();
    const work = await store.work(retrainingWork(name));
    if (work !== null && work.until > now && !isGone(work.holder)) return false;
    const never = Number.NEGATIVE_INFINITY;
    const last = Math.max(work?.ended ?? never, this.#tried.get(name) ?? never, created ?? this.#started);
    return now - last >= everyMs;
  }

  async #retrain({ name, path }: ModelSource): Promise<void> {
    const { program, args, log, observe, onPromoted } = this.#options;
    log.write('info', 'retraining begins', { run: name });
    this.#command = startCommand(program, ['retrain', path, ...args, '--json']);
    const { code, stdout, lines } = await this.#command.outcome;
    this.#command = null;
    if (this.#isStopped) return;
    const { result, verdict } = code === 0 ? outcomeOf(stdout) : FAILED;
    // one that is busy is another's, of whose end the store knows
    if (result !== 'busy') this.#tried.set(name, Date.now());
    observe(result);
    const message = lines.findLast((line) => line.startsWith('error:')) ?? lines.at(-1);
    log.write(result === 'failed' ? 'error' : 'info', 'retrained', {
      ...{ run: name, result },
      ...(verdict !== undefined && { verdict }),
      ...(result === 'failed' && { message }),
    });
    if (result === 'promoted') await onPromoted();
  }

  /** A retraining that is going on ends; what it was to replace stays. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#command?.stop();
    await this.#looking;
  }
}

interface RetrainingOutcome {
  readonly result: RetrainingResult;
  /** What the measurement said, where there was one. */
  readonly verdict?: string;
}

const FAILED: RetrainingOutcome = { result: 'failed' };

/** From the document of `retrain --json`. */
function outcomeOf(stdout: string): RetrainingOutcome {
  try {
    const { outcome, verdict } = JSON.parse(stdout) as { outcome?: string; verdict?: string | null };
    const result = RETRAINING_RESULTS.find((each) => each === outcome);
    return result === undefined ? FAILED : { result, verdict: verdict ?? undefined };
  } catch {
    return FAILED;
  }
}
