/** What each decision of a log contributes to the estimates of a policy, estimator by estimator. */
import type { UserColumn } from '../evaluation/statistics/resampling.ts';
import type { Weighed } from './estimators/estimator.ts';
import { estimators } from './estimators/index.ts';
import { listEstimators } from './estimators/list-estimators.ts';
import { chooseBySlope } from './estimators/slope.ts';
import type { Decisions } from './log/decisions.ts';
import type { ModelledRewards } from './rewards/cross-fit.ts';
import { listRows, rowWeights } from './support/weights.ts';
import type { TargetPolicy } from './targets/target-policy.ts';

export interface Contributions {
  readonly estimator: string;
  readonly title: string;
  /** λ that SLOPE chose; null where the estimator has none, or no bound was needed. */
  readonly lambda: number | null;
  /** Their mean is the estimate [decisions]. */
  readonly values: Float64Array;
  /** What a bootstrap draws from: these values, or the rewards and the weights that they are averaged by. */
  readonly resampled: UserColumn;
}

/** @param p place of the policy among those that the rewards were predicted for */
export function contributionsOf(
  decisions: Decisions,
  policy: TargetPolicy,
  modelled: ModelledRewards | null,
  p: number,
): Contributions[] {
  const ofPolicy = modelled?.ofPolicy[p];
  const weighed: Weighed = {
    weight: rowWeights(decisions, policy),
    probability: policy.ofLogged,
    reward: decisions.reward,
    modelled: modelled && ofPolicy ? { ofLogged: modelled.ofLogged, ofPolicy } : null,
  };
  if (decisions.list) {
    const lists = listRows(decisions);
    return listEstimators
      .filter(({ isModelled }) => !isModelled || weighed.modelled)
      .map(({ name, title, ...estimator }) => {
        const values = estimator.contributions(lists, weighed, decisions.positions.length);
        return { estimator: name, title, lambda: null, values, resampled: { values, weights: null } };
      });
  }
  return estimators
    .filter(({ isModelled }) => !isModelled || weighed.modelled)
    .map((estimator) => {
      const { contributions: values, lambda } = chooseBySlope(estimator, weighed);
      const weights = estimator.weights?.(weighed) ?? null;
      return {
        estimator: estimator.name,
        title: estimator.title,
        lambda: Number.isFinite(lambda) ? lambda : null,
        values,
        resampled: weights ? { values: weighed.reward, weights } : { values, weights },
      };
    });
}
