/** The closed list of estimators of single decisions, in the order of tables. */
import type { Estimator } from './estimator.ts';
import { direct, doublyRobust, selfNormalisedDr, shrunkDr, switchDr } from './modelled.ts';
import { clippedIps, ips, replay, snips } from './weighting.ts';

export const estimators: readonly Estimator[] = [
  replay,
  ips,
  clippedIps,
  snips,
  direct,
  doublyRobust,
  selfNormalisedDr,
  switchDr,
  shrunkDr,
];
