/** Times in the cells of files. */
import type { Database } from './readers/database.ts';
import { type ImportedColumn, type ImportedTable, sqlAsNumber, sqlAsText } from './readers/imported-table.ts';

interface TimeEvidence {
  readonly numeric: number;
  readonly temporal: number;
  readonly largest: number | null;
}

/** SQL for a column's times in seconds since 1970; times without an offset are UTC. */
export async function sqlAsTime(database: Database, table: ImportedTable, column: ImportedColumn): Promise<string> {
  if (column.storage === 'time') return `CAST(epoch(CAST(${column.sql} AS TIMESTAMP)) AS DOUBLE)`;
  const number = sqlAsNumber(column);
  const temporal = `epoch(TRY_CAST(${sqlAsText(column)} AS TIMESTAMPTZ))`;
  const evidence = await database.row<TimeEvidence>(
    `SELECT count(${number}) AS numeric, ${column.storage === 'text' ? `count(${temporal})` : '0'} AS temporal,
       max(abs(${number})) FILTER (isfinite(${number})) AS largest FROM ${table.sql}`,
  );
  if (evidence.temporal > evidence.numeric) return temporal;
  return `${number} / ${ticksPerSecond(evidence.largest ?? 0)}`;
}

/** The unit of an epoch time follows from its size: seconds stay below 10¹¹ until the year 5138. */
function ticksPerSecond(largest: number): string {
  if (largest >= 1e17) return '1e9';
  if (largest >= 1e14) return '1e6';
  return largest >= 1e11 ? '1e3' : '1.0';
}
