/** A world in which decisions have consequences, and of which the truth is known. A world of one's own implements these two. */
import type { RandomStream } from '../../core/random.ts';

export interface World {
  readonly name: string;
  /** Number of actions. */
  readonly actions: number;
  /** Length of a context. */
  readonly features: number;
  /** Somebody comes. All that is random of the visit is drawn from the stream: the same stream is the same visitor. */
  reset(random: RandomStream): Visit;
}

/** One person's time in a world. */
export interface Visit {
  /** What is known before the next decision [features]; it is another one after each step. */
  readonly context: Float64Array;
  /** The expected reward of every action now [actions]: for regret, no policy may look at it. */
  readonly expected: Float64Array;
  /** Takes an action. @returns the reward */
  step(action: number): number;
}
