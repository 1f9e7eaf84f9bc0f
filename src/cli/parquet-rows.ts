/** Rows as a Parquet file. */
import { type ParquetColumn, ParquetRows, withDuckdb } from '../artifact/parquet-writer.ts';
import { columnNames } from '../artifact/tables.ts';
import type { OutputCell, OutputColumn, WriteRows } from './table-rows.ts';

/** Rows that are kept back to be written together. */
const KEPT = 2048;

/** Columns whose names differ in case alone get a number: readers could not tell them apart. */
export const writeParquetRows: WriteRows = (temporary, path, columns, work) =>
  withDuckdb(async (connection) => {
    const names = columnNames(
      columns.map(({ name }) => name),
      [],
    );
    const named = columns.map(({ type }, c) => ({ name: names[c], type }));
    const file = await ParquetRows.open(connection, temporary, named, path);
    let kept: (readonly OutputCell[])[] = [];
    const flush = (): void => {
      if (kept.length > 0) file.append(named.map((column, c) => columnOf(column, kept, c)));
      kept = [];
    };
    const result = await work({
      async add(cells) {
        kept.push(cells);
        if (kept.length === KEPT) flush();
      },
    });
    flush();
    await file.finish();
    return result;
  });

function columnOf({ name, type }: OutputColumn, rows: readonly (readonly OutputCell[])[], c: number): ParquetColumn {
  const cells = <T extends OutputCell>() => rows.map((row) => row[c] as T);
  if (type === 'integer') return { name, type, values: Int32Array.from(cells<number>()) };
  if (type === 'boolean') return { name, type, values: cells<boolean | null>() };
  if (type === 'texts') return { name, type, values: cells<readonly string[] | null>() };
  if (type === 'text') return { name, type, values: cells<string | null>() };
  return { name, type, values: cells<number | null>() };
}
