/** Estimators that look at rewards alone. */
import { type Estimator, ratioContributions } from './estimator.ts';

/**
 * The rewards of the decisions that the policy would have made, Σ π r / Σ π (Li et al. 2011, in expectation over a policy that
 * draws). Right where the log chose uniformly at random; elsewhere it favours what the log favoured.
 */
export const replay: Estimator = {
  name: 'replay',
  title: 'Replay',
  isModelled: false,
  parameter: null,
  contributions: ({ probability, reward }) =>
    ratioContributions(
      probability.map((p, n) => p * reward[n]),
      probability,
    ),
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
  contributions: ({ weight, reward }) =>
    ratioContributions(
      weight.map((w, n) => w * reward[n]),
      weight,
    ),
};
