/**
 * A world in which decisions have consequences, and of which the truth is known. A world of one's own implements these two: somebody comes
 * (`reset`), is shown items and does something (`step`), until they leave.
 */
import type { RandomStream } from '../../core/random.ts';

export interface World {
  readonly name: string;
  /** Items that a decision chooses among. */
  readonly actions: number;
  /** Length of a context. */
  readonly features: number;
  /** Items that a decision shows, one below the other; absent = 1. */
  readonly slate?: number;
  /** What is known of each item, so many numbers; absent = 0: an item is known by its number, the same in all decisions. */
  readonly itemFeatures?: number;
  /** The items are the same in all decisions, though more is known of them than their number. */
  readonly isFixed?: boolean;
  /** Somebody comes. All that is random of the visit is drawn from the stream: the same stream is the same visitor. */
  reset(random: RandomStream): Visit;
}

/** One person's time in a world. */
export interface Visit {
  /** What is known before the next decision [features]; it is another one after each step. */
  readonly context: Float64Array;
  /** What is known of the items that can be shown now [actions × itemFeatures]; absent where items are known by their number. */
  readonly items?: Float64Array;
  /** The expected reward of every action now [actions], in worlds where nothing else follows from it: for regret, no policy may look at it. */
  readonly expected?: Float64Array;
  /** Shows items, different ones [slate], and says what came of it. The person has not left. */
  step(shown: Int32Array): Outcome;
}

export interface Outcome {
  readonly reward: number;
  /** Place of the slate that was taken, −1 = nothing; absent = the first. */
  readonly taken?: number;
  /** The person has left. */
  readonly isOver?: boolean;
}

/** What a policy is told of a world before anything happens in it. */
export interface Place {
  readonly world: string;
  readonly actions: number;
  readonly features: number;
  readonly slate: number;
  readonly itemFeatures: number;
  /** An item has the same number in all decisions. */
  readonly isFixed: boolean;
}

export function placeOf({ name, actions, features, slate = 1, itemFeatures = 0, isFixed = false }: World): Place {
  return { world: name, actions, features, slate, itemFeatures, isFixed: isFixed || itemFeatures === 0 };
}
