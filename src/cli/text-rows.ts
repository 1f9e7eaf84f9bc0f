/** Rows as lines of text: CSV as RFC 4180 says (UTF-8, lines end in \n), or JSON objects. */
import { type FileHandle, open } from 'node:fs/promises';
import { ioError } from '../core/io-error.ts';
import type { OutputCell, OutputColumn, WriteRows } from './table-rows.ts';

/** Characters that are kept back to be written together. */
const KEPT = 1 << 16;

type LineOf = (cells: readonly OutputCell[]) => string;

export function writeTextRows(format: 'csv' | 'jsonl'): WriteRows {
  return async (temporary, path, columns, work) => {
    const names = columns.map(({ name }) => name);
    const lines = await Lines.open(temporary, path);
    try {
      if (format === 'csv') await lines.add(csvLine(names));
      const lineOf = format === 'csv' ? csvLine : jsonLine(columns);
      const result = await work({ add: (cells) => lines.add(lineOf(cells)) });
      await lines.flush();
      return result;
    } finally {
      await lines.close();
    }
  };
}

const csvLine: LineOf = (cells) => `${cells.map(csvCell).join(',')}\n`;

/** Missing values are empty, an empty text is quoted; lists are parted by |. */
function csvCell(cell: OutputCell): string {
  if (cell === null) return '';
  const text = Array.isArray(cell) ? cell.join('|') : String(cell);
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function jsonLine(columns: readonly OutputColumn[]): LineOf {
  return (cells) => `${JSON.stringify(Object.fromEntries(columns.map(({ name }, c) => [name, cells[c]])))}\n`;
}

class Lines {
  readonly #file: FileHandle;
  readonly #path: string;
  #kept: string[] = [];
  #length = 0;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  static async open(temporary: string, path: string): Promise<Lines> {
    try {
      return new Lines(await open(temporary, 'wx'), path);
    } catch (error) {
      throw ioError('writing', path, error);
    }
  }

  async add(line: string): Promise<void> {
    this.#length += line.length;
    this.#kept.push(line);
    if (this.#length >= KEPT) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#kept.join('');
    this.#kept = [];
    this.#length = 0;
    try {
      await this.#file.writeFile(text);
    } catch (error) {
      throw ioError('writing', this.#path, error);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
