/**
 * From rewards of what a generator drew to the slopes of its loss (Williams 1992: REINFORCE). With K draws a_k of one person, rewards
 * r_k and importance ratios ρ_k = π(a_k) / p(a_k) where they were drawn from p instead of π:
 *
 *   ∇ −E_π[r] ≈ −1/K Σ_k w_k ∇ ln π(a_k),     w_k = ρ_k (r_k − b_k)
 *
 * b_k is a baseline that does not depend on a_k: it changes the variance, not the expectation. As π = softmax(g),
 *
 *   −1/K Σ_k w_k ∇ ln π(a_k) = Σ_k s_k ∇g(a_k) + W ∇ ln Σ_j exp g(j),     s_k = −w_k / K,  W = 1/K Σ_k w_k
 */
import { z } from 'zod';

/** What a discriminator's logit f is worth to the generator. */
export const rewardOption = z.enum(['log', 'sigmoid', 'score']).meta({
  doc: 'reward of an item with the discriminator’s logit f; log: ln(1 + e^f), sigmoid: 2 (σ(f) − ½), score: f',
});

export const baselineOption = z.enum(['none', 'mean', 'moving']).meta({
  doc: 'what is subtracted from a reward; mean: the mean reward of the person’s other draws, moving: a running mean of all rewards',
});

export type RewardName = z.output<typeof rewardOption>;
export type BaselineName = z.output<typeof baselineOption>;

const rewardOf: Record<RewardName, (f: number) => number> = {
  log: (f) => Math.max(0, f) + Math.log1p(Math.exp(-Math.abs(f))),
  // 2 (σ(f) − ½)
  sigmoid: (f) => Math.tanh(f / 2),
  score: (f) => f,
};

/** The reward of each logit. */
export function rewardsOf(name: RewardName, logits: ArrayLike<number>): Float64Array {
  return Float64Array.from(logits, rewardOf[name]);
}

/** What was drawn for one person. */
export interface Drawn {
  /** r */
  readonly rewards: Float64Array;
  /** ln π of each draw. */
  readonly logProbability: ArrayLike<number>;
  /** ρ; absent = 1 each. */
  readonly ratio?: ArrayLike<number>;
}

export interface WeightOptions {
  readonly baseline: BaselineName;
  /** Of the running mean of rewards. */
  readonly moving: number;
  /** Weight of the policy's entropy beside the reward: −ln π of a draw, times this, is added to its reward. */
  readonly entropyWeight: number;
}

/**
 * w of each draw.
 *
 * The mean is that of the other draws of the person, weighted by their ratios, so that it does not depend on the draw itself. Without
 * ratios Σ_k w_k is then 0: the part of all other items cancels.
 */
export function weightsOfDraws({ rewards, logProbability, ratio }: Drawn, options: WeightOptions): Float64Array {
  const { baseline, moving, entropyWeight } = options;
  const n = rewards.length;
  const rho = (k: number): number => ratio?.[k] ?? 1;
  const total = rewards.map((r, k) => r - entropyWeight * logProbability[k]);
  const sum = total.reduce((all, r, k) => all + rho(k) * r, 0);
  const others = (k: number): number => (n > 1 ? (sum - rho(k) * total[k]) / (n - 1) : 0);
  const base = { none: () => 0, mean: others, moving: () => moving }[baseline];
  return total.map((r, k) => rho(k) * (r - base(k)));
}

/** Slopes where a person's draws come from a few candidates: Σ_k w_k / K (p_c − [a_k = c]), p the softmax of the candidates. */
export function slopesOfCandidates(
  probabilities: ArrayLike<number>,
  draws: ArrayLike<number>,
  weights: Float64Array,
  slopes: Float32Array,
): void {
  const mean = weights.reduce((sum, w) => sum + w, 0) / weights.length;
  for (let c = 0; c < slopes.length; c++) slopes[c] = mean * probabilities[c];
  for (let k = 0; k < weights.length; k++) slopes[draws[k]] -= weights[k] / weights.length;
}
