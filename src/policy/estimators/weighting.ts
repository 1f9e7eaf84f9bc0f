/** Estimators that look at rewards alone. */
import { type Estimator, ratioContributions, type Weighed } from './estimator.ts';

/** Σ v r / Σ v */
function weightedMean(weights: (weighed: Weighed) => Float64Array): Pick<Estimator, 'contributions' | 'weights'> {
  return {
    contributions(weighed) {
      const own = weights(weighed);
      return ratioContributions(
        own.map((v, n) => v * weighed.reward[n]),
        own,
      );
    },
    weights,
  };
}

/**
 * The rewards of the decisions that the policy would have made, Σ π r / Σ π (Li et al. 2011, in expectation over a policy that
 * draws). Right where the log chose uniformly at random; elsewhere it favours what the log favoured.
 */
export const replay: Estimator = {
  name: 'replay',
  title: 'Replay',
  isModelled: false,
  parameter: null,
  ...weightedMean(({ probability }) => probability),
};

/** w r, unbiased (Horvitz & Thompson 1952). */
export const ips: Estimator = {
  name: 'ips',
  title: 'IPS',
  isModelled: false,
  parameter: null,
  contributions: ({ weight, reward }) => weight.map((w, n) => w * reward[n]),
};

/** min(w, λ) r (Strehl et al. 2010): steadier, and too low for positive rewards. */
export const clippedIps: Estimator = {
  name: 'clipped-ips',
  title: 'clipped IPS',
  isModelled: false,
  parameter: 'weights above λ count as λ',
  contributions: ({ weight, reward }, lambda) => weight.map((w, n) => Math.min(w, lambda) * reward[n]),
};

/** Σ w r / Σ w (Swaminathan & Joachims 2015): within the span of the rewards, consistent. */
export const snips: Estimator = {
  name: 'snips',
  title: 'SNIPS',
  isModelled: false,
  parameter: null,
  ...weightedMean(({ weight }) => weight),
};
