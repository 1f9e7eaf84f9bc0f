/** Trainers that work side by side, each on one trial at a time. */
import type { SegmentOutcome } from './trial.ts';
import type { TrialJob, TrialTrainer } from './trial-job.ts';

export interface Ended {
  readonly number: number;
  readonly outcome: SegmentOutcome;
}

type Settled = { readonly trainer: TrialTrainer } & ({ readonly ended: Ended } | { readonly error: unknown });

export class Pool {
  readonly #idle: TrialTrainer[];
  readonly #work = new Map<number, Promise<Settled>>();
  readonly #stop: AbortController;

  /** @param stop is asked to stop all when one fails */
  constructor(trainers: readonly TrialTrainer[], stop: AbortController) {
    this.#idle = [...trainers];
    this.#stop = stop;
  }

  get room(): number {
    return this.#idle.length;
  }

  get size(): number {
    return this.#work.size;
  }

  add(job: TrialJob): void {
    const trainer = this.#idle.shift()!;
    const work = trainer.train(job, this.#stop.signal).then(
      (outcome): Settled => ({ trainer, ended: { number: job.number, outcome } }),
      (error: unknown): Settled => ({ trainer, error }),
    );
    this.#work.set(job.number, work);
  }

  /** What ends first. @throws what its training throws, when all others have stopped too */
  async any(): Promise<Ended> {
    return this.#taken(await Promise.race(this.#work.values()));
  }

  /** All, when the last has ended, in the order of their numbers. @throws as `any` */
  async all(): Promise<Ended[]> {
    const settled = await Promise.all(this.#work.values());
    const ended: Ended[] = [];
    for (const each of settled) ended.push(await this.#taken(each));
    return ended.sort((a, b) => a.number - b.number);
  }

  async #taken(settled: Settled): Promise<Ended> {
    if ('error' in settled) {
      this.#stop.abort();
      await Promise.all(this.#work.values());
      throw settled.error;
    }
    this.#work.delete(settled.ended.number);
    this.#idle.push(settled.trainer);
    return settled.ended;
  }
}
