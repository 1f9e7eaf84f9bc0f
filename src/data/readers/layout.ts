/** How a file is laid out: its format, separator, header and column names, from its name and its first lines. */
import { basename, extname } from 'node:path';
import { DeepTasteError } from '../../core/errors.ts';
import type { FileFormat, TableOptions } from '../data-options.ts';
import { isKnownColumnName } from '../role-names.ts';
import type { ColumnKind } from '../schema.ts';
import type { SourceFile } from './files.ts';
import { movieLensColumns } from './movielens.ts';
import { isRecboleHeader, parseRecboleHeader } from './recbole.ts';
import { looksNumeric, splitRecords } from './records.ts';

export type Format = Exclude<FileFormat, 'auto'>;

/** A column as the file itself describes it. */
export interface LayoutColumn {
  readonly name: string;
  /** The kind that the file's header or the format states; null = to be guessed. */
  readonly kind: ColumnKind | null;
  /** Separator of the categories in one cell, when stated. */
  readonly separator?: string;
}

export interface TextLayout {
  readonly format: Format;
  readonly delimiter: string;
  readonly quoted: boolean;
  readonly header: boolean;
  /** Blank lines before the header. */
  readonly nBlankLines: number;
  readonly columns: readonly LayoutColumn[];
  /** True when the file names its columns: a header, or a format that fixes them. */
  readonly named: boolean;
}

const nSampled = 100;

/** The format of a file, told or guessed. */
export function detectFormat(source: SourceFile, told: FileFormat): Format {
  if (told !== 'auto') return told;
  const extension = extname(source.path.replace(/\.gz$/, '')).toLowerCase();
  if (source.head.subarray(0, 4).toString('latin1') === 'PAR1' || /^\.(parquet|pq)$/.test(extension)) return 'parquet';
  const text = headText(source);
  if (/^\.(json|jsonl|ndjson)$/.test(extension)) return 'json';
  if (!/^\.(csv|tsv|tab)$/.test(extension) && /^\s*(\[\s*)?\{\s*"/.test(text)) return 'json';
  const firstLine = text.split(/\r?\n/, 1)[0];
  if (isRecboleHeader(firstLine)) return 'recbole';
  if (/^[^\t,]*::/.test(firstLine)) return 'movielens';
  if (/^\S+( \d+:[-+.\deE]+)+\s*$/.test(firstLine)) return 'libfm';
  if (extension === '.tsv' || extension === '.tab') return 'tsv';
  return detectSpaceSeparated(source.path, text, source.whole) ?? 'csv';
}

/** Rows of bare numbers between spaces: libfm rows when they have one width and a label, else the caller must say. */
function detectSpaceSeparated(path: string, text: string, whole: boolean): Format | null {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (!whole) lines.pop();
  const sample = lines.slice(0, nSampled);
  if (sample.length === 0 || !sample.every((line) => /^[-\d. ]+$/.test(line) && line.trim().includes(' '))) return null;
  const rows = sample.map((line) => line.trim().split(/ +/));
  const width = rows[0].length;
  if (rows.some((row) => row.length !== width))
    throw new DeepTasteError(
      'data',
      `${path}: rows of numbers of unlike length may be "user item item …" or "label feature feature …"; ` +
        'say --format lists or --format libfm',
      { path },
    );
  return width >= 5 && rows.every((row) => /^(-1|0|1)$/.test(row[0])) ? 'libfm' : null;
}

/** The start of a text file without its byte order mark. */
export function headText(source: SourceFile): string {
  return source.head.toString('utf8').replace(/^\ufeff/, '');
}

/** The layout of a text file with separated columns. */
export function detectLayout(source: SourceFile, format: Format, options: TableOptions): TextLayout {
  const text = headText(source);
  if (format === 'recbole') return recboleLayout(source, text);
  const delimiter = options.delimiter ?? fixedDelimiter(format) ?? guessDelimiter(source.path, text);
  const quoted = format === 'movielens' ? false : delimiter !== '\t' || usesQuotes(wholeLines(source, text));
  const records = splitRecords(text, delimiter, quoted, nSampled);
  if (records.length === 0)
    throw new DeepTasteError('data', `${source.path}: there must be at least one row, found none`, {
      path: source.path,
    });
  if (!source.whole && records.length > 1 && records.length < nSampled) records.pop();
  const known = format === 'movielens' ? movieLensColumns(basename(source.path), records[0].length) : null;
  const header = options.header ?? (known === null && !options.columnNames && guessHeader(records));
  const columns = nameColumns(source.path, records[0], header, known, options.columnNames);
  const named = header || known !== null || options.columnNames !== undefined;
  return { format, delimiter, quoted, header, nBlankLines: blankLines(text), columns, named };
}

function recboleLayout(source: SourceFile, text: string): TextLayout {
  const columns = parseRecboleHeader(source.path, text.split(/\r?\n/, 1)[0]);
  return { format: 'recbole', delimiter: '\t', quoted: false, header: true, nBlankLines: 0, columns, named: true };
}

function blankLines(text: string): number {
  return (/^(\r?\n)*/.exec(text)![0].match(/\n/g) ?? []).length;
}

/** Without the last line when the sample ends in the middle of it. */
function wholeLines(source: SourceFile, text: string): string {
  return source.whole ? text : text.slice(0, text.lastIndexOf('\n') + 1);
}

function fixedDelimiter(format: Format): string | undefined {
  return format === 'movielens' ? '::' : format === 'tsv' ? '\t' : undefined;
}

/** The separator with which most of the first rows have the first row's width; earlier ones win ties. */
function guessDelimiter(path: string, text: string): string {
  const usual = ['\t', ',', ';', '|', ' '];
  const candidates = /\.csv(\.gz)?$/i.test(path) ? [',', ';', '\t', '|'] : usual;
  let best = ',';
  let bestShare = 0;
  for (const delimiter of candidates) {
    const widths = splitRecords(text, delimiter, true, nSampled).map((record) => record.length);
    if (!(widths[0] > 1)) continue;
    const share = widths.filter((width) => width === widths[0]).length / widths.length;
    if (share <= bestShare) continue;
    best = delimiter;
    bestShare = share;
  }
  return best;
}

/** Tab-separated files rarely quote; they do when some cell is wrapped in quotes and none merely starts with one. */
function usesQuotes(text: string): boolean {
  const wrapped = /(^|[\t\r\n])"(?:[^"]|"")*"(?=[\t\r\n]|$)/g;
  const rest = text.replace(wrapped, '$1');
  return rest !== text && !/(^|[\t\r\n])"/.test(rest);
}

/** A first row of words above rows with numbers, or a row with a known column name, is a header. */
function guessHeader(records: readonly (readonly string[])[]): boolean {
  const [first, second] = records;
  if (first.some((cell) => looksNumeric(cell))) return false;
  const names = first.map((cell) => cell.trim());
  if (names.some((name) => isKnownColumnName(name))) return true;
  if (second?.some((cell) => looksNumeric(cell))) return true;
  return new Set(names).size === names.length;
}

function nameColumns(
  path: string,
  firstRow: readonly string[],
  header: boolean,
  known: readonly LayoutColumn[] | null,
  told: readonly string[] | undefined,
): LayoutColumn[] {
  if (told && told.length !== firstRow.length) {
    const message = `${path}: ${told.length} column names were given for ${firstRow.length} columns`;
    throw new DeepTasteError('data', message, { path });
  }
  const fromFile = header ? firstRow.map((cell) => cell.trim()) : [];
  const names = told ?? firstRow.map((_, c) => fromFile[c] || `column${c + 1}`);
  const repeated = names.find((name, c) => names.indexOf(name) !== c);
  if (repeated !== undefined) {
    const message = `${path}: column names must differ, "${repeated}" occurs twice; rename one, or say --no-header`;
    throw new DeepTasteError('data', message, { path, column: repeated });
  }
  return names.map((name, c) => (told ? { name, kind: null } : (known?.[c] ?? { name, kind: null })));
}
