/** Saves checkpoints no more often than asked; the latest one is kept at hand for an interruption. */

import type { Checkpoint, TrainingProgress } from '../training/checkpoint.ts';
import type { CheckpointFolder } from './checkpoint-folder.ts';

export class CheckpointWriter {
  readonly #folder: CheckpointFolder;
  readonly #intervalMs: number;
  #lastSave = performance.now();
  #pending: Checkpoint | null = null;
  #kept: TrainingProgress | null = null;

  constructor(folder: CheckpointFolder, seconds: number) {
    this.#folder = folder;
    this.#intervalMs = seconds * 1000;
  }

  async offer(checkpoint: Checkpoint): Promise<void> {
    this.#pending = checkpoint;
    if (performance.now() - this.#lastSave >= this.#intervalMs) await this.flush();
  }

  /** Saves what is not saved yet; returns where the checkpoint on disk stands, null when there is none. */
  async flush(): Promise<TrainingProgress | null> {
    if (this.#pending === null) return this.#kept;
    await this.#folder.save(this.#pending);
    this.#kept = this.#pending.progress;
    this.#pending = null;
    this.#lastSave = performance.now();
    return this.#kept;
  }
}
