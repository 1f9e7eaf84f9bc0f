/** For every item a list of other items with a value each, as tensors of a model and back. */
import { DeepTasteError } from '../core/errors.ts';
import { float32Tensor, int32Tensor, type NamedTensor, type NamedTensors } from '../core/named-tensors.ts';

/** The list of item j is `columns[rowStart[j] … rowStart[j+1])` with `values` at the same places. */
export interface ItemLists {
  readonly rowStart: Int32Array; // [nItems + 1]
  readonly columns: Int32Array;
  readonly values: Float32Array;
}

export function itemListTensors({ rowStart, columns, values }: ItemLists): NamedTensors {
  return new Map<string, NamedTensor>([
    ['rowStart', { shape: [rowStart.length], data: rowStart }],
    ['columns', { shape: [columns.length], data: columns }],
    ['values', { shape: [values.length], data: values }],
  ]);
}

/**
 * @param model opens the error message
 * @throws DeepTasteError `artifact`: a tensor is missing, of another shape, or points outside
 */
export function itemLists(weights: NamedTensors, nItems: number, model: string): ItemLists {
  const values = float32Tensor(weights, 'values', [-1]);
  const rowStart = int32Tensor(weights, 'rowStart', [nItems + 1]);
  const columns = int32Tensor(weights, 'columns', [values.length]);
  checkRows(rowStart, columns, nItems, model);
  return { rowStart, columns, values };
}

/** @throws DeepTasteError `artifact`: `rowStart` does not divide `columns`, or a column is no item */
export function checkRows(rowStart: Int32Array, columns: Int32Array, nItems: number, model: string): void {
  const ascending = rowStart.every((start, r) => start >= (r === 0 ? 0 : rowStart[r - 1]));
  const spans = rowStart[0] === 0 && rowStart[rowStart.length - 1] === columns.length;
  if (ascending && spans && columns.every((column) => column >= 0 && column < nItems)) return;
  throw new DeepTasteError(
    'artifact',
    `${model}: the lists must hold ${columns.length} of ${nItems} items, found places outside; the weights were altered`,
  );
}
