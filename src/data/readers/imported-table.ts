/** A file as a DuckDB table, or as a view that reads the file anew: columns `c0, c1, …`; `rowid` is the row's place in the file. */
import type { ColumnKind } from '../schema.ts';
import type { LayoutColumn } from './layout-column.ts';
import { type NumberStyle, plainNumber, styledNumber } from './number-styles.ts';

/** How a column is stored: as read from text, as numbers, as times, or as a list of texts in each cell. */
export type Storage = 'text' | 'number' | 'time' | 'list';

export interface ImportedColumn {
  readonly name: string;
  /** The column's name in SQL. */
  readonly sql: string;
  readonly storage: Storage;
  /** Numbers of an integer type of at most 64 bits: ids that need not become texts before they are counted. */
  readonly whole?: boolean;
  /** Numbers of any integer type. */
  readonly integer?: boolean;
  /**
   * How the numbers of a text column are written, where that is not the plain way; `example` is a cell that shows it. `isOpen` where
   * marks are only taken to stand between thousands: whether no shorter number speaks for it.
   */
  readonly numbers?: { readonly style: NumberStyle; readonly example: string | null; readonly isOpen?: boolean };
  /** A cell of a column that looks like numbers but is not read so: their decimal mark is open, or they are codes in groups of digits. */
  readonly unreadNumbers?: { readonly example: string; readonly are: 'open' | 'codes' };
  /** The marks of missing values that stood in the column; the cells are empty now. */
  readonly marks?: readonly { readonly mark: string; readonly n: number; readonly firstRow: number }[];
  /** The kind that the file states; null = to be guessed. */
  readonly kind: ColumnKind | null;
  readonly separator?: string;
  /** True when the file has no name for it. */
  readonly nameless?: boolean;
  /** True when it counts the rows of the file, as an index does. */
  readonly countsRows?: boolean;
  /** True when its cells may hold objects. */
  readonly objects?: boolean;
  /** True for the items of lists that were made into rows. */
  readonly listed?: boolean;
  /** The column of lists of objects that it is a part of. */
  readonly parent?: string;
  /** The columns of the file that this one is put together from. */
  readonly parts?: readonly ImportedColumn[];
  /** Entries of a list read `value:weight`. */
  readonly weighted?: boolean;
}

export interface ImportedTable {
  /** The table's name in SQL. */
  readonly sql: string;
  /** True when it is a view: nothing of the file is kept in memory. */
  readonly isView?: boolean;
  /** For messages: the file, or the first of several. */
  readonly source: string;
  readonly nRows: number;
  readonly columns: readonly ImportedColumn[];
  /** True when the file (or the caller) names the columns. */
  readonly named: boolean;
  /** True when the format itself fixes what the columns mean. */
  readonly standard: boolean;
  /** True when the first line was taken for a header. */
  readonly hasHeader?: boolean;
  /** Where each file's rows begin. */
  readonly files: readonly { readonly path: string; readonly firstRow: number }[];
  readonly warnings: readonly string[];
}

/** What one file gives, before files are put together. */
export type FileTable = Omit<ImportedTable, 'files'>;

export function textColumns(columns: readonly LayoutColumn[]): ImportedColumn[] {
  return columns.map((column, c) => ({ ...column, sql: `c${c}`, storage: 'text' }));
}

/** `file row n` for a row of the table; the first row after a header is row 1. */
export function placeOf(table: ImportedTable, row: number): string {
  let file = table.files[0];
  for (const each of table.files) if (each.firstRow <= row) file = each;
  return `${file.path} row ${row - file.firstRow + 1}`;
}

/** SQL for a column's values as text; whole numbers that are stored as floats lose their `.0`. */
export function sqlAsText(column: ImportedColumn): string {
  const { sql, storage, integer } = column;
  if (storage === 'text') return sql;
  if (storage === 'list') return `array_to_string(${sql}, '|')`;
  if (storage === 'time' || integer) return `CAST(${sql} AS VARCHAR)`;
  return `CASE WHEN ${sql} = floor(${sql}) AND abs(${sql}) < 9007199254740992
    THEN CAST(CAST(${sql} AS BIGINT) AS VARCHAR) ELSE CAST(${sql} AS VARCHAR) END`;
}

/** SQL for a column's values as float64, NULL where they are none; true and false are 1 and 0. */
export function sqlAsNumber(column: ImportedColumn): string {
  const { sql, storage, numbers } = column;
  if (storage === 'number') return `CAST(${sql} AS DOUBLE)`;
  if (storage !== 'text') return 'CAST(NULL AS DOUBLE)';
  const number = numbers ? styledNumber(sql, numbers.style) : plainNumber(sql);
  return `coalesce(${number}, CASE lower(${sql}) WHEN 'true' THEN 1.0 WHEN 'false' THEN 0.0 END)`;
}
