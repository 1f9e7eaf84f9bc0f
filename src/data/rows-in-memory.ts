/**
 * Rows that a caller has in memory. They are written to a temporary file of JSON lines, a few at a time, and read like any file: the
 * same rows give the same data set wherever they come from.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { DeepTasteError } from '../core/errors.ts';
import { shownValue } from '../core/ids.ts';
import { ioError } from '../core/io-error.ts';
import { quotedName } from '../core/shown.ts';
import { makeTemporaryFolder } from '../core/temporary-folder.ts';

/** A row: cells by the names of their columns. Texts, numbers, bigints, booleans, dates, lists; null and undefined are missing. */
type MemoryRow = Readonly<Record<string, unknown>>;

/** Rows all at once or one after another. */
export type MemoryRows = Iterable<MemoryRow> | AsyncIterable<MemoryRow>;

export function areRows(value: unknown): value is MemoryRows {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

/** Tables of a data set that may be rows. */
const tables = ['interactions', 'items', 'users'] as const;

/**
 * Runs `work` with a temporary file for each table that is given as rows.
 * @param options of a data set; `interactions` becomes `files`
 * @throws DeepTasteError `data` for values that are no rows or have cells that no file can hold; `io`; errors of `work`, which name the
 *   table instead of the file
 */
export async function withRowsAsFiles<O extends object, T>(options: O, work: (options: O) => Promise<T>): Promise<T> {
  const given = tables.filter((table) => areRows((options as Record<string, unknown>)[table]));
  if (given.length === 0) return work(options);
  const folder = folderForRows();
  const pathOf = (table: string): string => join(folder, `${table}.jsonl`);
  const named = (text: string): string => tables.reduce((t, table) => t.replaceAll(pathOf(table), table), text);
  try {
    const files: Record<string, unknown> = {};
    for (const table of given) {
      await writeRows(pathOf(table), (options as Record<string, unknown>)[table] as MemoryRows, table);
      if (table === 'interactions') files.files = [pathOf(table)];
      else files[table] = pathOf(table);
    }
    const result = await work({ ...options, interactions: undefined, ...files });
    return withNames(result, named);
  } catch (error) {
    if (!(error instanceof DeepTasteError)) throw error;
    const { code, details, message, cause } = error;
    throw new DeepTasteError(code, named(message), { ...details }, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function folderForRows(): string {
  try {
    return makeTemporaryFolder('rows');
  } catch (error) {
    throw ioError('writing rows to', tmpdir(), error);
  }
}

/** Warnings of a data set, or of the one inside a split, with the names of the tables. */
function withNames<T>(result: T, named: (text: string) => string): T {
  const { warnings, dataset } = result as { warnings?: readonly string[]; dataset?: unknown };
  return {
    ...result,
    ...(warnings && { warnings: warnings.map(named) }),
    ...(dataset !== undefined && { dataset: withNames(dataset, named) }),
  };
}

const PIECE_LENGTH = 1 << 16;

async function writeRows(path: string, rows: MemoryRows, table: string): Promise<void> {
  const file = createWriteStream(path);
  const end = finished(file);
  end.catch(() => {}); // told below
  try {
    let piece = '';
    let nRows = 0;
    for await (const row of rows) {
      piece += `${lineOf(row, `${table} row ${++nRows}`)}\n`;
      if (piece.length < PIECE_LENGTH) continue;
      if (!file.write(piece)) await Promise.race([once(file, 'drain'), end]);
      piece = '';
    }
    if (nRows === 0)
      throw new DeepTasteError('data', `${table}: there must be at least one row, found none`, { table });
    file.end(piece);
    await end;
  } catch (error) {
    file.destroy();
    throw ioError('writing rows to', tmpdir(), error);
  }
}

function lineOf(row: unknown, where: string): string {
  if (typeof row !== 'object' || row === null || Array.isArray(row) || row instanceof Date || row instanceof Map)
    throw new DeepTasteError(
      'data',
      `${where}: must be an object of cells by the names of their columns, found ${shownValue(row)}`,
    );
  const cells: string[] = [];
  for (const [name, cell] of Object.entries(row)) {
    if (cell === undefined) continue;
    cells.push(`${JSON.stringify(name)}:${jsonOf(cell, `${where}, column ${quotedName(name)}`)}`);
  }
  return `{${cells.join(',')}}`;
}

function jsonOf(cell: unknown, where: string): string {
  if (typeof cell === 'bigint') return String(cell); // JSON holds any digits
  if (typeof cell === 'number' && Number.isNaN(cell)) return 'null';
  if (typeof cell === 'number' && Number.isFinite(cell)) return plainNumber(cell);
  if (cell instanceof Date && !Number.isNaN(cell.getTime())) return JSON.stringify(cell.toISOString());
  if (cell === null || cell === undefined) return 'null';
  if (typeof cell === 'string' || typeof cell === 'boolean') return JSON.stringify(cell);
  if (Array.isArray(cell)) return `[${cell.map((each) => jsonOf(each, where)).join(',')}]`;
  throw new DeepTasteError(
    'data',
    `${where}: a cell must be a text, a finite number, a bigint, a boolean, a date or a list of them, found ${cell instanceof Date ? 'an invalid date' : shownValue(cell)}`,
  );
}

/** Whole numbers in all their digits: 1e21 would be another text. */
function plainNumber(value: number): string {
  return Number.isInteger(value) ? String(BigInt(value)) : String(value);
}
