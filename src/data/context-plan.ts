/** Which further columns of interactions are kept, and how their cells are read. */
import { type ColumnStatistics, guessKind } from './column-statistics.ts';
import { counted } from './counted.ts';
import type { Database } from './readers/database.ts';
import { type ImportedColumn, type ImportedTable, sqlAsNumber, sqlAsText } from './readers/imported-table.ts';
import { sqlAsTime } from './time-cells.ts';

/** A context column: the same name is looked for in the files of every part. */
export interface ContextPlan {
  readonly name: string;
  readonly kind: 'categorical' | 'numeric' | 'time' | 'multi';
  /** Any one of its characters separates the categories of a cell. */
  readonly separator?: string;
  /** Entries read `value:weight` (libfm). */
  readonly weighted?: boolean;
}

/** A column stays numeric when at most this share of its cells holds something else. */
const badShare = 0.01;

/**
 * How the columns are read. A column that looks numeric in the sampled rows but holds many other cells is categorical.
 * @param statistics of the sampled rows, one a column of `columns`
 */
export async function planContext(
  database: Database,
  table: ImportedTable,
  columns: readonly ImportedColumn[],
  statistics: readonly ColumnStatistics[],
): Promise<ContextPlan[]> {
  const plans = columns.map((column, c) => planOf(column, statistics[c]));
  const numeric = columns.filter((_, c) => plans[c].kind === 'numeric');
  if (numeric.length === 0) return plans;
  const counts = numeric.map(
    (column, c) => `count(${cellText(column)}) AS n${c}, count(${sqlAsNumber(column)}) AS m${c}`,
  );
  const row = await database.row<Record<string, number>>(`SELECT ${counts.join(', ')} FROM ${table.sql}`);
  return plans.map((plan, c) => {
    const at = numeric.indexOf(columns[c]);
    if (at < 0 || row[`n${at}`] - row[`m${at}`] <= badShare * row[`n${at}`]) return plan;
    return { ...plan, kind: 'categorical' };
  });
}

function planOf(column: ImportedColumn, statistics: ColumnStatistics): ContextPlan {
  const { kind, separator } = guessKind(column, statistics);
  const { name } = column;
  const { nValues, nNumeric, nTemporal, nLeadingZero } = statistics;
  if (kind === 'multi') return { name, kind, separator, ...(column.weighted && { weighted: true }) };
  if (kind === 'numeric' || kind === 'time') return { name, kind };
  if (column.kind !== null || nValues === 0) return { name, kind: 'categorical' };
  if (nTemporal === nValues && nNumeric < nValues) return { name, kind: 'time' };
  if (nLeadingZero === 0 && nValues - nNumeric <= badShare * nValues) return { name, kind: 'numeric' };
  return { name, kind: 'categorical' };
}

/** Stands between the members of a list; texts do not hold it. */
export const unitSeparator = '\u001f';

/** SQL for a cell's text without blanks around it; NULL where nothing is left. */
export function cellText(column: ImportedColumn): string {
  return `nullif(trim(${sqlAsText(column)}), '')`;
}

/** SQL for the cells of a context column as they are gathered; numbers that are not finite are NULL. */
export async function sqlAsContext(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  { kind }: ContextPlan,
): Promise<string> {
  if (kind === 'categorical') return cellText(column);
  if (kind === 'multi')
    return column.storage === 'list' ? `array_to_string(${column.sql}, '${unitSeparator}')` : cellText(column);
  const number = kind === 'time' ? await sqlAsTime(database, table, column) : sqlAsNumber(column);
  return `CASE WHEN isfinite(${number}) THEN ${number} END`;
}

/** Counts the cells of columns that are no numbers (times), NaN included, and those that are infinite. */
export async function badNumbers(
  database: Database,
  table: ImportedTable,
  columns: readonly { readonly column: ImportedColumn; readonly plan: ContextPlan }[],
): Promise<string[]> {
  if (columns.length === 0) return [];
  const counts: string[] = [];
  for (const [c, { column, plan }] of columns.entries()) {
    const number = plan.kind === 'time' ? await sqlAsTime(database, table, column) : sqlAsNumber(column);
    counts.push(
      `count(${cellText(column)}) - count(${number}) + count(*) FILTER (isnan(${number})) AS bad${c}`,
      `count(*) FILTER (isinf(${number})) AS inf${c}`,
    );
  }
  const row = await database.row<Record<string, number>>(`SELECT ${counts.join(', ')} FROM ${table.sql}`);
  const told = ({ name }: ImportedColumn, n: number, what: string): string[] =>
    n === 0 ? [] : [`${table.source}: "${name}": ${counted(n, 'cell')} ${what}; taken as missing`];
  return columns.flatMap(({ column, plan }, c) => [
    ...told(column, row[`bad${c}`], `not a ${plan.kind === 'time' ? 'time' : 'number'}`),
    ...told(column, row[`inf${c}`], 'infinite'),
  ]);
}
