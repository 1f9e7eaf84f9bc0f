/** What a column's values look like: the evidence for guessing its role and kind. */
import { clockLook, dateLook, dayLook, monthLook } from './date-forms.ts';
import { mayBeCompactDates, mayBeExcelDays } from './number-times.ts';
import { type Database, sqlText } from './readers/database.ts';
import { type ImportedColumn, type ImportedTable, sqlAsNumber, sqlAsText } from './readers/imported-table.ts';
import { isCodeName, isDateName, isListName } from './role-names.ts';
import type { ColumnKind } from './schema.ts';

export interface ColumnStatistics {
  /** Cells that hold something. */
  readonly nValues: number;
  readonly nNumeric: number;
  /** About how many different numbers. */
  readonly nDistinctNumbers: number;
  /** About how many different cells that are no numbers. */
  readonly nDistinctOthers: number;
  /** Cells that look like a calendar date, with a time of day or without, or like a month. */
  readonly nTemporal: number;
  /** Those of a day without a time of day, and those of a month. */
  readonly nDays: number;
  readonly nMonths: number;
  /** Cells that look like a time of day without a date. */
  readonly nClocks: number;
  /** Whole numbers such as 53300 or 0533 that can be a time of day, HHMMSS or HHMM. */
  readonly nCompactClocks: number;
  /** Cells such as `5.4 kg`, `(0.99)` and `0:25:40`: a number with something else. */
  readonly nMeasured: number;
  /** Numbers such as 007, which are codes rather than quantities. */
  readonly nLeadingZero: number;
  readonly nWithPipe: number;
  /** Cells that separate several values with a comma or a semicolon. */
  readonly nWithComma: number;
  /** Mean length of the texts, in characters. */
  readonly meanLength: number;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly allWhole: boolean;
}

/** Statistics of every column, over the first `nRows` rows (all when it is left out). */
export async function columnStatistics(
  database: Database,
  table: ImportedTable,
  nRows?: number,
): Promise<ColumnStatistics[]> {
  const limit = nRows === undefined ? '' : ` LIMIT ${nRows}`;
  const select = table.columns.map((column, c) => statisticsOf(column, `s${c}`)).join(', ');
  const row = await database.row<Record<string, Record<string, unknown>>>(
    `SELECT ${select} FROM (SELECT * FROM ${table.sql}${limit})`,
  );
  return table.columns.map((_, c) => plain(row[`s${c}`]));
}

const measureLook =
  '\\s*[-+−(]?\\s*[0-9][0-9.,]*(?:e-?[0-9]+|\\s*(?:\\p{L}{1,8}\\.?|[%°"]|-)(?:/\\p{L}{1,5})?\\)?|\\)|(?::[0-9]{2}){1,2})\\s*';

function statisticsOf(column: ImportedColumn, name: string): string {
  const text = sqlAsText(column);
  const number = sqlAsNumber(column);
  // Comparing with a pattern is slow; numbers and long texts are no dates.
  const looksLike = (pattern: string): string =>
    `count(CASE WHEN strlen(${text}) BETWEEN 2 AND 80 AND ${number} IS NULL THEN
       CASE WHEN regexp_full_match(${text}, ${sqlText(`(?i)${pattern}`)}) THEN 1 END END)`;
  const isText = column.storage === 'text';
  const temporal = column.storage === 'time' ? `count(${column.sql})` : isText ? looksLike(dateLook) : '0';
  const days =
    column.storage === 'time'
      ? `count(*) FILTER (epoch(CAST(${column.sql} AS TIMESTAMP)) % 86400 = 0)`
      : isText
        ? looksLike(dayLook)
        : '0';
  const finite = `FILTER (isfinite(${number}))`;
  return `{
    'nValues': count(${column.sql}),
    'nNumeric': count(${number}),
    'nDistinctNumbers': approx_count_distinct(${number}),
    'nDistinctOthers': ${isText ? distinctOthers(column) : '0'},
    'nTemporal': ${temporal},
    'nDays': ${days},
    'nMonths': ${isText ? looksLike(monthLook) : '0'},
    'nClocks': ${isText ? looksLike(clockLook) : '0'},
    'nCompactClocks': count(*) FILTER (${number} = floor(${number}) AND ${number} BETWEEN 0 AND 235959
      AND ${number} % 100 < 60 AND floor(${number} / 100) % 100 < 60),
    'nMeasured': ${isText ? looksLike(measureLook) : '0'},
    'nLeadingZero': count(*) FILTER (${number} IS NOT NULL AND regexp_matches(${text}, '^0[0-9]')),
    'nWithPipe': count(*) FILTER (contains(${text}, '|')),
    'nWithComma': count(*) FILTER (regexp_matches(${text}, '[,;]')),
    'meanLength': coalesce(avg(length(${text})), 0),
    'minimum': min(${number}) ${finite}, 'maximum': max(${number}) ${finite},
    'allWhole': coalesce(bool_and(${number} = floor(${number})) ${finite}, false)
  } AS ${name}`;
}

/** SQL for about how many different cells of a column are no numbers. */
export function distinctOthers(column: ImportedColumn): string {
  return `approx_count_distinct(CASE WHEN ${sqlAsNumber(column)} IS NULL THEN nullif(trim(${sqlAsText(column)}), '') END)`;
}

function plain(row: Record<string, unknown>): ColumnStatistics {
  const entries = Object.entries(row).map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value]);
  return Object.fromEntries(entries) as ColumnStatistics;
}

/** The kind of a column that is no id. A column of several categories a cell separates them with `separator`. */
export interface GuessedKind {
  readonly kind: ColumnKind;
  readonly separator?: string;
}

/** At most this share of the cells of a column of dates looks like something else. */
const strayShare = 0.1;

export function guessKind(column: ImportedColumn, statistics: ColumnStatistics): GuessedKind {
  if (column.kind !== null) return { kind: column.kind, separator: column.separator };
  if (column.storage === 'list') return { kind: 'multi' };
  const { nValues, nNumeric, nTemporal, nLeadingZero, nWithPipe, nWithComma, meanLength } = statistics;
  const isList = isListName(column.name);
  const looksLikeDates = nTemporal > 0 && nTemporal >= (1 - strayShare) * nValues && nNumeric < nValues;
  if (looksLikeDates || holdsDateNumbers(column, statistics)) return { kind: 'time' };
  if (holdsCodes(column, statistics)) return { kind: 'categorical' };
  const isListOfNumbers = isList && nWithComma > 0;
  if (nNumeric > 0 && nLeadingZero === 0 && !isListOfNumbers && staysNumeric(statistics)) return { kind: 'numeric' };
  if (nWithPipe * 10 >= nValues && nWithPipe > 0) return { kind: 'multi', separator: '|' };
  if (isList && nWithPipe > 0) return { kind: 'multi', separator: '|' };
  if (isList && nWithComma > 0) return { kind: 'multi', separator: ',;' };
  return { kind: meanLength > 40 ? 'text' : 'categorical' };
}

/** So few words, each repeated, mark the cells of measures that were not taken (`missing`, `n.a.`, `sold out`). */
const fewWords = 3;

/**
 * True when a column stays one of numbers although some of its cells are none: one in a hundred, or one in ten where the
 * numbers are measures (with fractions, or of many sizes) rather than codes, and up to a quarter where a few words repeat.
 */
export function staysNumeric({
  nValues,
  nNumeric,
  nDistinctOthers,
  allWhole,
  nDistinctNumbers,
}: Pick<ColumnStatistics, 'nValues' | 'nNumeric' | 'nDistinctOthers' | 'allWhole' | 'nDistinctNumbers'>): boolean {
  const nOther = nValues - nNumeric;
  if (nOther <= 0.01 * nValues) return true;
  if (nOther <= 0.1 * nValues) return !allWhole || nDistinctNumbers > 50;
  const areMarks = nDistinctOthers <= fewWords && nOther >= 2 * nDistinctOthers;
  return areMarks && nOther <= 0.25 * nValues && (!allWhole || nDistinctNumbers > 100);
}

/** The digits of times of day that are written as one number: 6 of HHMMSS, 4 of HHMM; null for other columns. */
export function compactClockDigits({
  nValues,
  nNumeric,
  nCompactClocks,
  maximum,
}: Pick<ColumnStatistics, 'nValues' | 'nNumeric' | 'nCompactClocks' | 'maximum'>): 4 | 6 | null {
  // smaller numbers may count anything
  if (nValues === 0 || nNumeric < nValues || nCompactClocks < nValues || maximum === null || maximum < 100) return null;
  return maximum > 2359 ? 6 : 4;
}

/** Numbers such as 20240105 or Excel's 45296 under a name of dates. */
export function holdsDateNumbers(column: ImportedColumn, statistics: ColumnStatistics): boolean {
  const { nValues, nNumeric, minimum, maximum, allWhole } = statistics;
  if (nValues === 0 || nNumeric < nValues || !isDateName(column.name)) return false;
  return mayBeCompactDates(minimum, maximum, allWhole) || mayBeExcelDays(minimum, maximum);
}

/** Whole numbers that stand for things: under a name of ids, or too large for a float64. */
function holdsCodes(
  column: ImportedColumn,
  { nValues, nNumeric, minimum, maximum, allWhole }: ColumnStatistics,
): boolean {
  if (nValues === 0 || nNumeric < nValues || !allWhole || minimum === null || maximum === null) return false;
  return isCodeName(column.name) || Math.max(Math.abs(minimum), Math.abs(maximum)) > Number.MAX_SAFE_INTEGER;
}
