/**
 * JSON lines of which some may be malformed. DuckDB's own way of ignoring errors may swallow the good line after a bad
 * one, so every line is looked at by itself.
 */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DeepTasteError } from '../../core/errors.ts';
import { ioError } from '../../core/io-error.ts';
import { counted } from '../counted.ts';
import type { Database } from './database.ts';
import type { FileTable } from './imported-table.ts';
import { requireText, type SourceFile } from './source-file.ts';
import { importJson } from './structured.ts';
import { linesOf } from './text-repairs.ts';

export function holdsJsonLines(source: SourceFile): boolean {
  return !/^\ufeff?\s*\[/.test(source.head.toString('utf8'));
}

/** The lines that are JSON objects; the others are counted in a warning. */
export async function importValidLines(database: Database, source: SourceFile): Promise<FileTable> {
  requireText(source);
  const file = database.temporaryPath();
  const counts = { good: 0, bad: 0, firstBad: 0 };
  try {
    await pipeline(Readable.from(goodLines(source, counts)), createWriteStream(file));
  } catch (error) {
    throw ioError('reading', source.path, error);
  }
  const { path } = source;
  const skipped = `${path}: ${counted(counts.bad, 'row')} skipped; the first is at line ${counts.firstBad} (not a JSON object)`;
  if (counts.good === 0)
    throw new DeepTasteError('data', `${path}: at least one line must be a JSON object, found none`, { path });
  const table = await importJson(database, { ...source, file, gzip: false });
  return counts.bad === 0 ? table : { ...table, warnings: [skipped, ...table.warnings] };
}

async function* goodLines(
  source: SourceFile,
  counts: { good: number; bad: number; firstBad: number },
): AsyncGenerator<string> {
  let number = 0;
  for await (const lines of linesOf(source)) {
    const good: string[] = [];
    for (const line of lines) {
      number++;
      if (line.trim() === '') continue;
      if (isObject(line)) good.push(`${line}\n`);
      else if (counts.bad++ === 0) counts.firstBad = number;
    }
    counts.good += good.length;
    yield good.join('');
  }
}

function isObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
