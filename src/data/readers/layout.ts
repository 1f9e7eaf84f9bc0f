/** How a file is laid out: its format, separator, header and column names, from its name and its first lines. */
import { basename, extname } from 'node:path';
import { DeepTasteError } from '../../core/errors.ts';
import type { FileFormat, FileOptions } from '../data-options.ts';
import { isIdName, isKnownColumnName } from '../role-names.ts';
import type { LayoutColumn } from './layout-column.ts';
import { movieLensColumns } from './movielens.ts';
import { type Preamble, readPreamble } from './preamble.ts';
import { parseRecboleHeader, recboleDelimiter } from './recbole.ts';
import { looksNumeric, splitRecords } from './records.ts';
import { singleQuotedBy, withDoubleQuotes } from './single-quotes.ts';
import type { SourceFile } from './source-file.ts';
import { withoutGuard } from './text-guards.ts';

export type Format = Exclude<FileFormat, 'auto'>;

export interface TextLayout {
  readonly format: Format;
  readonly delimiter: string;
  /** Several blanks in a row separate as one does. */
  readonly blanks: boolean;
  readonly quoted: boolean;
  /** Cells stand in single quotes instead of double ones. */
  readonly singleQuotes: boolean;
  /** Whether the first line after the skipped ones is a header. */
  readonly header: boolean;
  /** Lines before the header, or before the rows when there is none: blank ones, comments, `sep=;`. */
  readonly nSkipped: number;
  /** Whether the reader must not see them. */
  readonly cutsSkipped: boolean;
  /** How many of them are comments. */
  readonly nComments: number;
  /** What begins a comment; null = nothing does. */
  readonly comment: string | null;
  /** The cells of the header as they stand in the file; empty without one. */
  readonly headerCells: readonly string[];
  readonly columns: readonly LayoutColumn[];
  /** True when the file names its columns: a header, or a format that fixes them. */
  readonly named: boolean;
}

const nSampled = 100;

/** The format of a file, given or guessed. */
export function detectFormat(
  source: SourceFile,
  options: Pick<FileOptions, 'format' | 'delimiter' | 'comment'>,
): Format {
  if (options.format !== 'auto') return options.format;
  const extension = extname(source.name).toLowerCase();
  if (isParquet(source) || /^\.(parquet|pq)$/.test(extension)) return 'parquet';
  const text = headText(source);
  if (/^\.(json|jsonl|ndjson)$/.test(extension)) return 'json';
  if (!/^\.(csv|tsv|tab)$/.test(extension) && /^\s*(\[\s*)?\{\s*"/.test(text)) return 'json';
  const { body, delimiter } = readPreamble(text, options.comment);
  const firstLine = body.split(/\r?\n/, 1)[0];
  if (recboleDelimiter(firstLine, options.delimiter ?? delimiter) !== null) return 'recbole';
  if (/^[^\t,]*::/.test(firstLine)) return 'movielens';
  if (/^\S+( \d+:[-+.\deE]+)+\s*$/.test(firstLine)) return 'libfm';
  if (extension === '.tsv' || extension === '.tab') return 'tsv';
  if (options.delimiter !== undefined) return 'csv';
  return detectSpaceSeparated(source.path, body, source.whole) ?? 'csv';
}

export function isParquet(source: SourceFile): boolean {
  return source.head.subarray(0, 4).toString('latin1') === 'PAR1';
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
export function detectLayout(source: SourceFile, format: Format, options: FileOptions): TextLayout {
  const preamble = readPreamble(headText(source), options.comment);
  if (format === 'recbole') return recboleLayout(source, preamble, options.delimiter);
  const stated = options.delimiter ?? fixedDelimiter(format) ?? preamble.delimiter;
  const singleQuoted =
    format === 'movielens'
      ? null
      : singleQuotedBy(preamble.body, source.whole, stated === undefined ? [',', ';', '\t', '|'] : [stated]);
  const text = singleQuoted === null ? preamble.body : inDoubleQuotes(preamble.body, singleQuoted);
  const delimiter = stated ?? singleQuoted ?? guessDelimiter(source.name, text);
  const blanks = delimiter === ' ' && haveRuns(text);
  const quoted = format === 'movielens' ? false : delimiter !== '\t' || usesQuotes(wholeLines(source, text));
  const records = splitRecords(blanks ? withSingleBlanks(text) : text, delimiter, quoted, nSampled);
  if (records.length === 0)
    throw new DeepTasteError('data', `${source.path}: there must be at least one row, found none`, {
      path: source.path,
    });
  if (!source.whole && records.length > 1 && records.length < nSampled) records.pop();
  const { path } = source;
  const shape = { format, delimiter, blanks, quoted, singleQuotes: singleQuoted !== null };
  const commented = commentedHeader(preamble, delimiter, blanks, records, options);
  if (commented) {
    const columns = nameColumns(path, commented, true, null, undefined);
    return {
      ...shape,
      ...above(preamble, preamble.nComments - 1),
      header: false,
      headerCells: [],
      columns,
      named: true,
    };
  }
  const known = format === 'movielens' ? movieLensColumns(basename(source.name), records[0].length) : null;
  const header = options.header ?? (known === null && !options.columnNames && guessHeader(records));
  const named = header || known !== null || options.columnNames !== undefined;
  const rowNames = header && !options.columnNames && hasRowNames(records);
  const first = rowNames ? ['', ...records[0]] : records[0];
  const columns = nameColumns(path, first, header, known, options.columnNames);
  const headerCells = header ? records[0] : [];
  if (!rowNames) return { ...shape, ...above(preamble), header, headerCells, columns, named };
  // DuckDB would miss a cell in the header
  const { nSkipped, ...rest } = above(preamble);
  return { ...shape, ...rest, nSkipped: nSkipped + 1, header: false, headerCells, columns, named };
}

function above(
  { nLines, nComments, comment, mustBeCut }: Preamble,
  nShown = nComments,
): Pick<TextLayout, 'nSkipped' | 'cutsSkipped' | 'nComments' | 'comment'> {
  return { nSkipped: nLines, cutsSkipped: mustBeCut, nComments: nShown, comment };
}

function recboleLayout(source: SourceFile, preamble: Preamble, told: string | undefined): TextLayout {
  const [line] = preamble.body.split(/\r?\n/, 1);
  const stated = told ?? preamble.delimiter;
  const delimiter = stated ?? recboleDelimiter(line) ?? '\t';
  const columns = parseRecboleHeader(source.path, line, delimiter);
  const blanks = delimiter === ' ' && haveRuns(preamble.body);
  return {
    format: 'recbole',
    delimiter,
    blanks,
    quoted: delimiter !== '\t',
    singleQuotes: false,
    header: true,
    ...above(preamble),
    headerCells: line.split(delimiter).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1')),
    columns,
    named: true,
  };
}

function inDoubleQuotes(text: string, delimiter: string): string {
  return text
    .split('\n')
    .map((line) => withDoubleQuotes(line, delimiter))
    .join('\n');
}

/** R's `write.table` gives its rows names but no name to their column: the header is one cell short of every row. */
function hasRowNames([header, ...rows]: readonly (readonly string[])[]): boolean {
  return rows.length > 0 && rows.every((row) => row.length === header.length + 1 && looksNumeric(row[0]));
}

/** A last comment such as `# user item time` that names the columns of rows as wide; null when it does not. */
function commentedHeader(
  { lastComment }: Preamble,
  delimiter: string,
  blanks: boolean,
  records: readonly (readonly string[])[],
  options: FileOptions,
): string[] | null {
  if (lastComment === null || options.header !== undefined || options.columnNames) return null;
  const [cells] = splitRecords(blanks ? withSingleBlanks(lastComment) : lastComment, delimiter, true, 1);
  if (cells === undefined || cells.length < 2 || cells.length !== records[0].length) return null;
  const names = cells.map((cell) => cell.trim());
  if (records[0].some((cell) => isKnownColumnName(cell))) return null;
  const areNames = names.every((name) => /^[\w.$-]+$/.test(name) && !looksNumeric(name));
  const isKnown = names.some((name) => isKnownColumnName(name));
  return areNames && (isKnown || (delimiter !== ' ' && !guessHeader(records))) ? names : null;
}

/** Whether blanks separate in runs: at the start of lines, or several (or tabs) between cells. */
function haveRuns(text: string): boolean {
  return /^[ \t]+\S/m.test(text) || / [ \t]+\S/.test(text) || /\t/.test(text);
}

function withSingleBlanks(text: string): string {
  return text.replace(/[ \t]+/g, ' ').replace(/^ | $/gm, '');
}

/** Without the last line when the sample ends in the middle of it. */
function wholeLines(source: SourceFile, text: string): string {
  return source.whole ? text : text.slice(0, text.lastIndexOf('\n') + 1);
}

function fixedDelimiter(format: Format): string | undefined {
  return format === 'movielens' ? '::' : format === 'tsv' ? '\t' : undefined;
}

/** The separator with which most of the first rows have the first row's width; earlier ones win ties. */
function guessDelimiter(name: string, text: string): string {
  const isCsv = /\.csv$/i.test(name);
  const candidates = ['\t', ',', ';', '|', '\u0001', '^', ' '];
  let best = { delimiter: ',', share: 0, width: 0 };
  for (const delimiter of isCsv ? [',', ';', '\t', '|', '\u0001', '^', ' '] : candidates) {
    const sample = delimiter === ' ' && haveRuns(text) ? withSingleBlanks(text) : text;
    const records = splitRecords(sample, delimiter, true, nSampled);
    const width = records[0]?.length ?? 0;
    if (width < 2) continue;
    // names of people hold blanks too
    if (isCsv && delimiter === ' ' && !records[0].some((cell) => isIdName(cell))) continue;
    const share = records.filter((record) => record.length === width).length / records.length;
    // a comma may be a decimal mark
    const isBetter =
      share > best.share || (best.delimiter === ',' && delimiter === ';' && share === best.share && width > best.width);
    if (isBetter) best = { delimiter, share, width };
  }
  return best.delimiter;
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
  const names = first.map((cell) => cell.trim());
  // years and the like may name columns, but then others are words that are known
  if (names.some((name) => looksNumeric(name)))
    return (
      names.some(isIdName) &&
      names.filter((name) => isKnownColumnName(name)).length * 2 >= names.filter((name) => !looksNumeric(name)).length
    );
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
  const fromFile = header ? firstRow.map((cell) => withoutGuard(cell.trim())) : [];
  const names = told ?? firstRow.map((_, c) => fromFile[c] || `column${c + 1}`);
  const repeated = names.find((name, c) => names.indexOf(name) !== c);
  if (repeated !== undefined) {
    const message = `${path}: column names must differ, "${repeated}" occurs twice; rename one, or say --no-header`;
    throw new DeepTasteError('data', message, { path, column: repeated });
  }
  return names.map((name, c) => {
    if (told) return { name, kind: null };
    const column = known?.[c] ?? { name, kind: null };
    return header && !fromFile[c] ? { ...column, nameless: true } : column;
  });
}
