/**
 * A SQLite file that a server works with has its mark beside it, so that a second server can tell that it is not alone: both see the
 * feedback, but neither hears of items that the other is told of, since only Postgres is asked for them.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { freshMark, isRunningElsewhere } from '../../core/process-mark.ts';

export class FileMark {
  readonly #path: string;
  readonly #mark = freshMark();

  /** @param path of the SQLite file */
  constructor(path: string) {
    this.#path = `${path}-server`;
  }

  /** Leaves the mark. @returns the number of another process that works with the file; null = there is none */
  claim(): number | null {
    const found = this.#read();
    const other = found !== null && isRunningElsewhere(found) ? Number(found.split('-')[0]) : null;
    writeFileSync(this.#path, this.#mark);
    return other;
  }

  /** Takes the mark away, where it is not another server's by now. */
  release(): void {
    if (this.#read() === this.#mark) rmSync(this.#path, { force: true });
  }

  #read(): string | null {
    try {
      return readFileSync(this.#path, 'utf8');
    } catch {
      return null;
    }
  }
}
