/** How a plan gets its rows. */
import type { Tensor } from '../expression.ts';

/** Where a batch's rows come from: an instruction that fills the leaves of a tile. */
export interface Feed {
  readonly opcode: number;
  /** Address of the record that the instruction reads (e.g. a sampler's). */
  readonly record: number;
  /** The index and input leaves it fills, in the instruction's order. */
  readonly outputs: readonly Tensor[];
}
