/** Sequences of items: sessions, or users' histories, and cases of "what came next?". */

/** Sequences of items (sessions, or users' histories) in time order; sequence s is `items[start[s] … start[s+1])`. */
export interface Sequences {
  /** Items known to training; dense item indices are below it. */
  readonly nItems: number;
  readonly start: Int32Array; // [n + 1]
  /** Dense item index of every event; −1 = an item unknown to training (in test sequences only). */
  readonly items: Int32Array; // [E]
  /** Of every event, seconds since 1970-01-01 UTC (or any number that grows with time). */
  readonly time: Float64Array | null; // [E]
  /** What came of every event: the ratings of the rows, where they have some; absent or null = each event counts 1. */
  readonly reward?: Float32Array | null; // [E]
  /** User index of each sequence. */
  readonly owner: Int32Array | null; // [n]
  /** Users of the data where every sequence is the whole history of one; absent: sessions. */
  readonly nUsers?: number;
}

/** A list of test cases: the rank of `target` given the items before it. */
export interface PrefixCases {
  readonly prefixes: Sequences;
  /** Dense item index; −1 = an item unknown to training: a miss. */
  readonly target: Int32Array; // [n]
}
