/** What a plan is to compute, and what of it must outlive the step. */
import type { Tensor } from '../expression.ts';
import type { Carried, Feed } from './feed.ts';

export interface RowWorkOptions {
  readonly batchSize: number;
  /** Per-row loss to be summed; absent in plans that only compute. */
  readonly loss?: Tensor;
  readonly feed?: Feed;
  /** Leaves whose batch arrays the caller fills. */
  readonly fedByCaller?: readonly Tensor[];
  /** Batch tensors that must outlive the tile. */
  readonly kept: readonly Tensor[];
  /** Dense parameters with the expressions of their gradients. */
  readonly denseGradients: readonly (readonly [Tensor, Tensor])[];
  /**
   * Sums over the batch and other shared work are computed by blocks of their rows on all threads, not in lanes: best where
   * batches are small and shared tensors large.
   */
  readonly inBlocks?: boolean;
  /** Products stay with the kernels, even where there is a system BLAS: equal rows then get equal bytes wherever they stand. */
  readonly ownProducts?: boolean;
  /** Batch rows carried from step to step; their outputs outlive the step. */
  readonly carried?: readonly Carried[];
}
