/** Rows of tokens between spaces: libsvm/libfm rows (`label index:value …`, `label index …`) and lists (`user item …`). */
import { DeepTasteError } from '../../core/errors.ts';
import type { FileOptions } from '../data-options.ts';
import { type Database, sqlText } from './database.ts';
import { importDelimited } from './delimited-text.ts';
import { type FileTable, type ImportedColumn, textColumns } from './imported-table.ts';
import { headText, type TextLayout } from './layout.ts';
import { type Preamble, readPreamble } from './preamble.ts';
import type { SourceFile } from './source-file.ts';

/** A line as one cell: the separator is a character that text files do not hold. */
const lineLayout = (format: TextLayout['format'], preamble?: Preamble): TextLayout => ({
  format,
  delimiter: '\u0001',
  blanks: false,
  quoted: false,
  singleQuotes: false,
  header: false,
  nSkipped: preamble?.nLines ?? 0,
  cutsSkipped: false,
  nComments: preamble?.nComments ?? 0,
  comment: preamble?.comment ?? null,
  headerCells: [],
  named: true,
  columns: [{ name: 'line', kind: null }],
});

type TokenOptions = Pick<FileOptions, 'delimiter' | 'comment' | 'skipBadRows'>;

/** Imports the file's lines, split into tokens. */
async function importTokens(
  database: Database,
  source: SourceFile,
  format: TextLayout['format'],
  options: TokenOptions,
): Promise<FileTable> {
  const { delimiter, comment, skipBadRows } = options;
  const layout = lineLayout(format, readPreamble(headText(source), comment));
  const lines = await importDelimited(database, source, layout, skipBadRows);
  const tokens = database.freshName('tokens');
  const separator = delimiter === undefined || delimiter === ' ' ? '\\s+' : escapeRegExp(delimiter);
  await database.run(
    `CREATE TABLE ${tokens} AS SELECT rowid AS line, string_split_regex(trim(c0, E' \\t\\r'), ${sqlText(separator)}) AS tokens
     FROM ${lines.sql} WHERE trim(coalesce(c0, ''), E' \\t\\r') <> '' ORDER BY rowid`,
  );
  return { ...lines, sql: tokens, standard: format === 'lists' };
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** `user item item …`: one row for each listed item. */
export async function importLists(database: Database, source: SourceFile, options: TokenOptions): Promise<FileTable> {
  const lists = await importTokens(database, source, 'lists', options);
  const sql = database.freshName('pairs');
  await database.run(
    `CREATE TABLE ${sql} AS SELECT tokens[1] AS c0, unnest(tokens[2:]) AS c1 FROM ${lists.sql} ORDER BY line`,
  );
  const { n } = await database.row<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`);
  const columns = textColumns([
    { name: 'user_id', kind: 'id' },
    { name: 'item_id', kind: 'id' },
  ]);
  return { ...lists, sql, nRows: n, columns };
}

interface Shape {
  readonly narrowest: number;
  readonly widest: number;
  readonly weighted: boolean;
  readonly bad: number | null;
}

/**
 * libfm rows. Where every row has the same number of features, all of value 1, the features become columns `field1, …`
 * that hold their indices; otherwise one list column `features` holds `index:value`.
 */
export async function importLibfm(database: Database, source: SourceFile, options: TokenOptions): Promise<FileTable> {
  const rows = await importTokens(database, source, 'libfm', { ...options, delimiter: undefined });
  const feature = `NOT regexp_full_match(t, '[^:]+(:[-+.0-9eE]+)?')`;
  const shape = await database.row<Shape>(
    `SELECT min(len(tokens)) AS narrowest, max(len(tokens)) AS widest,
       coalesce(bool_or(len(list_filter(tokens[2:], lambda t: contains(t, ':') AND NOT regexp_full_match(t, '.*:1(\\.0*)?'))) > 0),
         false) AS weighted,
       min(line) FILTER (len(list_filter(tokens[2:], lambda t: ${feature})) > 0 OR len(tokens) < 2) AS bad
     FROM ${rows.sql}`,
  );
  if (shape.bad !== null) {
    const message = `${source.path} row ${shape.bad + 1}: a row must read "label index:value …" or "label index …"`;
    throw new DeepTasteError('data', message, { path: source.path, row: shape.bad + 1 });
  }
  const fixed = shape.narrowest === shape.widest && !shape.weighted;
  return fixed ? asFields(database, rows, shape.widest - 1) : asFeatureList(database, rows);
}

async function asFields(database: Database, rows: FileTable, nFields: number): Promise<FileTable> {
  const sql = database.freshName('fields');
  const names = Array.from({ length: nFields }, (_, f) => `field${f + 1}`);
  const select = names.map((_, f) => `string_split(tokens[${f + 2}], ':')[1] AS c${f + 1}`).join(', ');
  await database.run(`CREATE TABLE ${sql} AS SELECT tokens[1] AS c0, ${select} FROM ${rows.sql} ORDER BY line`);
  const columns = textColumns([
    { name: 'label', kind: 'numeric' },
    ...names.map((name) => ({ name, kind: 'id' as const })),
  ]);
  return { ...rows, sql, nRows: await count(database, sql), columns };
}

async function asFeatureList(database: Database, rows: FileTable): Promise<FileTable> {
  const sql = database.freshName('features');
  await database.run(`CREATE TABLE ${sql} AS SELECT tokens[1] AS c0, tokens[2:] AS c1 FROM ${rows.sql} ORDER BY line`);
  const columns: ImportedColumn[] = [
    { name: 'label', sql: 'c0', storage: 'text', kind: 'numeric' },
    { name: 'features', sql: 'c1', storage: 'list', kind: 'multi', weighted: true },
  ];
  return { ...rows, sql, nRows: await count(database, sql), columns };
}

async function count(database: Database, sql: string): Promise<number> {
  return (await database.row<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`)).n;
}
