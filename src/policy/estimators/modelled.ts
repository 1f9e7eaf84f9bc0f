/** Estimators that look at predicted rewards q̂, too. q̂(x, π) = Σ_a π(a | x) q̂(x, a). */
import { assert } from '../../core/errors.ts';
import { type Estimator, ratioContributions, type Weighed } from './estimator.ts';

function modelledOf({ modelled }: Weighed): NonNullable<Weighed['modelled']> {
  assert(modelled, 'an estimator with predicted rewards was asked without them');
  return modelled;
}

/** q̂(x, π) alone: as wrong as the model is, which its interval does not know. */
export const direct: Estimator = {
  name: 'dm',
  title: 'DM',
  isModelled: true,
  parameter: null,
  contributions: (weighed) => modelledOf(weighed).ofPolicy.slice(),
};

/** An estimator that corrects q̂(x, π) by weighted residuals. */
function corrected(
  name: string,
  title: string,
  parameter: string | null,
  weightOf: (weight: number, lambda: number) => number,
): Estimator {
  return {
    name,
    title,
    isModelled: true,
    parameter,
    contributions(weighed, lambda) {
      const { ofLogged, ofPolicy } = modelledOf(weighed);
      const { weight, reward } = weighed;
      return ofPolicy.map((q, n) => q + weightOf(weight[n], lambda) * (reward[n] - ofLogged[n]));
    },
  };
}

/** q̂(x, π) + w (r − q̂(x, a)), unbiased (Dudík, Langford, Li 2011). */
export const doublyRobust = corrected('dr', 'DR', null, (w) => w);

/** Residuals only where w ≤ λ (Wang, Agarwal, Dudík 2017): λ = 0 is DM, ∞ is DR. */
export const switchDr = corrected(
  'switch-dr',
  'Switch-DR',
  'residuals count where the weight is at most λ',
  (w, lambda) => (w <= lambda ? w : 0),
);

/** Weights shrunk to λw / (w² + λ) (Su, Dimakopoulou, Krishnamurthy, Dudík 2020): λ = 0 is DM, ∞ is DR. */
export const shrunkDr = corrected('dros', 'DRos', 'weights are shrunk to λw / (w² + λ)', (w, lambda) =>
  lambda === Number.POSITIVE_INFINITY ? w : (lambda * w) / (w * w + lambda || 1),
);

/** q̂(x, π) + Σ w (r − q̂(x, a)) / Σ w. */
export const selfNormalisedDr: Estimator = {
  name: 'sndr',
  title: 'SNDR',
  isModelled: true,
  parameter: null,
  contributions(weighed) {
    const { ofLogged, ofPolicy } = modelledOf(weighed);
    const { weight, reward } = weighed;
    const residuals = ratioContributions(
      weight.map((w, n) => w * (reward[n] - ofLogged[n])),
      weight,
    );
    return ofPolicy.map((q, n) => q + residuals[n]);
  },
};
