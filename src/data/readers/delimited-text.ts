/** Text files with separated columns: CSV, TSV, RecBole's atomic files, MovieLens' `::` files. */

import { DeepTasteError } from '../../core/errors.ts';
import { counted } from '../counted.ts';
import { type Database, readError, sqlFile, sqlText } from './database.ts';
import { type FileTable, textColumns } from './imported-table.ts';
import type { TextLayout } from './layout.ts';
import { type UnlikelyText, unlikelyText } from './likely-encodings.ts';
import { reencoded, type SourceFile } from './source-file.ts';
import { dropTextGuards } from './text-guards.ts';
import { originalLine, type Repairs, repairText } from './text-repairs.ts';

interface Reject {
  readonly line: number;
  readonly kind: string;
  readonly message: string;
  readonly text: string | null;
}

/** A file as it was read into a table, and what did not fit. */
interface Reading {
  readonly sql: string;
  readonly rejects: readonly Reject[];
  /** Comments that were left out below the first rows. */
  readonly nComments: number;
  readonly warnings: readonly string[];
}

/**
 * Every column as text; empty cells are NULL. Comments, and headers that are repeated among the rows, are left out and counted.
 * @throws DeepTasteError `data`: rows of another width, unclosed quotes (unless bad rows are to be skipped); a header repeated
 *   in another order; no rows
 */
export async function importDelimited(
  database: Database,
  source: SourceFile,
  layout: TextLayout,
  skipBadRows: boolean,
): Promise<FileTable> {
  const { sql, rejects, warnings: readingWarnings } = await readRepaired(database, source, layout);
  const warnings = [...readingWarnings];
  if (rejects.length > 0) reportRejects(source.path, rejects, skipBadRows, warnings);
  warnings.push(...(await dropRepeatedHeaders(database, sql, source.path, layout)));
  warnings.push(...(await dropTextGuards(database, sql, source.path, layout.columns)));
  const { n } = await database.row<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`);
  const columns = textColumns(layout.columns);
  const hasHeader = layout.header && layout.format !== 'recbole';
  const standard = layout.format === 'recbole' || (layout.format === 'movielens' && layout.named);
  return { sql, source: source.path, nRows: n, columns, named: layout.named, standard, hasHeader, warnings };
}

/** Reads the file as it is or, where that does not do, a copy that is repaired. */
async function readRepaired(database: Database, given: SourceFile, layout: TextLayout): Promise<Reading> {
  const { path } = given;
  const { quoted, comment, blanks, nSkipped: nPreamble } = layout;
  const warnings: string[] = [];
  let source = given;
  const singleQuotes = layout.singleQuotes ? layout.delimiter : null;
  let repairs: Repairs = { comment: null, blanks, backslash: false, singleQuotes, nPreamble, quoted };
  let isRepaired = blanks || layout.cutsSkipped || layout.singleQuotes;
  if (layout.singleQuotes) warnings.push(`${path}: cells stand in single quotes, as MySQL dumps them; read without`);
  const read = (): Promise<Reading> =>
    isRepaired ? readRepairedCopy(database, source, layout, repairs) : readInto(database, source, layout);
  let reading = await read();
  if (reading.rejects.some((reject) => reject.kind === 'INVALID ENCODING')) {
    source = await reencoded(database, given, 'windows-1252');
    reading = await read();
    warnings.push(windowsNote(path, await unlikelyText(given)));
  }
  if (comment !== null && (await holdsComments(database, reading, comment))) {
    repairs = { ...repairs, comment };
    isRepaired = true;
    reading = await read();
  }
  // a line of another width that begins with # is a comment, wherever it stands
  const isComment = ({ text }: Reject): boolean => comment === null && text !== null && /^#(?=[\s#=*-]|$)/.test(text);
  const nComments = layout.nComments + reading.nComments + reading.rejects.filter(isComment).length;
  if (nComments > 0) warnings.push(`${path}: ${counted(nComments, 'comment line')} left out`);
  if (quoted && reading.rejects.some(({ text }) => text?.includes('\\"'))) {
    repairs = { ...repairs, backslash: true };
    const again = await readRepairedCopy(database, source, layout, repairs);
    if (again.rejects.length < reading.rejects.length) {
      reading = again;
      warnings.push(`${path}: quotes inside cells are escaped by backslashes (\\"), as MySQL exports them; read so`);
    }
  }
  const rejects = reading.rejects.filter((reject) => !isComment(reject));
  return { ...reading, rejects, warnings: [...warnings, ...reading.warnings] };
}

function windowsNote(path: string, unlikely: UnlikelyText | null): string {
  const note = `${path}: is not UTF-8; read as Windows-1252 (Latin-1)`;
  if (unlikely === null) return note;
  const ways = unlikely.likelier
    .slice(0, 3)
    .map(({ encoding, word }) => `--encoding ${encoding} if it is ${JSON.stringify(word)}`);
  return `${note}, which hardly fits, for it holds ${JSON.stringify(unlikely.word)}; say ${ways.join(', ') || '--encoding NAME, such as windows-1250'} (encoding)`;
}

async function readRepairedCopy(
  database: Database,
  source: SourceFile,
  layout: TextLayout,
  repairs: Repairs,
): Promise<Reading> {
  const { source: copy, leftOut } = await repairText(database, source, repairs);
  const reading = await readInto(database, copy, { ...layout, nSkipped: 0 });
  const rejects = reading.rejects.map((reject) => ({ ...reject, line: originalLine(reject.line, leftOut) }));
  return { ...reading, rejects, nComments: leftOut.length - repairs.nPreamble };
}

async function holdsComments(database: Database, { sql, rejects }: Reading, comment: string): Promise<boolean> {
  if (rejects.some(({ text }) => text?.startsWith(comment))) return true;
  const { n } = await database.row<{ n: number }>(
    `SELECT count(*) AS n FROM ${sql} WHERE starts_with(c0, ${sqlText(comment)})`,
  );
  return n > 0;
}

/** Reads the file into a table, with the rows that did not fit beside it. */
async function readInto(
  database: Database,
  source: SourceFile,
  layout: TextLayout,
  strict = layout.quoted,
): Promise<Reading> {
  const sql = database.freshName('file');
  const errors = database.freshName('rejects');
  try {
    await database.run(`CREATE TABLE ${sql} AS ${readCsv(source, layout, strict, errors)}`);
  } catch (error) {
    // DuckDB's strict reader stops at a line that ends unlike the first one does.
    if (!strict || !/invalid state/i.test(String(error))) throw readError(source.path, error);
    const reading = await readInto(database, source, layout, false);
    return { ...reading, warnings: [`${source.path}: line ends are mixed (LF and CRLF)`, ...reading.warnings] };
  }
  const rejects = await database.rows<Reject>(
    `SELECT DISTINCT ON (line) line, CAST(error_type AS VARCHAR) AS kind, error_message AS message, csv_line AS text
     FROM ${errors} ORDER BY line`,
  );
  return { sql, rejects, nComments: 0, warnings: [] };
}

function readCsv(source: SourceFile, layout: TextLayout, strict: boolean, errors: string): string {
  const columns = layout.columns.map((_, c) => `'c${c}': 'VARCHAR'`).join(', ');
  const quote = layout.quoted ? '"' : '';
  return `SELECT * FROM read_csv(${sqlFile(source.file)}, auto_detect = false, hive_partitioning = false,
    delim = ${sqlText(layout.delimiter)}, quote = ${sqlText(quote)}, escape = ${sqlText(quote)}, header = ${layout.header}, skip = ${layout.nSkipped},
    columns = {${columns}}, nullstr = '', strict_mode = ${strict}, encoding = 'utf-8',
    compression = '${source.gzip ? 'gzip' : 'none'}',
    store_rejects = true, rejects_table = '${errors}', rejects_scan = '${errors}_scan')`;
}

/** Removes rows that say the header again, as files do that were put together from several. */
async function dropRepeatedHeaders(
  database: Database,
  sql: string,
  path: string,
  layout: TextLayout,
): Promise<string[]> {
  const { headerCells } = layout;
  if (headerCells.length !== layout.columns.length || headerCells.every((cell) => cell.trim() === '')) return [];
  const cells = headerCells.map((cell) => cell.trim().toLowerCase());
  const same = cells
    .map((cell, c) => (cell === '' ? `c${c} IS NULL` : `${asHeaderCell(c)} = ${sqlText(cell)}`))
    .join(' AND ');
  const { n } = await database.row<{ n: number }>(`SELECT count(*) AS n FROM ${sql} WHERE ${same}`);
  if (cells.length > 1) await refuseOtherOrder(database, sql, path, cells);
  if (n === 0) return [];
  const kept = database.freshName('rows');
  await database.run(`CREATE TABLE ${kept} AS SELECT * FROM ${sql} WHERE NOT (${same})`);
  await database.drop(sql);
  await database.run(`ALTER TABLE ${kept} RENAME TO ${sql}`);
  return [`${path}: the header stands again among the rows ${n === 1 ? 'once' : `${n} times`}; left out`];
}

/** A cell as headers are compared: other case, blanks around and the byte order mark of a file that was appended do not matter. */
function asHeaderCell(c: number): string {
  return `lower(trim(replace(coalesce(c${c}, ''), chr(65279), '')))`;
}

async function refuseOtherOrder(
  database: Database,
  sql: string,
  path: string,
  header: readonly string[],
): Promise<void> {
  const isName = header.map((_, c) => `list_contains([${header.map(sqlText).join(', ')}], ${asHeaderCell(c)})`);
  const same = header.map((cell, c) => `${asHeaderCell(c)} = ${sqlText(cell)}`).join(' AND ');
  const row = header.map((_, c) => asHeaderCell(c)).join(', ');
  const [found] = await database.rows<{ row: number; cells: string }>(
    `SELECT rowid AS row, array_to_string([${row}], ', ') AS cells FROM ${sql}
     WHERE ${isName.join(' AND ')} AND NOT (${same}) AND len(list_distinct([${row}])) = ${header.length} LIMIT 1`,
  );
  if (!found) return;
  throw new DeepTasteError(
    'data',
    `${path} row ${found.row + 1}: the header stands again among the rows in another order (${found.cells}); ` +
      'split the file there and name both files',
    { path, row: found.row + 1 },
  );
}

function reportRejects(path: string, rejects: readonly Reject[], skipBadRows: boolean, warnings: string[]): void {
  const first = describe(rejects[0]);
  const rows = counted(rejects.length, 'row');
  if (skipBadRows) {
    warnings.push(`${path}: ${rows} skipped; the first is at line ${rejects[0].line} (${first})`);
    return;
  }
  throw new DeepTasteError(
    'data',
    `${path} line ${rejects[0].line}: ${first}; mend the file, or drop such rows with --skip-bad-rows`,
    { path, line: rejects[0].line, nBadRows: rejects.length },
  );
}

function describe(reject: Reject): string {
  const widths = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(reject.message);
  if (widths) return `a row must have ${widths[1]} columns, found ${widths[2]}`;
  return `${reject.message.split('\n')[0].replace(/\.$/, '')}`;
}
