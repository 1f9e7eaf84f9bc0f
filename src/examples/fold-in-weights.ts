/** What the pairs of somebody new count for when a vector is fitted to them. */

/** What the log losses of a person's items and of others count for. */
export interface FoldInWeights {
  taken(item: number): number;
  other(item: number): number;
  /** Weight of the mean over the others, for each item taken. */
  readonly negatives: number;
}
