/** Text files with separated columns: CSV, TSV, RecBole's atomic files, MovieLens' `::` files. */

import { DeepTasteError } from '../../core/errors.ts';
import { counted } from '../counted.ts';
import { type Database, readError, sqlText } from './database.ts';
import { literalPattern, type SourceFile } from './files.ts';
import { type FileTable, textColumns } from './imported-table.ts';
import type { TextLayout } from './layout.ts';

interface Reject {
  readonly line: number;
  readonly kind: string;
  readonly message: string;
}

interface Attempt {
  readonly encoding: 'utf-8' | 'latin-1';
  readonly strict: boolean;
}

/**
 * Every column as text; empty cells are NULL.
 * @throws DeepTasteError `data`: rows of another width, unclosed quotes (unless bad rows are to be skipped); no rows
 */
export async function importDelimited(
  database: Database,
  source: SourceFile,
  layout: TextLayout,
  skipBadRows: boolean,
): Promise<FileTable> {
  const warnings: string[] = [];
  const sql = database.freshName('file');
  const unquoted: Attempt = { encoding: 'utf-8', strict: layout.quoted };
  let rejects = await readInto(database, sql, source, layout, unquoted, warnings);
  if (rejects.some((reject) => reject.kind === 'INVALID ENCODING')) {
    rejects = await readInto(database, sql, source, layout, { ...unquoted, encoding: 'latin-1' }, warnings);
    warnings.push(`${source.path}: is not UTF-8; read as Latin-1`);
  }
  if (rejects.length > 0) reportRejects(source.path, rejects, skipBadRows, warnings);
  const { n } = await database.row<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`);
  const columns = textColumns(layout.columns);
  const hasHeader = layout.header && layout.format !== 'recbole';
  const standard = layout.format === 'recbole' || (layout.format === 'movielens' && layout.named);
  return { sql, source: source.path, nRows: n, columns, named: layout.named, standard, hasHeader, warnings };
}

/** Reads the file into a table and returns the rows that did not fit. */
async function readInto(
  database: Database,
  sql: string,
  source: SourceFile,
  layout: TextLayout,
  attempt: Attempt,
  warnings: string[],
): Promise<Reject[]> {
  const errors = database.freshName('rejects');
  try {
    await database.run(`CREATE OR REPLACE TABLE ${sql} AS ${readCsv(source, layout, attempt, errors)}`);
  } catch (error) {
    // DuckDB's strict reader stops at a line that ends unlike the first one does.
    if (!attempt.strict || !/invalid state/i.test(String(error))) throw readError(source.path, error);
    warnings.push(`${source.path}: line ends are mixed (LF and CRLF)`);
    return readInto(database, sql, source, layout, { ...attempt, strict: false }, warnings);
  }
  return database.rows<Reject>(
    `SELECT DISTINCT ON (line) line, CAST(error_type AS VARCHAR) AS kind, error_message AS message
     FROM ${errors} ORDER BY line`,
  );
}

function readCsv(source: SourceFile, layout: TextLayout, attempt: Attempt, errors: string): string {
  const columns = layout.columns.map((_, c) => `'c${c}': 'VARCHAR'`).join(', ');
  const quote = layout.quoted ? '"' : '';
  return `SELECT * FROM read_csv(${sqlText(literalPattern(source.path))}, auto_detect = false,
    delim = ${sqlText(layout.delimiter)}, quote = ${sqlText(quote)}, escape = ${sqlText(quote)}, header = ${layout.header}, skip = ${layout.header ? layout.nBlankLines : 0},
    columns = {${columns}}, nullstr = '', strict_mode = ${attempt.strict}, encoding = '${attempt.encoding}',
    compression = '${source.gzip ? 'gzip' : 'none'}',
    store_rejects = true, rejects_table = '${errors}', rejects_scan = '${errors}_scan')`;
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
