/** Saves checkpoints no more often than asked; the latest one is kept at hand for an interruption. */
import type { CheckpointFolder } from '../recommender/checkpoint-folder.ts';
import type { AnyCheckpoint } from '../training/checkpoint.ts';

export class CheckpointWriter {
  readonly #folder: CheckpointFolder;
  readonly #intervalMs: number;
  #lastSave = performance.now();
  #pending: AnyCheckpoint | null = null;
  #epochsKept: number | null = null;

  constructor(folder: CheckpointFolder, seconds: number) {
    this.#folder = folder;
    this.#intervalMs = seconds * 1000;
  }

  async offer(checkpoint: AnyCheckpoint): Promise<void> {
    this.#pending = checkpoint;
    if (performance.now() - this.#lastSave >= this.#intervalMs) await this.flush();
  }

  /** Saves what is not saved yet; returns how many epochs the checkpoint on disk has, null when there is none. */
  async flush(): Promise<number | null> {
    if (this.#pending === null) return this.#epochsKept;
    await this.#folder.save(this.#pending);
    this.#epochsKept = this.#pending.progress.epochsDone;
    this.#pending = null;
    this.#lastSave = performance.now();
    return this.#epochsKept;
  }
}
