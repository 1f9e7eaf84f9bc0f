/**
 * A journal: one JSON object a line, flushed to the disk before anything goes on. A line that a kill has cut off is dropped when the
 * journal is opened again; any other line that is no JSON is an altered file, and refused.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import { readPlainText } from '../core/plain-file.ts';

export class Journal<E> {
  readonly #file: FileHandle;
  readonly #path: string;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /** @param check of one entry @throws 'artifact' for a line that is no entry; 'io' */
  static async open<E>(
    path: string,
    check: (line: unknown, where: string) => E,
  ): Promise<{ journal: Journal<E>; entries: E[] }> {
    try {
      const text = await readPlainText(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      });
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      const entries = whole
        .split('\n')
        .slice(0, -1)
        .map((line, n) => check(parsed(line, `${path}:${n + 1}`), `${path}:${n + 1}`));
      const file = await open(path, 'a');
      if (whole.length < text.length) await file.truncate(Buffer.byteLength(whole));
      return { journal: new Journal<E>(file, path), entries };
    } catch (error) {
      throw ioError('opening', path, error);
    }
  }

  async append(entry: E): Promise<void> {
    try {
      await this.#file.appendFile(`${JSON.stringify(entry)}\n`);
      await this.#file.sync();
    } catch (error) {
      throw ioError('writing', this.#path, error);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function parsed(line: string, where: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new DeepTasteError(
      'artifact',
      `${where}: must be a JSON object, found another text; the file was altered, begin the study anew`,
    );
  }
}
