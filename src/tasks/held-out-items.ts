/** What people took in rows that training does not have. */
import type { Split } from '../data/dataset.ts';
import { joinedRows, rowNumbers, type SparseRows, withoutColumns } from '../data/sparse-rows.ts';
import { itemsByUser } from '../evaluation/ranking.ts';

/**
 * By user, the distinct items of the rows outside the training part (held out, or dropped by the split), less those of training.
 * @param trained the distinct training items of every user, ascending
 */
export function heldOutItems(split: Split, trained: SparseRows): SparseRows {
  const { dataset, train, validation, test } = split;
  const heldOut = [validation, test].filter((part) => part !== null);
  const nRows = heldOut.reduce((sum, part) => sum + part.length, train.length);
  const parts = nRows === dataset.interactions.length ? heldOut : [dataset.interactions];
  const lists = parts.map((part) => {
    const rows = itemsByUser(split, part);
    return { row: rowNumbers(rows), column: rows.columns };
  });
  const before = split.former?.heldOut;
  if (before) lists.push({ row: rowNumbers(before), column: before.columns });
  return withoutColumns(joinedRows(dataset.users.size, lists, true), trained);
}
