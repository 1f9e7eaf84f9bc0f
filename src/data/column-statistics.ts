/** What a column's values look like: the evidence for guessing its role and kind. */
import type { Database } from './readers/database.ts';
import { type ImportedColumn, type ImportedTable, sqlAsNumber, sqlAsText } from './readers/imported-table.ts';
import type { ColumnKind } from './schema.ts';

export interface ColumnStatistics {
  /** Cells that hold something. */
  readonly nValues: number;
  readonly nNumeric: number;
  /** Cells that read as a calendar date or time. */
  readonly nTemporal: number;
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
  const row = await database.row<Record<string, ColumnStatistics>>(
    `SELECT ${select} FROM (SELECT * FROM ${table.sql}${limit})`,
  );
  return table.columns.map((_, c) => plain(row[`s${c}`] as unknown as Record<string, unknown>));
}

function statisticsOf(column: ImportedColumn, name: string): string {
  const text = sqlAsText(column);
  const number = sqlAsNumber(column);
  // Trying to read a date is slow; each has one of these characters.
  const mayBeDate = `(contains(${text}, '-') OR contains(${text}, '/') OR contains(${text}, ':'))`;
  const asDate = `count(CASE WHEN ${mayBeDate} THEN TRY_CAST(${text} AS TIMESTAMPTZ) END)`;
  const temporal = column.storage === 'time' ? `count(${column.sql})` : asDate;
  const finite = `FILTER (isfinite(${number}))`;
  return `{
    'nValues': count(${column.sql}),
    'nNumeric': count(${number}),
    'nTemporal': ${column.storage === 'number' ? '0' : temporal},
    'nLeadingZero': count(*) FILTER (regexp_matches(${text}, '^0[0-9]')),
    'nWithPipe': count(*) FILTER (contains(${text}, '|')),
    'nWithComma': count(*) FILTER (regexp_matches(${text}, '[,;]')),
    'meanLength': coalesce(avg(length(${text})), 0),
    'minimum': min(${number}) ${finite}, 'maximum': max(${number}) ${finite},
    'allWhole': coalesce(bool_and(${number} = floor(${number})) ${finite}, false)
  } AS ${name}`;
}

function plain(row: Record<string, unknown>): ColumnStatistics {
  const entries = Object.entries(row).map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value]);
  return Object.fromEntries(entries) as ColumnStatistics;
}

/** The kind of a column of side information. A column of several categories a cell separates them with `separator`. */
export interface GuessedKind {
  readonly kind: ColumnKind;
  readonly separator?: string;
}

export function guessKind(column: ImportedColumn, statistics: ColumnStatistics): GuessedKind {
  if (column.kind !== null) return { kind: column.kind, separator: column.separator };
  if (column.storage === 'list') return { kind: 'multi' };
  const { nValues, nNumeric, nLeadingZero, nWithPipe, nWithComma, meanLength } = statistics;
  if (nValues > 0 && nNumeric === nValues && nLeadingZero === 0) return { kind: 'numeric' };
  const isListName = /genre|tags?$|categor|keywords?$|topics?$/i.test(column.name);
  if (nWithPipe * 10 >= nValues && nWithPipe > 0) return { kind: 'multi', separator: '|' };
  if (isListName && nWithPipe > 0) return { kind: 'multi', separator: '|' };
  if (isListName && nWithComma > 0) return { kind: 'multi', separator: ',;' };
  return { kind: meanLength > 40 ? 'text' : 'categorical' };
}
