/** Any readable file or files → one DuckDB table. */
import { DeepTasteError } from '../../core/errors.ts';
import type { TableOptions } from '../data-options.ts';
import type { Database } from './database.ts';
import { importDelimited } from './delimited-text.ts';
import { findFiles, openSource, type SourceFile } from './files.ts';
import { type FileTable, type ImportedColumn, type ImportedTable, sqlAsText } from './imported-table.ts';
import { holdsJsonLines, importValidLines } from './json-lines.ts';
import { detectFormat, detectLayout } from './layout.ts';
import { importJson, importParquet } from './structured.ts';
import { importLibfm, importLists } from './token-rows.ts';

/**
 * Reads files that hold the same columns, one after the other.
 * @param patterns paths or globs
 * @throws DeepTasteError `data`: no such file, no rows, rows that do not fit, files with unlike columns
 */
export async function importFiles(
  database: Database,
  patterns: readonly string[],
  options: TableOptions,
): Promise<ImportedTable> {
  const paths = await findFiles(database, patterns);
  const tables: FileTable[] = [];
  for (const path of paths) tables.push(await importFile(database, path, options));
  return concatenate(database, tables);
}

async function importFile(database: Database, path: string, options: TableOptions): Promise<FileTable> {
  const source = await openSource(path);
  const table = await importSource(database, source, options);
  if (table.nRows > 0) return table;
  throw new DeepTasteError('data', `${path}: there must be at least one row, found none`, { path });
}

async function importSource(database: Database, source: SourceFile, options: TableOptions): Promise<FileTable> {
  const format = detectFormat(source, options.format);
  if (format === 'parquet') return importParquet(database, source);
  if (format === 'json')
    return options.skipBadRows && holdsJsonLines(source)
      ? importValidLines(database, source)
      : importJson(database, source);
  if (source.head.includes(0))
    throw new DeepTasteError('data', `${source.path}: is a binary file, not text; convert it to CSV or Parquet`, {
      path: source.path,
    });
  if (format === 'libfm') return importLibfm(database, source, options.skipBadRows);
  if (format === 'lists') return importLists(database, source, options.delimiter, options.skipBadRows);
  return importDelimited(database, source, detectLayout(source, format, options), options.skipBadRows);
}

async function concatenate(database: Database, tables: readonly FileTable[]): Promise<ImportedTable> {
  const [first] = tables;
  const files: { path: string; firstRow: number }[] = [];
  let nRows = 0;
  for (const table of tables) {
    files.push({ path: table.source, firstRow: nRows });
    nRows += table.nRows;
  }
  const warnings = tables.flatMap((table) => table.warnings);
  if (tables.length === 1) return { ...first, files };
  const { isView: _, ...shape } = first;
  const columns = first.columns.map((column): ImportedColumn => {
    const { whole, ...rest } = column;
    const each = tables.map((table) => sameColumn(table, first, column.name));
    // numbers in one file, texts in another: texts
    if (each.some(({ storage }) => storage !== column.storage)) return { ...rest, storage: 'text' };
    return each.every((same) => same.whole) ? { ...rest, whole } : rest;
  });
  const isView = tables.every((table) => table.isView);
  const selects = tables.map((table, t) => {
    const cells = columns.map((column) => {
      const own = sameColumn(table, first, column.name);
      return `${own.storage === column.storage ? own.sql : sqlAsText(own)} AS ${column.sql}`;
    });
    if (isView) cells.push(`rowid + ${files[t].firstRow} AS rowid`);
    return `SELECT ${cells.join(', ')} FROM ${table.sql}`;
  });
  const sql = database.freshName('files');
  await database.run(`CREATE ${isView ? 'VIEW' : 'TABLE'} ${sql} AS ${selects.join(' UNION ALL ')}`);
  if (!isView) for (const table of tables) await database.drop(table.sql);
  return { ...shape, columns, sql, nRows, files, warnings, ...(isView && { isView }) };
}

function sameColumn(table: FileTable, first: FileTable, name: string): ImportedColumn {
  const column = table.columns.find((each) => each.name === name);
  if (column && table.columns.length === first.columns.length) return column;
  const names = (each: FileTable): string => each.columns.map((c) => c.name).join(', ');
  throw new DeepTasteError(
    'data',
    `${table.source}: files read together must have the same columns; ${first.source} has ${names(first)}, ` +
      `this one has ${names(table)}`,
    { path: table.source },
  );
}
