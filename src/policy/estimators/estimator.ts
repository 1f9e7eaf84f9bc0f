/**
 * An estimator of the value of a policy: what every decision of a log contributes. The estimate is the mean of the contributions, and
 * its interval comes from how they vary. Of a ratio Σ wᵢrᵢ / Σ wᵢ = θ the contributions are θ + wᵢ(rᵢ − θ) / w̄ (its linearisation),
 * whose mean is θ again.
 */

/** What is known of the decisions of a log and of a policy; one value a decision [n]. */
export interface Weighed {
  readonly weight: Float64Array;
  /** π(a | x) of the action taken. */
  readonly probability: Float64Array;
  readonly reward: Float64Array;
  /** Rewards that a cross-fitted model predicts; null = there is none, or π is not known in full. */
  readonly modelled: {
    /** q̂(x, a) of the action taken. */
    readonly ofLogged: Float64Array;
    /** Σ_a π(a | x) q̂(x, a). */
    readonly ofPolicy: Float64Array;
  } | null;
}

export interface Estimator {
  readonly name: string;
  /** What tables call it. */
  readonly title: string;
  /** Reads predicted rewards. */
  readonly isModelled: boolean;
  /** What λ does, where there is one; it is chosen by SLOPE among bounds from ∞ (no bias by it) downwards. */
  readonly parameter: string | null;
  contributions(weighed: Weighed, lambda: number): Float64Array;
  /**
   * Of a weighted mean of the rewards: these weights. A bootstrap then makes the ratio anew of every sample, which stays within the span
   * of the rewards; that of the contributions would keep the sum of the weights. Normal intervals and differences take the contributions.
   */
  weights?(weighed: Weighed): Float64Array;
}

/** Contributions of Σ numerator / Σ denominator; NaN throughout where the denominator is 0. */
export function ratioContributions(numerator: Float64Array, denominator: Float64Array): Float64Array {
  let [top, bottom] = [0, 0];
  for (let n = 0; n < numerator.length; n++) {
    top += numerator[n];
    bottom += denominator[n];
  }
  const ratio = top / bottom;
  const mean = bottom / denominator.length;
  return numerator.map((value, n) => ratio + (value - ratio * denominator[n]) / mean);
}
