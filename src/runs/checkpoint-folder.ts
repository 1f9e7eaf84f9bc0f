/**
 * Checkpoints on disk, beside the folder that a run will become: `<out>.partial/`. A checkpoint states the SHA-256 of all that it
 * holds, so that one altered bit is refused instead of resumed into other weights.
 */
import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { namedTensors, readSafetensors } from '../artifact/safetensors-reader.ts';
import { encodeSafetensors } from '../artifact/safetensors-writer.ts';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import { checkPlainFile, readPlainText } from '../core/plain-file.ts';
import { type Checkpoint, type EpochRecord, noProgress } from '../training/checkpoint.ts';
import { FolderOwner } from './folder-owner.ts';

const FILE = 'checkpoint.safetensors';
const LOG = 'epochs.jsonl';
const SETTINGS = 'settings.json';

export class CheckpointFolder {
  readonly path: string;
  #settings: object | null;
  readonly #owner: FolderOwner;

  /**
   * @param out the folder that the finished run is saved to
   * @param settings of the run; they are written beside its first checkpoint
   */
  constructor(out: string, settings: object | null = null) {
    this.#settings = settings;
    this.path = `${out.replace(/\/+$/, '')}.partial`;
    this.#owner = new FolderOwner(this.path, 'writing its checkpoints');
  }

  /**
   * Writes the state of the run; a kill at any moment leaves the former or the new one.
   * @throws 'usage' when another run is writing there
   */
  async save(checkpoint: Checkpoint): Promise<void> {
    try {
      await this.#owner.claim();
      await this.#write(checkpoint);
    } catch (error) {
      // a disk that is full must not leave a folder that looks like a checkpoint
      if (this.#owner.isOwn && !(await this.exists())) await this.remove();
      throw error;
    }
  }

  async #write({ fingerprint, progress, tensors }: Checkpoint): Promise<void> {
    const stated = { fingerprint, progress: JSON.stringify(progress) };
    const metadata = { ...stated, sha256: digest(stated, tensors) };
    await writeFileAtomic(join(this.path, FILE), encodeSafetensors(tensors, metadata));
    await writeFileAtomic(join(this.path, LOG), epochLines(progress.log));
    await this.#saveSettings();
  }

  /** Whether there is a checkpoint, whatever it holds. */
  async exists(): Promise<boolean> {
    return (await stat(join(this.path, FILE)).catch(() => null)) !== null;
  }

  /** Two runs with one folder would lose each other's checkpoints. @throws 'usage' when another one is writing there */
  async checkFree(): Promise<void> {
    await this.#owner.checkFree();
  }

  /**
   * The saved state, null when there is none; which run's it is, its fingerprint says.
   * @throws 'artifact' when it is truncated or altered
   */
  async load(): Promise<Checkpoint | null> {
    const path = join(this.path, FILE);
    try {
      await checkPlainFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw ioError('read', path, error);
    }
    const file = await readSafetensors(path);
    const { fingerprint, progress, sha256 } = file.metadata;
    if (fingerprint === undefined || progress === undefined) throw unusable(path, 'be a checkpoint', 'another file');
    if (sha256 === undefined) throw unusable(path, 'state the SHA-256 of its content', 'none (an earlier version?)');
    const tensors = namedTensors(file, path);
    if (sha256 !== digest({ fingerprint, progress }, tensors))
      throw unusable(path, 'have the SHA-256 that it states', 'another; the file was altered');
    return {
      fingerprint,
      progress: { ...noProgress, ...(JSON.parse(progress) as object) },
      tensors,
      origin: this.path,
    };
  }

  /** The settings of the run. @throws 'usage' when there are none; 'artifact' when they cannot be read */
  async settings(): Promise<object> {
    const path = join(this.path, SETTINGS);
    let text: string;
    try {
      text = await readPlainText(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw ioError('read', path, error);
      throw new DeepTasteError(
        'usage',
        `--finish: there must be the checkpoint of a run in ${this.path}, found none; say --out as in the command of the run`,
      );
    }
    try {
      const settings: unknown = JSON.parse(text);
      if (typeof settings === 'object' && settings !== null) return settings;
    } catch {
      // refused below
    }
    throw new DeepTasteError('artifact', `${path}: must hold the settings of a run; repeat the whole command instead`);
  }

  async #saveSettings(): Promise<void> {
    if (this.#settings === null) return;
    await writeFileAtomic(join(this.path, SETTINGS), `${JSON.stringify(this.#settings, null, 2)}\n`);
    this.#settings = null;
  }

  /** Lets another process go on from the checkpoint. */
  async release(): Promise<void> {
    await this.#owner.release();
  }

  /** Removes the checkpoint; that of another run which is going on stays. */
  async remove(): Promise<void> {
    if (await this.#owner.isTaken()) return;
    await rm(this.path, { recursive: true, force: true });
  }
}

/** SHA-256 of what a checkpoint states and of its tensors: names, kinds, shapes and values. */
function digest(stated: { readonly fingerprint: string; readonly progress: string }, tensors: NamedTensors): string {
  const hash = createHash('sha256').update(JSON.stringify([stated.fingerprint, stated.progress]));
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    hash.update(JSON.stringify([name, data.constructor.name, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

function unusable(path: string, must: string, found: string): DeepTasteError {
  return new DeepTasteError(
    'artifact',
    `${path}: must ${must}, found ${found}; remove the folder and start anew without --resume`,
  );
}

/** The epoch log as JSON lines. */
export function epochLines(log: readonly EpochRecord[]): string {
  return log.map((record) => `${JSON.stringify(record)}\n`).join('');
}
