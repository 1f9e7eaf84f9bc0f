/** How many rows of a batch a thread computes at a time. */
import { DeepTasteError } from '../../core/errors.ts';
import type { Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import type { Engine } from '../runtime/engine.ts';
import type { RowWorkOptions } from './row-work-options.ts';

/** Bytes of tile scratch to aim at: half of a small second-level cache. */
const SCRATCH_TARGET = 384 * 1024;
/** Rows of the smallest tile where batches are small, so that a second thread has work. */
const SMALL_TILE = 16;
/** The system BLAS copies the weights anew in every call: larger tiles make that small against the product. */
const SMALL_BLAS_TILE = 32;
const BLAS_SCRATCH_TARGET = 16 * 1024 ** 2;
const LARGEST_TILE = 512;

/**
 * A power of two of rows whose activations fit the cache, small enough that every lane gets work; or the window of ops that look
 * at other rows.
 * @param rowsOfLevels batch tensors of each level
 * @throws 'config' for windows of unequal length
 */
export function tileSize(
  engine: Pick<Engine, 'blas'>,
  { batchSize, inBlocks, ownProducts }: RowWorkOptions,
  rowsOfLevels: readonly (readonly Tensor[])[],
): number {
  const window = windowOf(rowsOfLevels.flat());
  if (window > 0) return window;
  const byBlas = engine.blas !== null && !ownProducts;
  const widest = Math.max(...rowsOfLevels.map((rows) => rows.reduce((sum, { size }) => sum + size, 0)), 1);
  const share = Math.ceil(batchSize / code.LANES);
  let tile = 32;
  // four threads at least have work
  if (inBlocks && !(byBlas && batchSize >= 4 * SMALL_BLAS_TILE)) tile = SMALL_TILE;
  const target = byBlas && !inBlocks ? BLAS_SCRATCH_TARGET : 2 * SCRATCH_TARGET;
  while (tile * 2 <= LARGEST_TILE && tile < share && tile * 2 * widest * 4 <= target) tile *= 2;
  return tile;
}

/** Rows that must lie in one tile: the window of ops that look at other rows; 0 where there are none. */
function windowOf(rows: readonly Tensor[]): number {
  const windows = new Set(rows.flatMap((tensor) => tensor.op.window?.(tensor) ?? []));
  if (windows.size > 1)
    throw new DeepTasteError('config', `plan: all windows must be of one length, got ${[...windows].join(', ')}`);
  return [...windows][0] ?? 0;
}
