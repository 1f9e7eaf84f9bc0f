/** How a plan gets its rows. */
import type { Tensor } from '../expression.ts';

/** Where a batch's rows come from: an instruction that fills the leaves of a tile. */
export interface Feed {
  readonly opcode: number;
  /** Address of the record that the instruction reads (e.g. a sampler's). */
  readonly record: number;
  /** Leaves that an earlier feed of the chain filled and this one reads, before the outputs in the instruction's order. */
  readonly inputs?: readonly Tensor[];
  /** The index and input leaves it fills, in the instruction's order. */
  readonly outputs: readonly Tensor[];
  /** What is filled next, from what this feed has filled. */
  readonly next?: Feed;
  /** The instruction fills whole batches, before any tile begins; else it runs in every tile. */
  readonly once?: boolean;
  /** Lists whose last entries are drawn, block by block. */
  readonly drawn?: { readonly opcode: number; readonly lists: readonly Tensor[] };
  /** Copies carried rows from where their lanes left them; run once, after the feed itself. */
  readonly carryOpcode?: number;
}

/** A feed and those that follow it, in their order. */
export function feedChain(feed: Feed | undefined): readonly Feed[] {
  return feed ? [feed, ...feedChain(feed.next)] : [];
}

/** A leaf that begins each step with what `output` was in the step before. */
export interface Carried {
  readonly leaf: Tensor;
  readonly output: Tensor;
}
