/** Who knows whom, as an artifact keeps it beside the weights. */
import { DeepTasteError } from '../core/errors.ts';
import { int32Tensor, type NamedTensor, type NamedTensors } from '../core/named-tensors.ts';
import type { SparseRows } from '../data/sparse-rows.ts';

export function keptFriends({ rowStart, columns }: SparseRows): NamedTensors {
  return new Map([
    ['known.friendStart', keptVector(rowStart)],
    ['known.friends', keptVector(columns)],
  ]);
}

export const keptVector = (data: Int32Array | Float32Array): NamedTensor => ({ shape: [data.length], data });

/** @throws 'artifact' for tensors that are missing, of another shape, or that name users that there are not */
export function loadedFriends(weights: NamedTensors, nUsers: number): SparseRows {
  const rowStart = int32Tensor(weights, 'known.friendStart', [nUsers + 1]);
  const columns = int32Tensor(weights, 'known.friends', [-1]);
  checkKept(
    'known.friends',
    `must name users below ${nUsers}, ascending for each of them`,
    isListOf(rowStart, columns, nUsers),
  );
  return { nRows: nUsers, rowStart, columns };
}

function isListOf(rowStart: Int32Array, columns: Int32Array, nUsers: number): boolean {
  const spans = rowStart[0] === 0 && rowStart[nUsers] === columns.length;
  if (!spans || rowStart.some((start, row) => row > 0 && start < rowStart[row - 1])) return false;
  for (let row = 0; row < nUsers; row++)
    for (let n = rowStart[row]; n < rowStart[row + 1]; n++)
      if (columns[n] < 0 || columns[n] >= nUsers || (n > rowStart[row] && columns[n] <= columns[n - 1])) return false;
  return true;
}

/** @throws 'artifact' where it does not hold */
export function checkKept(name: string, what: string, holds: boolean): void {
  if (holds) return;
  throw new DeepTasteError('artifact', `weights "${name}": ${what}, found others; the weights were altered`, { name });
}
