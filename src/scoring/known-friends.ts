/** Who knows whom, for models that look at it: what training needs of the data, and what an artifact keeps beside the weights. */
import { DeepTasteError } from '../core/errors.ts';
import { int32Tensor, type NamedTensor, type NamedTensors } from '../core/named-tensors.ts';
import type { SparseRows } from '../data/sparse-rows.ts';

/** @param title of the model @throws 'config' for data without edges between users */
export function requireFriends(title: string, friends: SparseRows | null | undefined): SparseRows {
  if (friends) return friends;
  throw new DeepTasteError(
    'config',
    `train ${title}: the data must say who knows whom, found no edges between users; give them with --social FILE (data.social), or choose a model or options without friends`,
    { key: 'social' },
  );
}

/** The tensors that an artifact keeps. @param friends row u: the users that u knows, ascending */
export function keptFriends({ rowStart, columns }: SparseRows): NamedTensors {
  const vector = (data: Int32Array): NamedTensor => ({ shape: [data.length], data });
  return new Map([
    ['known.friendStart', vector(rowStart)],
    ['known.friends', vector(columns)],
  ]);
}

/** @throws 'artifact' for tensors that are missing, of another shape, or that name users that there are not */
export function loadedFriends(weights: NamedTensors, nUsers: number): SparseRows {
  const rowStart = int32Tensor(weights, 'known.friendStart', [nUsers + 1]);
  const columns = int32Tensor(weights, 'known.friends', [-1]);
  if (!isListOf(rowStart, columns, nUsers))
    throw new DeepTasteError(
      'artifact',
      `weights "known.friends": must name users below ${nUsers}, ascending for each of them, found others; the weights were altered`,
      { name: 'known.friends' },
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
