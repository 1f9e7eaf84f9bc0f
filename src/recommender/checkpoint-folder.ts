/** Checkpoints on disk, beside the folder that a run will become: `<out>.partial/`. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { namedTensors, readSafetensors } from '../artifact/safetensors-reader.ts';
import { encodeSafetensors } from '../artifact/safetensors-writer.ts';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import type { AnyCheckpoint, AnyProgress, Checkpoint, EpochRecord, TrainingProgress } from '../training/checkpoint.ts';

const FILE = 'checkpoint.safetensors';
const LOG = 'epochs.jsonl';

export class CheckpointFolder {
  readonly path: string;

  /** @param out the folder that the finished run is saved to */
  constructor(out: string) {
    this.path = `${out.replace(/\/+$/, '')}.partial`;
  }

  /** Writes the state of the run; a kill at any moment leaves the former or the new one. */
  async save({ fingerprint, progress, tensors }: AnyCheckpoint): Promise<void> {
    try {
      await mkdir(this.path, { recursive: true });
    } catch (error) {
      throw ioError('create', this.path, error);
    }
    const metadata = { fingerprint, progress: JSON.stringify(progress) };
    await writeFileAtomic(join(this.path, FILE), encodeSafetensors(tensors, metadata));
    await writeFileAtomic(join(this.path, LOG), epochLines(progress.log));
  }

  /**
   * The saved state, null when there is none; which run's it is, its fingerprint says.
   * @throws 'artifact' when it cannot be read
   */
  async load<P extends AnyProgress = TrainingProgress>(): Promise<Checkpoint<P> | null> {
    const path = join(this.path, FILE);
    try {
      await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw ioError('read', path, error);
    }
    const file = await readSafetensors(path);
    const { fingerprint, progress } = file.metadata ?? {};
    if (fingerprint === undefined || progress === undefined)
      throw new DeepTasteError('artifact', `${path}: must be a checkpoint; remove it and start anew`);
    return { fingerprint, progress: JSON.parse(progress) as P, tensors: namedTensors(file, path), origin: this.path };
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** The epoch log as JSON lines. */
export function epochLines(log: readonly EpochRecord[]): string {
  return log.map((record) => `${JSON.stringify(record)}\n`).join('');
}
