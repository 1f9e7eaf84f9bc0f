/** Trials side by side: each in a process of its own with one thread, which reads the data by itself. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SegmentOutcome } from '../automl/trial.ts';
import type { TrialJob, TrialTrainer } from '../automl/trial-job.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { EpochRecord } from '../training/checkpoint.ts';
import type { TuneFlags } from './flags.ts';
import type { StudySettings } from './study-settings.ts';
import type { WorkerAnswer, WorkerRequest, WorkerSetup } from './trial-worker.ts';

/** Beyond this many, reading the data so often takes more than it gives. */
const MOST_BY_DEFAULT = 4;

/** How long a model that is fitted at once may take beyond its time before it is ended: most are through by then. */
const GRACE_SECONDS = 15;

/** Null where one trial at a time is trained, by the engine of the study. */
export function openTrainers(
  settings: StudySettings,
  { workers, blas, kernels }: TuneFlags,
  engine: Engine,
  onEpoch: (record: EpochRecord) => void,
): WorkerTrainer[] | null {
  const n = workers ?? Math.min(engine.threads, MOST_BY_DEFAULT);
  if (n === 1) return null;
  const setup: WorkerSetup = { models: settings.models, engine: { threads: 1, blas, kernels } };
  return Array.from({ length: n }, () => new WorkerTrainer(setup, onEpoch));
}

export function closeTrainers(trainers: readonly WorkerTrainer[] | null): void {
  for (const trainer of trainers ?? []) trainer.close();
}

export class WorkerTrainer implements TrialTrainer {
  readonly #setup: WorkerSetup;
  readonly #onEpoch: (record: EpochRecord) => void;
  readonly #graceSeconds: number;
  #process: ChildProcess | null = null;

  constructor(setup: WorkerSetup, onEpoch: (record: EpochRecord) => void, graceSeconds = GRACE_SECONDS) {
    this.#setup = setup;
    this.#onEpoch = onEpoch;
    this.#graceSeconds = graceSeconds;
  }

  /** A process that ends by itself (for want of memory) makes its trial fail; the next one begins with a fresh process. */
  async train(job: TrialJob, signal: AbortSignal): Promise<SegmentOutcome> {
    const started = performance.now();
    const child = this.#started();
    return new Promise((resolve, reject) => {
      const stop = () => child.connected && child.send({ stop: true } satisfies WorkerRequest);
      let isOverdue = false;
      const overdue = (): void => {
        isOverdue = true;
        child.kill('SIGKILL');
      };
      const limit = job.isFitted && job.seconds !== null ? job.seconds + this.#graceSeconds : null;
      const timer = limit === null ? undefined : setTimeout(overdue, 1000 * limit);
      const ended = (settle: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
        child.removeAllListeners('message').removeAllListeners('exit').removeAllListeners('error');
        settle();
      };
      child.on('message', (answer: WorkerAnswer) => {
        if ('epoch' in answer) this.#onEpoch(answer.epoch);
        else if ('outcome' in answer) ended(() => resolve(answer.outcome));
        else ended(() => reject(new DeepTasteError(answer.code, answer.message)));
      });
      child.on('exit', (code, killed) => {
        this.#process = null;
        const seconds = (performance.now() - started) / 1000;
        const reason = `its process ended by itself (${killed ?? `exit code ${code}`}), as it does when memory runs out`;
        if (isOverdue) ended(() => resolve({ ...nothing, status: 'stopped', reason: OVERDUE, seconds }));
        else if (signal.aborted) ended(() => reject(new DeepTasteError('usage', 'tune: interrupted')));
        else ended(() => resolve({ ...nothing, reason, seconds }));
      });
      child.on('error', (error) => ended(() => reject(error)));
      signal.addEventListener('abort', stop, { once: true });
      child.send({ job } satisfies WorkerRequest);
      if (signal.aborted) stop();
    });
  }

  close(): void {
    this.#process?.disconnect();
    this.#process = null;
  }

  #started(): ChildProcess {
    if (this.#process) return this.#process;
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    const child = fork(fileURLToPath(new URL(`./trial-worker${extension}`, import.meta.url)), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.send({ setup: this.#setup } satisfies WorkerRequest);
    this.#process = child;
    return child;
  }
}

const OVERDUE = 'the time of the search was over before it was fitted';

const nothing = {
  status: 'failed',
  epochsDone: 1,
  ownEpochs: 0,
  looks: [],
  value: null,
  bestEpoch: 0,
} as const satisfies Partial<SegmentOutcome>;
