/**
 * The outcome of ranking, from which every ranking metric follows: for each held-out (user, item) pair how many candidates
 * score strictly higher and how many others score the same.
 */
export interface RankCounts {
  /** Dense user indices that were evaluated, ascending. */
  readonly users: Int32Array; // [U]
  /** Relevant (held-out) items of users[n] are relevantItems[rowStart[n] … rowStart[n+1]). */
  readonly rowStart: Int32Array; // [U + 1]
  readonly relevantItems: Int32Array; // [P]
  /** Candidates of the user that score strictly higher than the relevant item (other relevant items count too). */
  readonly greater: Int32Array; // [P]
  /** Other candidates that score exactly the same. A NaN score counts as lower than every number. */
  readonly equal: Int32Array; // [P]
  /**
   * Where a relevant item can stand in no list, a miss at every cutoff, below all in AUC: 1 = taken before, 2 = without training rows.
   * Absent or null = none. [P]
   */
  readonly isMiss?: Uint8Array | null;
  /** Number of candidates of users[n], relevant items included that are no misses. */
  readonly nCandidates: Int32Array; // [U]
  /** The `listLength` best items of users[n], best first, −1 where there are fewer; null when not asked for. */
  readonly topItems: Int32Array | null; // [U × listLength]
  readonly listLength: number;
}
