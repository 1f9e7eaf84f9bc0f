/** Marks of missing values: what programs write where a value is not known. Such cells are as empty as empty ones. */
import { type Database, sqlName, sqlText } from './readers/database.ts';
import type { ImportedColumn, ImportedTable } from './readers/imported-table.ts';

/** Written by pandas and NumPy, R, MySQL, Excel, JavaScript, Go and by people. Compared without case and blanks around. */
export const defaultMissing: readonly string[] = [
  'NA',
  'N/A',
  '#N/A',
  '<NA>',
  'NaN',
  '-NaN',
  'NaT',
  'null',
  '(null)',
  '<null>',
  'None',
  'nil',
  '\\N',
  'undefined',
  '-',
  '--',
  '–',
  '—',
  '?',
  '#VALUE!',
  '#REF!',
  '#DIV/0!',
  '#NUM!',
  '#NAME?',
  '#NULL!',
];

/** A mark that a column held, in how many cells, and the first of its rows (from 0). */
type FoundMark = NonNullable<ImportedColumn['marks']>[number];

/** Empties the cells that hold a mark; the marks are kept with their columns. */
export async function clearMarks(
  database: Database,
  table: ImportedTable,
  marks: readonly string[],
): Promise<ImportedTable> {
  const asWritten = [...new Set(marks.flatMap(spellings))].filter((mark) => mark !== '');
  if (asWritten.length === 0) return table;
  const list = asWritten.map(sqlText).join(', ');
  const columns: ImportedColumn[] = [];
  for (const column of table.columns) {
    if (column.storage !== 'text') {
      columns.push(column);
      continue;
    }
    // DuckDB reads such a condition far faster than one of the cells' trimmed lower case.
    const found = await database.rows<FoundMark>(
      `SELECT trim(${column.sql}) AS mark, count(*) AS n, min(rowid) AS "firstRow" FROM ${table.sql}
       WHERE ${column.sql} IN (${list}) GROUP BY 1 ORDER BY 3`,
    );
    columns.push(found.length === 0 ? column : { ...column, marks: found });
  }
  const marked = columns.filter((column) => column.marks);
  if (marked.length === 0) return table;
  if (!table.isView) {
    for (const { sql } of marked) await database.run(`UPDATE ${table.sql} SET ${sql} = NULL WHERE ${sql} IN (${list})`);
    return { ...table, columns };
  }
  const cells = columns.map(({ sql, marks: own }) =>
    own ? `CASE WHEN ${sql} NOT IN (${list}) THEN ${sql} END AS ${sql}` : sql,
  );
  const view = database.freshName('known');
  await database.run(`CREATE VIEW ${view} AS SELECT ${[...cells, 'rowid'].map(named).join(', ')} FROM ${table.sql}`);
  return { ...table, columns, sql: view };
}

function named(cell: string): string {
  return /^[a-z]\w*$/.test(cell) ? sqlName(cell) : cell;
}

function spellings(mark: string): string[] {
  const lower = mark.trim().toLowerCase();
  const cases = [mark.trim(), lower, mark.trim().toUpperCase(), lower.charAt(0).toUpperCase() + lower.slice(1)];
  return cases.flatMap((each) => [each, ` ${each}`, `${each} `, ` ${each} `]);
}

/** `NA (12 cells), null (3)`. */
export function marksText(marks: readonly FoundMark[]): string {
  const most = [...marks].sort((a, b) => b.n - a.n);
  const shown = most.slice(0, 4).map(({ mark, n }) => `${mark} (${n.toLocaleString('en-US')})`);
  return `${shown.join(', ')}${most.length > shown.length ? ' …' : ''}`;
}

/** What a person should know of a column whose marks were taken as missing. */
export function marksNotes({ source }: Pick<ImportedTable, 'source'>, column: ImportedColumn): string[] {
  if (!column.marks) return [];
  return [
    `${source}: "${column.name}": cells that stand for a missing value: ${marksText(column.marks)}; --missing sets which do`,
  ];
}
