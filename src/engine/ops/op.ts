/** What an op is: shape rule (in its builder), gradient, kernel call and float64 reference, side by side in one record. */
import type { Tensor } from '../expression.ts';

/** Values of one tensor in float64: rows × size for batch tensors, size for shared ones. Index tensors hold integers. */
export type Values = Float64Array;

/** A kernel call with symbolic operands; `plan/program.ts` gives them addresses. */
export interface KernelCall {
  readonly opcode: number;
  /** Fixed number of rows, for calls on shared tensors; absent = the rows of the tile. */
  readonly rows?: number;
  readonly parameters?: readonly number[];
  /** Operands in the kernel's order; `null` = not used. The tensor itself is the output. */
  readonly operands: readonly (Tensor | null)[];
  /** Arithmetic of a row, a multiply-add counted as two; absent = that of matrix products by their kernels, else none. */
  readonly flopsOfRow?: number;
  /** Numbers of working memory, of the thread's own, that the kernel gets as one more operand. */
  readonly workspace?: number;
}

/**
 * A kernel call that computes some rows of a shared tensor, so that threads can share the work by blocks of rows. The rows of
 * the call are those of the block.
 */
export interface BlockCall {
  readonly opcode: number;
  /** Rows of the tensor, and the number that the rows of a block are a multiple of. */
  readonly rows: number;
  readonly multiple: number;
  /** Rows of a block; absent = chosen by the plan. */
  readonly blockRows?: number;
  readonly parameters?: readonly number[];
  readonly operands: readonly BlockOperand[];
  /** Arithmetic of a row of the tensor, in a batch of so many rows; absent = none is counted. */
  readonly flopsOfRow?: (batchRows: number) => number;
}

export interface BlockOperand {
  readonly tensor: Tensor;
  /** Elements from what one row of the block needs to what the next one needs; absent: every block sees the whole tensor. */
  readonly advance?: number;
}

export interface OpDefinition {
  /** Forward formula, for docs: `y = max(0, x)`. */
  readonly formula: string;
  /** Derivative, for docs: `∂x = dy · [y > 0]`. */
  readonly derivative: string;
  /** Gradients with respect to each input (null = none), as expressions of dy, the output and the inputs. */
  readonly gradient: (y: Tensor, dy: Tensor) => readonly (Tensor | null)[];
  /** The kernel call that computes `y`; null for leaves and views, which need none. */
  readonly kernel: (y: Tensor) => KernelCall | null;
  /** How blocks of rows of a shared `y` are computed; absent: only all at once. */
  readonly blocks?: (y: Tensor) => BlockCall;
  /** Plain float64 loops. @param rows number of batch rows (shared tensors ignore it) */
  readonly reference: (y: Tensor, inputs: readonly Values[], rows: number) => Values;
  /** 'sum over the batch': the output is shared although inputs are batch rows; accumulated lane by lane. */
  readonly reduction?: true;
  /** Computed by blocks in every plan, never in lanes or by one thread. */
  readonly onlyBlocks?: true;
  /** Working memory that the kernel needs in each thread, in bytes. */
  readonly workBytes?: (y: Tensor) => number;
}

/** Rows and row length of a tensor as kernels see it: shared [n] is one row, shared [r, c] is r rows. */
export function kernelRows(tensor: Tensor): { rows: number | undefined; width: number } {
  if (tensor.rows === 'batch') return { rows: undefined, width: tensor.size };
  const width = tensor.shape.length === 0 ? 1 : tensor.shape[tensor.shape.length - 1];
  return { rows: tensor.size / width, width };
}

/** Number of rows that the reference loops over. */
export function referenceRows(tensor: Tensor, rows: number): number {
  return tensor.rows === 'batch' ? rows : 1;
}
