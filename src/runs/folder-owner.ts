/** A folder that one process writes at a time: it leaves its mark in a file there. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import { readPlainText } from '../core/plain-file.ts';
import { freshMark, isRunningElsewhere } from '../core/process-mark.ts';

const FILE = 'process';

export class FolderOwner {
  readonly #path: string;
  readonly #what: string;
  #isOwn = false;

  /** @param what another process would be doing there, for the message: `writing its checkpoints` */
  constructor(path: string, what: string) {
    this.#path = path;
    this.#what = what;
  }

  get isOwn(): boolean {
    return this.#isOwn;
  }

  /** @throws 'usage' when another process is writing there */
  async checkFree(): Promise<void> {
    const owner = await this.#owner();
    if (owner === null || !isRunningElsewhere(owner)) return;
    throw new DeepTasteError(
      'usage',
      `${this.#path}: another run must not be ${this.#what} there, found process ${owner.split('-')[0]}; choose another ` +
        `--out, or wait until it has ended (if it is no run of deeptaste, remove ${join(this.#path, FILE)})`,
    );
  }

  /** Makes the folder where it is missing. @throws as `checkFree`; 'io' */
  async claim(): Promise<void> {
    if (this.#isOwn) return;
    await this.checkFree();
    try {
      await mkdir(this.#path, { recursive: true });
      this.#isOwn = true;
      await rm(join(this.#path, FILE), { force: true });
      await writeFile(join(this.#path, FILE), freshMark(), { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') await this.checkFree(); // another one in the same moment
      throw ioError('create', this.#path, error);
    }
  }

  /** Whether another process is writing there. */
  async isTaken(): Promise<boolean> {
    const owner = await this.#owner();
    return owner !== null && isRunningElsewhere(owner);
  }

  async release(): Promise<void> {
    if (this.#isOwn) await rm(join(this.#path, FILE), { force: true });
    this.#isOwn = false;
  }

  async #owner(): Promise<string | null> {
    return readPlainText(join(this.#path, FILE)).catch(() => null);
  }
}
