/** What a run has saved before it is through: the trained model before it is measured, the measured one before it is trained anew. */
import type { Progress } from '../core/progress.ts';

export class KeptRun {
  readonly out: string;
  readonly #progress: Progress;
  #state: 'nothing' | 'trained' | 'measured' = 'nothing';

  constructor(out: string, progress: Progress) {
    this.out = out;
    this.#progress = progress;
  }

  async save(isMeasured: boolean, save: () => Promise<unknown>): Promise<void> {
    await save();
    this.#state = isMeasured ? 'measured' : 'trained';
  }

  /** What is said when the rest is interrupted; null when nothing is saved yet. */
  get interrupted(): string | null {
    if (this.#state === 'nothing') return null;
    return `interrupted while training anew on all rows; ${this.#held()}, which was trained without the held-out rows`;
  }

  /** When what follows fails, says what is there all the same. An interruption is told by itself. */
  async guard<R>(run: Promise<R>, signal?: AbortSignal): Promise<R> {
    try {
      return await run;
    } catch (error) {
      if (this.#state !== 'nothing' && !signal?.aborted) this.#progress.log(`${this.#held()}; what came after failed`);
      throw error;
    }
  }

  #held(): string {
    return `${this.out} holds the ${this.#state} recommender${this.#state === 'trained' ? ', without numbers' : ''}`;
  }
}
