/** What is expected of each action in the situation of a row: q̂(x, a). */
export interface RewardModel {
  readonly name: string;
  /**
   * Learns from some rows of a log.
   * @param rows places in the log
   * @param seed of what is random in the training
   */
  fit(rows: Int32Array, seed: number): Promise<FittedRewards>;
}

export interface FittedRewards {
  /** q̂(x, a) for the situations of some rows of the log. @param out [rows × actions] */
  predict(rows: Int32Array, out: Float64Array): void;
  free(): void;
}
