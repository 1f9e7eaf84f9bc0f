/** Any table in memory, column by column, whatever it is about. */
import type { z } from 'zod';
import { parseOptions } from '../core/options.ts';
import { columnStatistics } from './column-statistics.ts';
import { fileOptions } from './data-options.ts';
import type { FieldTable } from './dataset.ts';
import { Database } from './readers/database.ts';
import { importFiles } from './readers/import.ts';
import { titleColumns } from './role-names.ts';
import { readField, settleKinds } from './side-information.ts';
import { TimeColumns } from './time-cells.ts';

/**
 * Reads files that hold the same columns (CSV, TSV, JSON, Parquet, RecBole, MovieLens, libsvm/libfm; plain or gzip).
 * Kinds are those that the files state, else guessed from the values; numbers with leading zeros stay texts.
 * @param files paths or globs
 * @throws DeepTasteError `config`: an option; `data`: a file
 */
export async function readTable(
  files: readonly string[],
  options: z.input<typeof fileOptions> = {},
): Promise<FieldTable> {
  const layout = parseOptions(fileOptions, options, 'table options');
  return Database.use(async (database) => {
    const table = await importFiles(database, files, layout);
    const statistics = await columnStatistics(database, table);
    const rows = Int32Array.from({ length: table.nRows }, (_, row) => row);
    const fields = [];
    const times = new TimeColumns(database, table, layout.dateFormat);
    const { kinds } = await settleKinds(database, table, table.columns, statistics, times);
    for (const [c, column] of table.columns.entries())
      fields.push(await readField(database, table, column, kinds[c], rows, times));
    const [title] = titleColumns(fields.filter((field) => field.kind !== 'numeric').map((field) => field.name));
    return { nRows: table.nRows, fields, title: title ?? null };
  });
}
