/** Times that are written as numbers: seconds and finer since 1970, dates such as 20240105, Excel's days, mere counters. */
import { DeepTasteError } from '../core/errors.ts';
import { counted } from './counted.ts';
import type { Database } from './readers/database.ts';
import { type ImportedColumn, type ImportedTable, sqlAsNumber, sqlAsText } from './readers/imported-table.ts';
import { dateText, type TimeReading } from './time-reading.ts';

interface Unit {
  readonly name: 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds';
  readonly perSecond: string;
  /** The unit follows from the size: seconds stay below 10¹¹ until the year 5138. */
  readonly from: number;
  readonly below: number;
}

const units: readonly Unit[] = [
  { name: 'seconds', perSecond: '1.0', from: 1e8, below: 1e11 },
  { name: 'milliseconds', perSecond: '1e3', from: 1e11, below: 1e14 },
  { name: 'microseconds', perSecond: '1e6', from: 1e14, below: 1e17 },
  { name: 'nanoseconds', perSecond: '1e9', from: 1e17, below: Number.POSITIVE_INFINITY },
];

/** Dates written as one number, by the digits they have. */
const compactFormats: Readonly<Record<number, string>> = {
  8: '%Y%m%d',
  10: '%Y%m%d%H',
  12: '%Y%m%d%H%M',
  14: '%Y%m%d%H%M%S',
  17: '%Y%m%d%H%M%S%g',
};

/** Counts of 100 ns since other years, in the range of 1970 to 2100; as nanoseconds since 1970 they would all be of one or two years. */
const tickOrigins = [
  { title: 'ticks of .NET (100 ns since the year 1)', from: 6.213e17, below: 6.624e17 },
  { title: 'Windows file times (100 ns since 1601)', from: 1.164e17, below: 1.575e17 },
];

/** Excel's days from 1990 to the end of 2050: only such numbers alone are taken for days. */
const excelFrom = 32_874;
const excelBelow = 55_153;

/** True for whole numbers of 8 digits in the range of dates from 1900 to 2100. */
export function mayBeCompactDates(minimum: number | null, maximum: number | null, allWhole: boolean): boolean {
  return allWhole && minimum !== null && maximum !== null && minimum >= 19000101 && maximum <= 21001231;
}

/** True for numbers in the range of Excel's days from 1990 to 2050. */
export function mayBeExcelDays(minimum: number | null, maximum: number | null): boolean {
  return minimum !== null && maximum !== null && minimum >= excelFrom && maximum < excelBelow;
}

/** What the numbers of a column show of their unit. */
interface NumberEvidence extends Record<string, number | boolean | string | null> {
  /** Cells that hold something, those that are numbers, and the finite ones of these. */
  readonly cells: number;
  readonly numeric: number;
  readonly n: number;
  readonly least: number | null;
  readonly most: number | null;
  readonly whole: boolean;
  readonly small: number;
}

/** By one look at all rows. */
export async function numberEvidence(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
): Promise<NumberEvidence> {
  const ofUnits = units.map(
    ({ from, below }, k) =>
      `count(*) FILTER (x >= ${from} AND x < ${Number.isFinite(below) ? below : "CAST('inf' AS DOUBLE)"}) AS n${k}`,
  );
  const finite = 'FILTER (isfinite(v))';
  return database.row<NumberEvidence>(
    `SELECT count(CASE WHEN v IS NOT NULL OR trim(t) <> '' THEN 1 END) AS cells, count(v) AS numeric,
       count(v) ${finite} AS n, min(v) ${finite} AS least, max(v) ${finite} AS most,
       coalesce(bool_and(v = floor(v)) ${finite}, FALSE) AS whole, count(*) FILTER (x < 1e8) AS small, ${ofUnits.join(', ')}
     FROM (SELECT t, v, abs(v) AS x FROM (SELECT ${sqlAsText(column)} AS t, ${sqlAsNumber(column)} AS v FROM ${table.sql}))`,
  );
}

/** @throws DeepTasteError `data`: seconds and milliseconds stand mixed */
export async function readNumbers(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  evidence: NumberEvidence,
): Promise<TimeReading> {
  const number = sqlAsNumber(column);
  const { n, least, most } = evidence;
  const plain = { order: null, told: false, first: least, last: most };
  if (n === 0 || least === null || most === null) return { sql: number, format: 'seconds', ...plain, notes: [] };
  const compact = evidence.whole
    ? ((await readCompact(database, table, column, least, most, n)) ??
      (await readYearLast(database, table, column, least, most, n)))
    : null;
  if (compact) return compact;
  if (mayBeExcelDays(least, most)) {
    const sql = `round((${number} - 25569) * 86400, 3)`;
    const [first, last] = [excelSeconds(least), excelSeconds(most)];
    const notes = [
      `read as Excel's days, e.g. ${least} = ${dateText(first)}; --date-format counter takes them for numbers of an order`,
    ];
    return { sql, format: 'excel', order: null, told: false, first, last, notes };
  }
  const used = units.filter((_, k) => Number(evidence[`n${k}`]) > 0);
  if (used.length === 0) {
    const notes = [
      `small numbers (${least} to ${most}) are taken for an order, not for seconds since 1970; --date-format sets another reading`,
    ];
    return { sql: number, format: 'counter', ...plain, notes };
  }
  if (used.length > 1) throw await mixedUnits(database, table, column, used);
  const [{ name, perSecond }] = used;
  const since = tickOrigins.find(({ from, below }) => least >= from && most < below);
  if (since)
    throw new DeepTasteError(
      'data',
      `${table.source}: "${column.name}": times must be seconds, milliseconds, microseconds or nanoseconds since 1970, found ${least} to ${most}, ` +
        `which look like ${since.title}; convert them, or say --date-format nanoseconds if they are such`,
      { path: table.source, column: column.name },
    );
  const { small } = evidence;
  const notes =
    small > 0 && small * 10 <= n
      ? [`${counted(small, 'cell')} near 0 beside ${name} since 1970, e.g. ${least}: perhaps missing times`]
      : [];
  const [first, last] = [least / Number(perSecond), most / Number(perSecond)];
  return { sql: `${number} / ${perSecond}`, format: name, order: null, told: false, first, last, notes };
}

function excelSeconds(days: number): number {
  return Math.round((days - 25_569) * 86_400_000) / 1000;
}

/** Dates such as 20240105, when every number of the column is one. */
async function readCompact(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  least: number,
  most: number,
  n: number,
): Promise<TimeReading | null> {
  const digits = String(BigInt(most)).length;
  const format = compactFormats[digits];
  const year = (x: number): number => Number(String(BigInt(x)).slice(0, 4));
  if (least < 0 || !format || String(BigInt(least)).length !== digits || year(least) < 1900 || year(most) > 2100)
    return null;
  const text = `regexp_replace(trim(${sqlAsText(column)}), '\\.0*$', '')`;
  const sql = `epoch(try_strptime(${text}, '${format}'))`;
  const row = await database.row<{ n: number; first: number; last: number; example: string }>(
    `SELECT count(e) AS n, min(e) AS first, max(e) AS last, arg_min(t, e) AS example
     FROM (SELECT ${sql} AS e, ${text} AS t FROM ${table.sql})`,
  );
  if (row.n !== n) return null;
  const { first, last, example } = row;
  const notes = [`read as ${format}, e.g. ${example} = ${dateText(first)}`];
  return { sql, format, order: null, told: false, first, last, notes };
}

/**
 * Dates such as 31012024, when every number of the column is one between 1970 and 2100.
 * @throws DeepTasteError `data`: every number is one with the day first and with the month first
 */
async function readYearLast(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  least: number,
  most: number,
  n: number,
): Promise<TimeReading | null> {
  if (least < 1_011_970 || most > 31_122_100) return null;
  const text = `lpad(regexp_replace(trim(${sqlAsText(column)}), '\\.0*$', ''), 8, '0')`;
  const read = (format: string): string =>
    `CASE WHEN CAST(right(${text}, 4) AS INTEGER) BETWEEN 1970 AND 2100 THEN epoch(try_strptime(${text}, '${format}')) END`;
  const formats = ['%d%m%Y', '%m%d%Y'] as const;
  const row = await database.row<Record<string, number>>(
    `SELECT count(a) AS n0, count(b) AS n1, min(a) AS first0, max(a) AS last0, min(b) AS first1, max(b) AS last1, count(*) FILTER (a <> b) AS unlike,
       arg_min(t, a) AS example0, arg_min(t, b) AS example1
     FROM (SELECT CASE WHEN ${sqlAsNumber(column)} IS NOT NULL THEN ${text} END AS t, ${read(formats[0])} AS a, ${read(formats[1])} AS b FROM ${table.sql})`,
  );
  const fitting = formats.map((_, k) => k).filter((k) => row[`n${k}`] === n);
  if (fitting.length === 0) return null;
  if (fitting.length === 2 && row.unlike > 0)
    throw new DeepTasteError(
      'data',
      `${table.source}: "${column.name}": dates must show which part is the day and which the month, but all cells read in 2 ways: ` +
        `${row.example0} is ${dateText(row.first0)} as %d%m%Y; say which with --date-format '%d%m%Y' or --date-format '%m%d%Y' (dateFormat)`,
      { path: table.source, column: column.name, formats },
    );
  const [k] = fitting;
  const [first, last] = [row[`first${k}`], row[`last${k}`]];
  const notes = [`read as ${formats[k]}, e.g. ${row[`example${k}`]} = ${dateText(first)}`];
  return { sql: read(formats[k]), format: formats[k], order: k === 0 ? 'dmy' : 'mdy', told: false, first, last, notes };
}

async function mixedUnits(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  used: readonly Unit[],
): Promise<DeepTasteError> {
  const number = `abs(${sqlAsNumber(column)})`;
  const examples: string[] = [];
  for (const { from, below } of used) {
    const inRange = `${number} >= ${from}${Number.isFinite(below) ? ` AND ${number} < ${below}` : ''}`;
    const [example] = await database.texts(`SELECT ${sqlAsText(column)} FROM ${table.sql} WHERE ${inRange} LIMIT 1`);
    examples.push(String(example));
  }
  return new DeepTasteError(
    'data',
    `${table.source}: "${column.name}": times must be of one unit, found ${used.map(({ name }) => name).join(' and ')} mixed ` +
      `(${examples.join(' and ')}); mend the file, or say --date-format ${used[0].name} (or counter, for numbers that only tell an order)`,
    { path: table.source, column: column.name },
  );
}
