/** Logged decisions: what was shown in which situation, with which probability, and what came of it. Parallel columns over rows. */
import type { CategoricalColumn, NumericColumn } from '../../data/value-columns.ts';

/** A column of the situation that a decision was made in. */
export type ContextColumn = CategoricalColumn | NumericColumn;

export interface Decisions {
  /** Where they come from, for messages. */
  readonly source: string;
  /** Number of rows n. */
  readonly length: number;
  /** Names of the actions [K], in the order of their dense index. */
  readonly actions: readonly string[];
  /** Dense index of the action that was taken [n]. */
  readonly action: Int32Array;
  readonly reward: Float64Array; // [n]
  /**
   * Probability with which the log's policy took the action of the row [n], in (0, 1]; of rows with a position, the probability at
   * that position given what stood above it.
   */
  readonly propensity: Float64Array;
  /** Probabilities of all actions [n × K], where the log has them; null = only that of the action taken. */
  readonly behaviour: Float64Array | null;
  /** Names of the positions, the first first; empty where rows have none. */
  readonly positions: readonly string[];
  /** Place of each row among the positions [n]; null where rows have none. */
  readonly position: Int32Array | null;
  /** Dense index of the list that a row belongs to [n]; null = every row is a decision of its own. */
  readonly list: Int32Array | null;
  readonly nLists: number;
  /** Seconds since 1970-01-01 UTC [n], NaN = not known; null where rows have none. */
  readonly time: Float64Array | null;
  readonly context: readonly ContextColumn[];
  /** Further columns of numbers, by name, that policies are given by [n each]. */
  readonly numbers: ReadonlyMap<string, Float64Array>;
  /** What a person should know of how the log was read; one line each. */
  readonly notes: readonly string[];
}

/** Lowest and highest reward. */
export function rewardSpan({ reward }: Pick<Decisions, 'reward'>): { low: number; high: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of reward) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/** Whether all rewards are 0 or 1, as clicks are. */
export function isBinary({ reward }: Pick<Decisions, 'reward'>): boolean {
  return reward.every((value) => value === 0 || value === 1);
}

/** What the log's own policy earned by each decision: Σ over the rows of a list. */
export function rewardsOfDecisions({ reward, list, nLists }: Decisions): Float64Array {
  if (list === null) return reward;
  const sums = new Float64Array(nLists);
  for (let row = 0; row < reward.length; row++) sums[list[row]] += reward[row];
  return sums;
}
