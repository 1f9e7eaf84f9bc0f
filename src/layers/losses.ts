/**
 * Losses of scores, row by row: [B, 1] each. What a taken item is compared with, and how.
 *
 *   log              −y ln σ(s) − (1 − y) ln(1 − σ(s))
 *   gBCE             −y β ln σ(s) − (1 − y) ln(1 − σ(s))
 *   BPR              −ln σ(s_i − s_j)
 *   hinge            max(0, m − (s_i − s_j))
 *   sampled softmax  −ln( e^{s_i − ln q_i} / (e^{s_i − ln q_i} + Σ_j e^{s_j − ln q_j}) )
 *   softmax          −ln( e^{s_i} / Σ_j e^{s_j} ) over all items j
 *   in-batch softmax −ln( e^{s_i − ln q_i} / Σ_j e^{s_j − ln q_j} ) over the taken items j of all rows of the step
 *   squared          e²,  e = ŷ − r
 *   Huber            e² where |e| ≤ δ, else 2 δ |e| − δ²
 *
 * Log loss: He et al., WWW 2017. gBCE: Petrov & Macdonald, gSASRec: Reducing Overconfidence in Sequential Recommendation Trained
 * with Negative Sampling, RecSys 2023. BPR: Rendle et al., UAI 2009. Hinge: Weston, Bengio, Usunier, IJCAI 2011 (without the weight
 * by rank). Sampled softmax with the correction by ln q: Bengio & Senécal, IEEE TNN 2008. In-batch softmax: Yi et al., RecSys 2019. Huber: Annals of Mathematical Statistics 35, 1964.
 */
import { DeepTasteError } from '../core/errors.ts';
import type { Tensor } from '../engine/expression.ts';
import {
  add,
  affine,
  bceWithLogits,
  concat,
  fullSoftmaxCrossEntropy,
  inBatchCrossEntropy,
  multiply,
  negate,
  negativeLogSigmoid,
  relu,
  softplus,
  square,
  subtract,
} from '../engine/ops/index.ts';

/** @param label input in [0, 1], takes no gradient */
export const logLoss = (score: Tensor, label: Tensor): Tensor => bceWithLogits(score, label);

/**
 * Log loss in which a taken item counts with the exponent β of its probability, so that probabilities are not too high where only
 * some negatives are seen: with y = 1 β softplus(−s), with y = 0 softplus(s).
 * @param label input, 0 or 1, takes no gradient
 */
export function gbceLoss(score: Tensor, label: Tensor, beta: number): Tensor {
  // softplus(−s) = softplus(s) − s
  return subtract(multiply(softplus(score), affine(label, beta - 1, 1)), multiply(score, affine(label, beta)));
}

/**
 * β of gBCE: α (t (1 − 1/α) + 1/α) with the sampling rate α = negatives / (nItems − 1).
 * @param calibration t in [0, 1]: 0 = plain log loss, 1 = scores that are calibrated as if all items were negatives
 */
export function gbceExponent(
  calibration: number,
  { negatives, nItems }: { readonly negatives: number; readonly nItems: number },
): number {
  if (!(calibration >= 0 && calibration <= 1))
    throw new DeepTasteError('config', `gBCE: the calibration t must lie in [0, 1], got ${calibration}`);
  const rate = Math.min(1, negatives / Math.max(1, nItems - 1));
  return rate * (calibration * (1 - 1 / rate) + 1 / rate);
}

/** Squared error that grows only linearly beyond δ: of outliers and of lies nothing is learned but their direction. */
export function huberLoss(error: Tensor, delta: number): Tensor {
  const size = add(relu(error), relu(affine(error, -1)));
  const beyond = relu(affine(size, 1, -delta));
  return add(square(subtract(size, beyond)), affine(beyond, 2 * delta));
}

export const bprLoss = (taken: Tensor, other: Tensor): Tensor => negativeLogSigmoid(subtract(taken, other));

/** 0 where the taken item is ahead by the margin. */
export const hingeLoss = (taken: Tensor, other: Tensor, margin: number): Tensor =>
  relu(affine(subtract(taken, other), -1, margin));

/** ln(eᵃ + eᵇ) without overflow. */
const logSumOfTwo = (a: Tensor, b: Tensor): Tensor => add(a, softplus(subtract(b, a)));

/** ln Σ e^{x_k}, pair by pair, so that no intermediate value depends on how many there are. */
export function logSumExp(values: readonly Tensor[]): Tensor {
  if (values.length === 1) return values[0];
  const half = Math.ceil(values.length / 2);
  return logSumOfTwo(logSumExp(values.slice(0, half)), logSumExp(values.slice(half)));
}

/**
 * Cross-entropy of the taken item among itself and others that were drawn for the row.
 * @param others scores, one [B, 1] a negative; at least one
 * @param logProbabilities ln q of the taken item and of each of the others, constants of the step; absent where all items are drawn
 *   alike. What all of them have in common cancels.
 */
export function sampledSoftmaxLoss(
  taken: Tensor,
  others: readonly Tensor[],
  logProbabilities?: { readonly taken: Tensor; readonly others: readonly Tensor[] },
): Tensor {
  if (others.length === 0 || (logProbabilities && logProbabilities.others.length !== others.length))
    throw new DeepTasteError(
      'shape',
      'sampled softmax: needs negatives, and as many probabilities where they are given',
    );
  const target = logProbabilities ? subtract(taken, logProbabilities.taken) : taken;
  const negatives = others.map((score, k) => (logProbabilities ? subtract(score, logProbabilities.others[k]) : score));
  // −ln softmax = ln(1 + e^{ln Σ e^{s_j} − s_i})
  return softplus(subtract(logSumExp(negatives), target));
}

/**
 * Cross-entropy of the taken item among all items, whose scores are x · w_j, but for what is alike for all of them.
 * @param whole x [B, d] and all w_j, shared [nItems, d]
 * @param taken index
 * @param capacity rows of a step at most
 */
export const fullSoftmaxLoss = (
  whole: { readonly user: Tensor; readonly items: Tensor },
  taken: Tensor,
  capacity: number,
): Tensor => fullSoftmaxCrossEntropy(whole.user, whole.items, taken, capacity);

/**
 * Cross-entropy of the taken item among those of all rows of the step; an item that several rows took stands there as often.
 * @param vectors of user and taken item, [B, d] each
 * @param logProbability ln q of the taken item [B, 1], a constant of the step; absent = as if all items were as likely
 * @param capacity rows of a step at most
 */
export function inBatchSoftmaxLoss(
  { user, item }: { readonly user: Tensor; readonly item: Tensor },
  logProbability: Tensor | undefined,
  capacity: number,
): Tensor {
  if (!logProbability) return inBatchCrossEntropy(user, item, capacity);
  // (x, 1) · (v, −ln q)
  const one = affine(logProbability, 0, 1);
  return inBatchCrossEntropy(concat(user, one), concat(item, negate(logProbability)), capacity);
}
