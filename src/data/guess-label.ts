/** Which column holds labels, when nobody says it: two kinds of cells under a name that outcomes go by. */
import { holdsBinaryNumbers, holdsTwoValues } from './labels.ts';
import type { Database } from './readers/database.ts';
import type { ImportedColumn, ImportedTable } from './readers/imported-table.ts';
import { isClassName, isLabelName, isRatingName } from './role-names.ts';

/** Tables without a header of so many columns may begin with a label, as click logs do. */
const fewestUnnamedColumns = 5;

/**
 * Beside users and items, only the numbers 0 and 1 (or −1 and 1) count; in tables of examples words do as well. A
 * column of ratings goes first. Null: none.
 */
export async function guessLabel(
  database: Database,
  table: ImportedTable,
  { user, item }: { readonly user?: ImportedColumn | null; readonly item?: ImportedColumn | null },
): Promise<ImportedColumn | null> {
  const single = table.columns.filter((column) => column !== user && column !== item && column.storage !== 'list');
  if (single.some((column) => isRatingName(column.name))) return null;
  const areExamples = !user && !item;
  if (!table.named) {
    const [first] = table.columns;
    const isLong = areExamples && table.columns.length >= fewestUnnamedColumns;
    return isLong && (await holdsBinaryNumbers(database, table, first)) ? first : null;
  }
  for (const column of single) {
    if (!(areExamples ? isClassName(column.name) : isLabelName(column.name))) continue;
    const holds = areExamples ? holdsTwoValues : holdsBinaryNumbers;
    if (await holds(database, table, column)) return column;
  }
  return null;
}
