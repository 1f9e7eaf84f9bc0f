/** Puts the tables of several files one below the other, column by column, by name. */
import { DeepTasteError } from '../../core/errors.ts';
import { normalName } from '../role-names.ts';
import type { Database } from './database.ts';
import { type FileTable, type ImportedColumn, type ImportedTable, sqlAsText } from './imported-table.ts';

/** @throws DeepTasteError `data`: files that share hardly a column */
export async function concatenate(database: Database, tables: readonly FileTable[]): Promise<ImportedTable> {
  const [first] = tables;
  const files: { path: string; firstRow: number }[] = [];
  let nRows = 0;
  for (const table of tables) {
    files.push({ path: table.source, firstRow: nRows });
    nRows += table.nRows;
  }
  if (tables.length === 1) return { ...first, files };
  const matched = matchColumns(tables);
  const { isView: _, ...shape } = first;
  const columns = matched.map(({ each }, c): ImportedColumn => {
    const present = each.filter((column) => column !== undefined);
    const { whole: _whole, integer: _integer, countsRows: _counts, storage, ...rest } = present[0];
    return {
      ...rest,
      sql: `c${c}`,
      // numbers in one file, texts in another: texts
      storage: present.every((column) => column.storage === storage) ? storage : 'text',
      ...(present.every((column) => column.whole) && { whole: true }),
      ...(present.every((column) => column.integer) && { integer: true }),
      ...(present.every((column) => column.countsRows) && { countsRows: true }),
    };
  });
  const isView = tables.every((table) => table.isView);
  const selects = tables.map((table, t) => {
    const cells = columns.map((column, c) => `${cellOf(matched[c].each[t], column)} AS ${column.sql}`);
    if (isView) cells.push(`rowid + ${files[t].firstRow} AS rowid`);
    return `SELECT ${cells.join(', ')} FROM ${table.sql}`;
  });
  const sql = database.freshName('files');
  await database.run(`CREATE ${isView ? 'VIEW' : 'TABLE'} ${sql} AS ${selects.join(' UNION ALL ')}`);
  if (!isView) for (const table of tables) await database.drop(table.sql);
  const warnings = [...tables.flatMap((table) => table.warnings), ...missingNotes(tables, matched)];
  return { ...shape, columns, sql, nRows, files, warnings, ...(isView && { isView }) };
}

function cellOf(own: ImportedColumn | undefined, column: ImportedColumn): string {
  if (own === undefined) return 'NULL';
  return own.storage === column.storage ? own.sql : sqlAsText(own);
}

interface MatchedColumn {
  readonly name: string;
  /** The column in each table; undefined where a table lacks it. */
  readonly each: (ImportedColumn | undefined)[];
}

/** Columns of the same name belong together; where that is nowhere to be found, those whose names differ by case and punctuation only. */
function matchColumns(tables: readonly FileTable[]): MatchedColumn[] {
  const [first] = tables;
  const matched: MatchedColumn[] = first.columns.map((column) => ({
    name: column.name,
    each: tables.map((table) => (table === first ? column : undefined)),
  }));
  tables.slice(1).forEach((table, k) => {
    const t = k + 1;
    const place = (column: ImportedColumn, isSame: (name: string) => boolean): boolean => {
      const found = matched.find(({ name, each }) => each[t] === undefined && isSame(name));
      if (found) found.each[t] = column;
      return found !== undefined;
    };
    const byName = table.columns.filter((column) => !place(column, (name) => name === column.name));
    const others = byName.filter((column) => !place(column, (name) => normalName(name) === normalName(column.name)));
    const nShared = table.columns.length - others.length;
    const isUnnamed = !table.named || !first.named;
    if (
      nShared < Math.min(2, first.columns.length, table.columns.length) ||
      (isUnnamed && (others.length > 0 || nShared < first.columns.length))
    )
      throw unlikeColumns(first, table);
    for (const column of others)
      matched.push({ name: column.name, each: tables.map((each) => (each === table ? column : undefined)) });
  });
  return matched;
}

function unlikeColumns(first: FileTable, table: FileTable): DeepTasteError {
  const names = (each: FileTable): string => each.columns.map((c) => c.name).join(', ');
  return new DeepTasteError(
    'data',
    `${table.source}: files read together must have the same columns; ${first.source} has ${names(first)}, ` +
      `this one has ${names(table)}`,
    { path: table.source },
  );
}

/** Which columns some files lack. */
function missingNotes(tables: readonly FileTable[], matched: readonly MatchedColumn[]): string[] {
  return matched.flatMap(({ name, each }) => {
    const lacking = tables.filter((_, t) => each[t] === undefined);
    if (lacking.length === 0) return [];
    const shown = lacking.slice(0, 3).map((table) => table.source);
    const more = lacking.length > 3 ? ` and ${lacking.length - 3} more` : '';
    return [`column "${name}" is not in ${shown.join(', ')}${more}; its cells are missing there`];
  });
}
