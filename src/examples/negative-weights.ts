/** How likely each item is to be drawn as a negative, where that does not depend on user and weights. */
import type { EdgeSampler } from '../engine/runtime/sampler.ts';
import { popularityWeights } from '../engine/runtime/sampler.ts';
import type { PairSettings } from './pair-settings.ts';

type Positives = Pick<EdgeSampler, 'items' | 'nItems'>;

/** Weights ∝ which the alias method draws, [nItems]; null = uniformly, or not by weights. */
export function drawWeights(training: PairSettings, positives: Positives): Float64Array | null {
  if (training.negativeSampler === 'popularity') return popularityWeights(positives, training.popularityExponent);
  return training.negativeSampler === 'aobpr-static' ? rankWeights(positives, training.rankScale) : null;
}

/** e^(−rank / scale), the item of most interactions having rank 0 (Rendle & Freudenthaler, WSDM 2014, the static sampler). */
function rankWeights({ items, nItems }: Positives, scale: number): Float64Array {
  const counts = new Float64Array(nItems);
  for (const item of items) counts[item]++;
  const byPopularity = Int32Array.from({ length: nItems }, (_, item) => item).sort(
    (a, b) => counts[b] - counts[a] || a - b,
  );
  const weights = new Float64Array(nItems);
  byPopularity.forEach((item, rank) => {
    weights[item] = Math.exp(-rank / scale);
  });
  return weights;
}

/** Whether the loss corrects for how likely draws are, and they are not all as likely. */
export function needsProbabilities(training: PairSettings): boolean {
  const { loss, negativeSampler, popularityExponent, popularityCorrection } = training;
  if (loss === 'in-batch-softmax') return popularityCorrection;
  if (loss !== 'sampled-softmax' || negativeSampler === 'uniform') return false;
  return negativeSampler !== 'popularity' || popularityExponent !== 0;
}

/** ln of the probability of each item in a draw, [nItems]; 0 for those that are neither drawn nor taken. */
export function logProbabilities(training: PairSettings, positives: Positives): Float32Array {
  // other rows of a step bring items as often as they were taken
  const weights = drawWeights(training, positives) ?? (popularityWeights(positives, 1) as Float64Array);
  const total = weights.reduce((sum, w) => sum + w, 0);
  return Float32Array.from(weights, (w) => (w === 0 ? 0 : Math.log(w / total)));
}
