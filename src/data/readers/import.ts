/** Any readable file or files → one DuckDB table. */
import { DeepTasteError } from '../../core/errors.ts';
import type { FileOptions } from '../data-options.ts';
import { clearMarks } from '../missing-marks.ts';
import { withNumberStyles } from '../number-cells.ts';
import { concatenate } from './concatenate.ts';
import type { Database } from './database.ts';
import { importDelimited } from './delimited-text.ts';
import { findFiles } from './files.ts';
import type { FileTable, ImportedTable } from './imported-table.ts';
import { holdsJsonLines, importValidLines } from './json-lines.ts';
import { detectFormat, detectLayout } from './layout.ts';
import { markRowCounters } from './row-counters.ts';
import { openSource, requireText, type SourceFile } from './source-file.ts';
import { importJson, importParquet } from './structured.ts';
import { importLibfm, importLists } from './token-rows.ts';

/**
 * Reads files that hold the same kind of rows, one after the other. Columns that only some of them have are missing in the others.
 * @param patterns paths or globs
 * @throws DeepTasteError `data`: no such file, no rows, rows that do not fit, files with unlike columns
 */
export async function importFiles(
  database: Database,
  patterns: readonly string[],
  options: FileOptions,
): Promise<ImportedTable> {
  const paths = await findFiles(database, patterns);
  const tables: FileTable[] = [];
  for (const path of paths) tables.push(await importFile(database, path, options, tables[0]));
  const table = await clearMarks(database, await concatenate(database, tables), options.missing);
  return withNumberStyles(database, table, options.decimal);
}

/** @param first the first of several files: a later one without a header has its columns */
async function importFile(
  database: Database,
  path: string,
  options: FileOptions,
  first: FileTable | undefined,
): Promise<FileTable> {
  const source = await openSource(database, path, options.encoding);
  let table = await importSource(database, source, options);
  if (first !== undefined && continues(first, table)) {
    await database.drop(table.sql);
    const columnNames = first.columns.map(({ name }) => name);
    table = await importSource(database, source, { ...options, header: false, columnNames });
    const note = `${path}: has no header; its columns are taken to be those of ${first.source}`;
    table = { ...table, warnings: [...table.warnings, note] };
  }
  if (table.nRows > 0) return markRowCounters(database, { ...table, warnings: [...source.notes, ...table.warnings] });
  throw new DeepTasteError('data', `${path}: there must be at least one row, found none`, { path });
}

/** True for a piece of a file that was cut up: as wide as the first, which has a header, with none of its names. */
function continues(first: FileTable, table: FileTable): boolean {
  if (!first.hasHeader || first.columns.length !== table.columns.length) return false;
  if (!table.hasHeader && table.named) return false;
  return !table.columns.some(({ name }) => first.columns.some((column) => column.name === name));
}

async function importSource(database: Database, source: SourceFile, options: FileOptions): Promise<FileTable> {
  const format = detectFormat(source, options);
  if (format === 'parquet') return importParquet(database, source);
  if (format === 'json')
    return options.skipBadRows && holdsJsonLines(source)
      ? importValidLines(database, source)
      : importJson(database, source);
  requireText(source);
  if (format === 'libfm') return importLibfm(database, source, options);
  if (format === 'lists') return importLists(database, source, options);
  return importDelimited(database, source, detectLayout(source, format, options), options.skipBadRows);
}
