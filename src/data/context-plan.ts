/** Which further columns of interactions are kept, and how their cells are read. */
import { DeepTasteError } from '../core/errors.ts';
import { shellWord } from '../core/shell-word.ts';
import { type ColumnStatistics, distinctOthers, guessKind, staysNumeric } from './column-statistics.ts';
import { counted } from './counted.ts';
import { isMonthFormat } from './date-forms.ts';
import { measuresNotes, numberNote, unreadNumbersNote } from './number-cells.ts';
import type { Database } from './readers/database.ts';
import { type ImportedColumn, type ImportedTable, sqlAsNumber, sqlAsText } from './readers/imported-table.ts';
import type { ColumnKind } from './schema.ts';
import type { TimeColumns } from './time-cells.ts';

/** A context column: the same name is looked for in the files of every part. */
export interface ContextPlan {
  readonly name: string;
  readonly kind: 'categorical' | 'numeric' | 'time' | 'multi';
  /** Any one of its characters separates the categories of a cell. */
  readonly separator?: string;
  /** Entries read `value:weight` (libfm). */
  readonly weighted?: boolean;
}

/**
 * How the columns are read, with notes for people. A column that looks numeric in the sampled rows but holds many other
 * cells is categorical.
 * @param statistics of the sampled rows, one a column of `columns`
 */
export async function planContext(
  database: Database,
  table: ImportedTable,
  columns: readonly ImportedColumn[],
  statistics: readonly ColumnStatistics[],
  times: TimeColumns,
): Promise<{ plans: ContextPlan[]; notes: string[] }> {
  const plans: ContextPlan[] = [];
  const notes: string[] = [];
  const guesses = columns.map((column, c) => planOf(column, statistics[c]));
  const unsure = columns.filter(
    ({ kind, storage }, c) => guesses[c].kind === 'numeric' && kind === null && storage === 'text',
  );
  const nNumbers = await countNumbers(database, table, unsure);
  for (const [c, column] of columns.entries()) {
    const guessed = guesses[c];
    const counts = nNumbers[unsure.indexOf(column)];
    const isOther = counts !== undefined && !staysNumeric({ ...statistics[c], ...counts });
    const settled = await settleTimes(table, column, isOther ? 'categorical' : guessed.kind, times, true);
    plans.push({ ...guessed, kind: settled.kind as ContextPlan['kind'] });
    notes.push(...settled.notes);
    if (settled.kind === 'numeric') notes.push(...numberNote(table, column));
    if (settled.kind === 'categorical') {
      notes.push(...unreadNumbersNote(table, column));
      notes.push(...(await measuresNotes(database, table, column, statistics[c])));
    }
  }
  return { plans, notes };
}

async function countNumbers(
  database: Database,
  table: ImportedTable,
  columns: readonly ImportedColumn[],
): Promise<Pick<ColumnStatistics, 'nValues' | 'nNumeric' | 'nDistinctOthers'>[]> {
  if (columns.length === 0) return [];
  const counts = columns.map(
    (column, c) =>
      `count(${cellText(column)}) AS n${c}, count(${sqlAsNumber(column)}) AS m${c}, ${distinctOthers(column)} AS d${c}`,
  );
  const row = await database.row<Record<string, number>>(`SELECT ${counts.join(', ')} FROM ${table.sql}`);
  return columns.map((_, c) => ({ nValues: row[`n${c}`], nNumeric: row[`m${c}`], nDistinctOthers: row[`d${c}`] }));
}

/**
 * What a column that was guessed to hold times turns out to be when all its cells are looked at: times, or numbers, or
 * categories where the form of the dates cannot be found, with a warning. Months are categories: they have no weekday and no hour.
 * @param isOfRows the column may be the time of the rows
 */
export async function settleTimes(
  table: ImportedTable,
  column: ImportedColumn,
  kind: ColumnKind,
  times: TimeColumns,
  isOfRows = false,
): Promise<{ kind: ColumnKind; notes: string[] }> {
  if (kind !== 'time') return { kind, notes: [] };
  const reading = await times.tryOf(column);
  const where = `${table.source}: "${column.name}"`;
  if (reading instanceof DeepTasteError) {
    const why = reading.message.startsWith(`${where}`) ? reading.message.slice(where.length) : ` ${reading.message}`;
    return {
      kind: 'categorical',
      notes: [`${where} looks like dates but is kept as categories${why.replace(/^ must/, ': it must')}`],
    };
  }
  if (!reading.told && isMonthFormat(reading.format)) {
    const advice = isOfRows ? `; --time ${shellWord(column.name)} takes them for the times of the rows` : '';
    return { kind: 'categorical', notes: [`${where} holds months, which are kept as categories${advice}`] };
  }
  const isNumber = ['seconds', 'counter'].includes(reading.format) && column.kind === null && !reading.told;
  return isNumber ? { kind: 'numeric', notes: [] } : { kind, notes: reading.notes.map((note) => `${where}: ${note}`) };
}

function planOf(column: ImportedColumn, statistics: ColumnStatistics): ContextPlan {
  const { kind, separator } = guessKind(column, statistics);
  const { name } = column;
  if (kind === 'multi') return { name, kind, separator, ...(column.weighted && { weighted: true }) };
  return { name, kind: kind === 'numeric' || kind === 'time' ? kind : 'categorical' };
}

/** Stands between the members of a list; texts do not hold it. */
export const unitSeparator = '\u001f';

/** SQL for a cell's text without blanks around it; NULL where nothing is left. */
export function cellText(column: ImportedColumn): string {
  return `nullif(trim(${sqlAsText(column)}), '')`;
}

/** SQL for the cells of a context column as they are gathered; numbers that are not finite are NULL. */
export async function sqlAsContext(column: ImportedColumn, { kind }: ContextPlan, times: TimeColumns): Promise<string> {
  if (kind === 'categorical') return cellText(column);
  if (kind === 'multi')
    return column.storage === 'list' ? `array_to_string(${column.sql}, '${unitSeparator}')` : cellText(column);
  const number = kind === 'time' ? (await times.of(column)).sql : sqlAsNumber(column);
  return `CASE WHEN isfinite(${number}) THEN ${number} END`;
}

/** Warnings about cells of numbers and times that are none, with examples, and of infinite ones; all are taken as missing. */
export async function badNumbers(
  database: Database,
  table: ImportedTable,
  columns: readonly { readonly column: ImportedColumn; readonly kind: ColumnKind }[],
  times: TimeColumns,
): Promise<string[]> {
  const warnings: string[] = [];
  for (const { column, kind } of columns) {
    const number = kind === 'time' ? (await times.of(column)).sql : sqlAsNumber(column);
    const isBad = `${cellText(column)} IS NOT NULL AND (${number} IS NULL OR isnan(${number}))`;
    const { bad, infinite } = await database.row<{ bad: number; infinite: number }>(
      `SELECT count(*) FILTER (${isBad}) AS bad, count(*) FILTER (isinf(${number})) AS infinite FROM ${table.sql}`,
    );
    const where = `${table.source}: "${column.name}":`;
    if (bad > 0) {
      const examples = await database.texts(
        `SELECT t FROM (SELECT ${cellText(column)} AS t, rowid AS r FROM ${table.sql} WHERE ${isBad} LIMIT 10000)
         GROUP BY t ORDER BY count(*) DESC, min(r) LIMIT 3`,
      );
      const shown = examples.map((example) => JSON.stringify(example)).join(', ');
      const what = kind === 'time' ? 'a time' : 'a number';
      warnings.push(
        `${where} ${counted(bad, 'cell')} not ${what} (${shown}); taken as missing${decimalHint(examples)}`,
      );
    }
    if (infinite > 0) warnings.push(`${where} ${counted(infinite, 'cell')} infinite; taken as missing`);
  }
  return warnings;
}

/** Advice where cells would be numbers with another decimal mark. */
export function decimalHint(cells: readonly (string | null)[]): string {
  const isNumber = cells.some((each) => each !== null && /^\D{0,4}\d[\d.,' \u00a0]*[.,]\d+\D{0,4}$/.test(each));
  return isNumber ? '; for a decimal comma say --decimal , (decimal), for commas between thousands --decimal .' : '';
}
