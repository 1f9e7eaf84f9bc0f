/**
 * Columns that number the rows of their file, as an index does. A model that sees one learns the order of the file from it, which
 * gives the answer away where rows are sorted.
 */
import { normalName } from '../role-names.ts';
import type { Database } from './database.ts';
import { type FileTable, type ImportedColumn, sqlAsText } from './imported-table.ts';

/** Usual names of an index; a column of such a name is one when it counts the rows from 0 or 1 without a gap. */
const indexNames =
  /^(index|idx|level0|row|rows|rowid|rowindex|rownum|rownumber|rowno|rownr|rownames?|recordid|recordnumber|lineno|linenumber|id|no|nr|x|x1|sno|srno|serialno)$/;

/** From so many rows on, a column of any other name that counts them is no accident. */
const fewestRows = 10;

const nSampled = 1000;

/** True for a column whose name says nothing: none, or one that a program made up for it (pandas: `Unnamed: 0`). */
export function isNameless({ name, nameless }: ImportedColumn): boolean {
  return nameless === true || /^(Unnamed: \d+(_level_\d+)?|__index_level_\d+__)$/.test(name);
}

export function isIndexName(column: ImportedColumn): boolean {
  return isNameless(column) || /^(#|№)$/.test(column.name.trim()) || indexNames.test(normalName(column.name));
}

/**
 * Sets `countsRows` where a column holds 0, 1, 2 … or 1, 2, 3 … in the order of the rows; a column without a name counts them
 * too when it holds whole numbers of which none is repeated, as the index of a part of a table does.
 */
export async function markRowCounters(database: Database, table: FileTable): Promise<FileTable> {
  const candidates = table.columns.filter(
    (column) =>
      (column.storage === 'text' || column.storage === 'number') &&
      table.named &&
      table.nRows >= (isNameless(column) ? 2 : isIndexName(column) ? 3 : fewestRows),
  );
  const likely = await counters(
    database,
    candidates,
    `(SELECT * FROM (SELECT *, rowid FROM ${table.sql} LIMIT ${nSampled}))`,
  );
  const sure =
    table.nRows <= nSampled ? likely : await counters(database, likely, `(SELECT *, rowid FROM ${table.sql})`);
  if (sure.length === 0) return table;
  return {
    ...table,
    columns: table.columns.map((column) => (sure.includes(column) ? { ...column, countsRows: true } : column)),
  };
}

async function counters(
  database: Database,
  columns: readonly ImportedColumn[],
  rows: string,
): Promise<ImportedColumn[]> {
  if (columns.length === 0) return [];
  const tests = columns.map((column, c) => {
    // 0.0 and 1.0, which an index with a gap becomes, are whole numbers too
    const number = `TRY_CAST(regexp_replace(${sqlAsText(column)}, '\\.0+$', '') AS BIGINT)`;
    const counts = `coalesce(bool_and(coalesce(${number} = rowid, false)) OR bool_and(coalesce(${number} = rowid + 1, false)), false)`;
    const distinct = `(count(${number}) = count(*) AND count(DISTINCT ${number}) = count(*))`;
    return `${isNameless(column) ? `(${counts} OR ${distinct})` : counts} AS n${c}`;
  });
  const row = await database.row<Record<string, boolean>>(`SELECT ${tests.join(', ')} FROM ${rows}`);
  return columns.filter((_, c) => row[`n${c}`]);
}

/** What is said about columns that number the rows, by what becomes of them. */
export function rowCounterNotes(
  source: string,
  columns: readonly ImportedColumn[],
  used: readonly ImportedColumn[],
): string[] {
  return columns.flatMap((column) => {
    if (!column.countsRows) return [];
    const name = isNameless(column)
      ? `column "${column.name}", which has no name of its own,`
      : `column "${column.name}"`;
    if (!used.includes(column)) return isIndexName(column) ? [`${source}: ${name} numbers the rows; left out`] : [];
    return [
      `${source}: ${name} numbers the rows: where they are sorted it gives the answer away; to leave it out, name the others with --context`,
    ];
  });
}
