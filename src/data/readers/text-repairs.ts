/** Rewrites a text file in a form that DuckDB reads: a copy without comments, escapes by backslash, single quotes, or runs of blanks. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ioError } from '../../core/io-error.ts';
import type { Database } from './database.ts';
import { withDoubleQuotes } from './single-quotes.ts';
import { type SourceFile, unpackedBytes } from './source-file.ts';

export interface Repairs {
  /** Lines that begin with this are left out. */
  readonly comment: string | null;
  /** Blanks and tabs in a row become one blank. */
  readonly blanks: boolean;
  /** Quotes inside quoted cells are escaped by a backslash. */
  readonly backslash: boolean;
  /** What separates the cells where they stand in single quotes; null = they do not. */
  readonly singleQuotes: string | null;
  /** Lines before the table, which are left out. */
  readonly nPreamble: number;
  /** Whether cells may be quoted. */
  readonly quoted: boolean;
}

interface RepairedFile {
  readonly source: SourceFile;
  /** The numbers of the lines that were left out, the first line being 1. */
  readonly leftOut: readonly number[];
}

export async function repairText(database: Database, source: SourceFile, repairs: Repairs): Promise<RepairedFile> {
  const file = database.temporaryPath();
  const leftOut: number[] = [];
  try {
    await pipeline(Readable.from(repairedLines(source, repairs, leftOut)), createWriteStream(file));
  } catch (error) {
    throw ioError('rewriting', source.path, error);
  }
  return { source: { ...source, file, gzip: false }, leftOut };
}

/** The number that a line of the repaired file has in the original. */
export function originalLine(line: number, leftOut: readonly number[]): number {
  let original = line;
  for (const each of leftOut) if (each <= original) original++;
  return original;
}

async function* repairedLines(source: SourceFile, repairs: Repairs, leftOut: number[]): AsyncGenerator<string> {
  const { comment, blanks, backslash, singleQuotes, nPreamble, quoted } = repairs;
  let number = 0;
  let inQuotes = false;
  for await (const lines of linesOf(source)) {
    const kept: string[] = [];
    for (const line of lines) {
      number++;
      if (number <= nPreamble) leftOut.push(number);
      else if (!inQuotes && comment !== null && line.startsWith(comment)) leftOut.push(number);
      else {
        const wasInQuotes = inQuotes;
        const single = singleQuotes === null ? line : withDoubleQuotes(line, singleQuotes, wasInQuotes);
        const text = backslash ? unescaped(single, wasInQuotes) : single;
        if (quoted && nQuotes(text) % 2 === 1) inQuotes = !inQuotes;
        kept.push(blanks && !wasInQuotes && !inQuotes ? withSingleBlanks(text) : text);
      }
    }
    yield kept.map((line) => `${line}\n`).join('');
  }
}

/** The lines of the file without their line ends, many at a time. */
export async function* linesOf(source: SourceFile): AsyncGenerator<string[]> {
  const stream = unpackedBytes(source).setEncoding('utf8');
  let rest = '';
  let first = true;
  for await (const chunk of stream) {
    const text = first ? (chunk as string).replace(/^\ufeff/, '') : (chunk as string);
    first = false;
    const lines = (rest + text).split('\n');
    rest = lines.pop() as string;
    yield lines.map(withoutReturn);
  }
  if (rest !== '') yield [withoutReturn(rest)];
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function nQuotes(line: string): number {
  let n = 0;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) n++;
  return n;
}

function withSingleBlanks(line: string): string {
  return line.trim().replace(/"(?:[^"]|"")*"|[ \t]+/g, (match) => (match[0] === '"' ? match : ' '));
}

/** `\"` in a quoted cell becomes `""`, `\\` one backslash; a backslash before anything else, and outside quotes, is one. */
function unescaped(line: string, wasInQuotes: boolean): string {
  if (!line.includes('\\')) return line;
  let text = '';
  let inQuotes = wasInQuotes;
  for (let at = 0; at < line.length; at++) {
    const character = line[at];
    const next = line[at + 1];
    if (inQuotes && character === '\\' && (next === '"' || next === '\\')) {
      text += next === '"' ? '""' : '\\';
      at++;
    } else if (inQuotes && character === '\\' && next === undefined) {
      // MySQL puts a backslash before a line end inside a cell
    } else {
      if (character === '"') inQuotes = !inQuotes;
      text += character;
    }
  }
  return text;
}
