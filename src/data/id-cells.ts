/** Ids as texts: whole numbers that a program wrote as floats (7.0) are the whole numbers that they are. */
import { counted } from './counted.ts';
import type { Database } from './readers/database.ts';
import type { ImportedColumn, ImportedTable } from './readers/imported-table.ts';

type IdTable = Pick<ImportedTable, 'sql' | 'isView' | 'source' | 'columns'>;

/**
 * Takes the `.0` from the cells of columns in which every id is a whole number, as pandas writes whole numbers where some
 * are missing. Columns that hold other ids too stay as they are.
 * @returns the table (a view is made anew), and a note for each column
 */
export async function withWholeIds<T extends IdTable>(
  database: Database,
  table: T,
  columns: readonly (ImportedColumn | null)[],
): Promise<{ table: T; notes: string[] }> {
  const notes: string[] = [];
  const floats: ImportedColumn[] = [];
  for (const column of new Set(columns)) {
    if (column === null || column.storage !== 'text' || column.parts) continue;
    // Most ids do not end so; of those that do all are looked at.
    const first = await database.texts(`SELECT ${column.sql} FROM ${table.sql} WHERE ${column.sql} LIKE '%.0' LIMIT 1`);
    if (first.length === 0) continue;
    const { n, other } = await database.row<{ n: number; other: number }>(
      `SELECT count(*) FILTER (${column.sql} LIKE '%.0') AS n,
         count(*) FILTER (NOT regexp_full_match(${column.sql}, '\\s*-?[0-9]+(?:[.]0)?\\s*')) AS other FROM ${table.sql}`,
    );
    if (other > 0) continue;
    floats.push(column);
    const example = String(first[0]).trim();
    notes.push(
      `${table.source}: "${column.name}": ${counted(n, 'id')} written as floats, ${example} is read as ${example.slice(0, -2)} (--ids-as-written keeps them)`,
    );
  }
  const whole = (sql: string): string => `regexp_replace(${sql}, '[.]0(\\s*)$', '\\1')`;
  return { table: await rewritten(database, table, floats, whole, (sql) => `${sql} LIKE '%.0'`), notes };
}

/**
 * Ids that differ in capitals only become one, written small.
 * @returns the table (a view is made anew), and a note for each column with such ids
 */
async function withoutCapitals<T extends IdTable>(
  database: Database,
  table: T,
  columns: readonly (ImportedColumn | null)[],
): Promise<{ table: T; notes: string[] }> {
  const texts = [...new Set(columns)].filter((column) => column !== null && column.storage === 'text' && !column.parts);
  const notes: string[] = [];
  for (const { sql, name } of texts as ImportedColumn[]) {
    const { n } = await database.row<{ n: number }>(
      `SELECT count(DISTINCT ${sql}) - count(DISTINCT lower(${sql})) AS n FROM ${table.sql}`,
    );
    if (n > 0)
      notes.push(
        `${table.source}: "${name}": ${counted(n, 'id')} that differ${n === 1 ? 's' : ''} from another one in capitals only ${n === 1 ? 'is' : 'are'} taken for it; ids are written small (--ids-ignore-case)`,
      );
  }
  const lower = (sql: string): string => `lower(${sql})`;
  const rewrite = (sql: string): string => `${sql} <> lower(${sql})`;
  return { table: await rewritten(database, table, texts as ImportedColumn[], lower, rewrite), notes };
}

/** Ids as the options say that they are read. */
export async function settledIds<T extends IdTable>(
  database: Database,
  table: T,
  columns: readonly (ImportedColumn | null)[],
  { idsAsWritten, idsIgnoreCase }: { readonly idsAsWritten: boolean; readonly idsIgnoreCase: boolean },
): Promise<{ table: T; notes: string[] }> {
  const whole = idsAsWritten ? { table, notes: [] } : await withWholeIds(database, table, columns);
  if (!idsIgnoreCase) return whole;
  const small = await withoutCapitals(database, whole.table, columns);
  return { table: small.table, notes: [...whole.notes, ...small.notes] };
}

/** The table with other cells in some columns. @param where the cells that change, by the SQL of a column */
async function rewritten<T extends IdTable>(
  database: Database,
  table: T,
  columns: readonly ImportedColumn[],
  cell: (sql: string) => string,
  where: (sql: string) => string,
): Promise<T> {
  if (columns.length === 0) return table;
  if (!table.isView) {
    for (const { sql } of columns)
      await database.run(`UPDATE ${table.sql} SET ${sql} = ${cell(sql)} WHERE ${where(sql)}`);
    return table;
  }
  const cells = table.columns.map((column) =>
    columns.includes(column) ? `${cell(column.sql)} AS ${column.sql}` : column.sql,
  );
  const view = database.freshName('ids');
  await database.run(`CREATE VIEW ${view} AS SELECT ${cells.join(', ')}, rowid FROM ${table.sql}`);
  return { ...table, sql: view };
}
