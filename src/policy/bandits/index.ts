/** The closed list of bandits, in the order of tables. */
import type { BanditKind } from './bandit.ts';
import { epsilonGreedy, thompsonBeta, thompsonGaussian, ucb1, uniform } from './counting.ts';
import { hybridLinUcb } from './hybrid-linucb.ts';
import { linTs, linUcb } from './linear.ts';
import { logisticTs } from './logistic-ts.ts';

export const bandits: readonly BanditKind[] = [
  uniform,
  epsilonGreedy,
  ucb1,
  thompsonBeta,
  thompsonGaussian,
  linUcb,
  hybridLinUcb,
  linTs,
  logisticTs,
];
