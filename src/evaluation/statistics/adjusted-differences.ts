/** Differences that are judged together: Holm's adjustment, and which are significant. */
import type { PairedBootstrap } from './bootstrap.ts';
import { holm } from './holm.ts';

/** What sets a run apart from the baseline; user by user. */
export interface AdjustedDifference {
  /** Mean of (run − baseline), its bootstrap interval at 1 − alpha, and the users in it. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly nPairs: number;
  readonly pValue: number;
  /** Holm's adjustment for all that is compared together. */
  readonly adjustedP: number;
  /** adjustedP < alpha */
  readonly significant: boolean;
}

export function adjusted(differences: readonly PairedBootstrap[], alpha: number): AdjustedDifference[] {
  const adjustedPs = holm(differences.map(({ pValue }) => pValue));
  return differences.map(({ mean, low, high, nPairs, pValue }, n) => {
    const adjustedP = adjustedPs[n];
    return { mean, low, high, nPairs, pValue, adjustedP, significant: adjustedP < alpha };
  });
}
