/** Any table, a few rows at a time: memory does not grow with the number of rows. */
import { parseOptions } from '../core/options.ts';
import { columnStatistics, type GuessedKind } from './column-statistics.ts';
import { fileOptions } from './data-options.ts';
import type { FieldTable } from './dataset.ts';
import { Database } from './readers/database.ts';
import { importFiles } from './readers/import.ts';
import { type ImportedColumn, type ImportedTable, sqlAsText } from './readers/imported-table.ts';
import { type CellReader, cellReader, settleKinds } from './side-information.ts';
import { TimeColumns } from './time-cells.ts';

type FieldKind = FieldTable['fields'][number]['kind'];

/** A cell as models read it: a number, a text or a list of texts; null = missing. */
export type FieldCell = string | number | readonly string[] | null;

export interface TableRow {
  /** By column, as `readTable` reads them: times are seconds. */
  readonly cells: readonly FieldCell[];
  /** By column, as they stand in the file; the members of lists are parted by |. */
  readonly texts: readonly (string | null)[];
}

export interface TableInBlocks {
  readonly source: string;
  readonly nRows: number;
  readonly columns: readonly { readonly name: string; readonly kind: FieldKind; readonly isTime: boolean }[];
  /** Blocks of some two thousand rows, in the order of the file. @param most rows in all; absent = all */
  rows(most?: number): AsyncGenerator<readonly TableRow[]>;
}

/**
 * Gives a file to `work`, which may read it block by block while it runs.
 * @param asTexts columns whose cells stay texts, such as ids
 * @throws DeepTasteError `data`: the file
 */
export async function withTableInBlocks<T>(
  file: string,
  asTexts: readonly string[],
  work: (table: TableInBlocks) => Promise<T>,
): Promise<T> {
  const layout = parseOptions(fileOptions, {}, 'table options');
  return Database.use(async (database) => {
    const table = await importFiles(database, [file], layout);
    const statistics = await columnStatistics(database, table);
    const times = new TimeColumns(database, table, layout.dateFormat);
    const settled = await settleKinds(database, table, table.columns, statistics, times);
    const kinds = table.columns.map(
      ({ name }, c): GuessedKind => (asTexts.includes(name) ? { kind: 'categorical' } : settled.kinds[c]),
    );
    const readers: CellReader[] = [];
    for (const [c, column] of table.columns.entries()) readers.push(await cellReader(column, kinds[c], times));
    return work({
      source: table.source,
      nRows: table.nRows,
      columns: table.columns.map(({ name }, c) => ({
        name,
        kind: readers[c].kind,
        isTime: kinds[c].kind === 'time',
      })),
      rows: (most) => rowsOf(database, table, readers, most),
    });
  });
}

async function* rowsOf(
  database: Database,
  { sql, columns }: ImportedTable,
  readers: readonly CellReader[],
  most?: number,
): AsyncGenerator<readonly TableRow[]> {
  const selected = [
    ...readers.map(({ select }) => select),
    ...columns.map((column: ImportedColumn) => sqlAsText(column)),
  ];
  const limit = most === undefined ? '' : ` LIMIT ${most}`;
  const query = `SELECT ${selected.join(', ')} FROM ${sql} ORDER BY rowid${limit}`;
  for await (const chunk of database.chunks(query))
    yield Array.from({ length: chunk[0].length }, (_, row) => ({
      cells: readers.map(({ read }, c) => read(chunk[c][row])),
      texts: columns.map((_column, c) => chunk[readers.length + c][row] as string | null),
    }));
}
