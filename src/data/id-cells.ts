/** Ids as texts: whole numbers that a program wrote as floats (7.0) are the whole numbers that they are. */
import { counted } from './counted.ts';
import type { Database } from './readers/database.ts';
import type { ImportedColumn, ImportedTable } from './readers/imported-table.ts';

/**
 * Takes the `.0` from the cells of columns in which every id is a whole number, as pandas writes whole numbers where some
 * are missing. Columns that hold other ids too stay as they are.
 * @returns the table (a view is made anew), and a note for each column
 */
export async function withWholeIds<T extends Pick<ImportedTable, 'sql' | 'isView' | 'source' | 'columns'>>(
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
      `${table.source}: "${column.name}": ${counted(n, 'id')} written as floats, ${example} is read as ${example.slice(0, -2)} (idsAsWritten keeps them)`,
    );
  }
  if (floats.length === 0) return { table, notes };
  const whole = (sql: string): string => `regexp_replace(${sql}, '[.]0(\\s*)$', '\\1')`;
  if (!table.isView) {
    for (const { sql } of floats)
      await database.run(`UPDATE ${table.sql} SET ${sql} = ${whole(sql)} WHERE ${sql} LIKE '%.0'`);
    return { table, notes };
  }
  const cells = table.columns.map((column) =>
    floats.includes(column) ? `${whole(column.sql)} AS ${column.sql}` : column.sql,
  );
  const view = database.freshName('whole');
  await database.run(`CREATE VIEW ${view} AS SELECT ${cells.join(', ')}, rowid FROM ${table.sql}`);
  return { table: { ...table, sql: view }, notes };
}
