/**
 * The love/hate attack (Mobasher, Burke, Bhaumik, Williams: Toward trustworthy recommender systems. ACM TOIT 7(4), 2007), which demotes:
 * targets are rated lowest and all fillers highest. It lives on ratings.
 */
import { attackKind } from './attack.ts';
import { filledProfiles, fillerOptions } from './filled-profiles.ts';

export const loveHateAttack = attackKind({
  name: 'love-hate',
  title: 'Love/hate',
  paper: 'Mobasher et al., ACM TOIT 2007',
  knowledge: 'none',
  goals: ['demote'],
  needsRatings: true,
  options: fillerOptions,
  craft: (order, options) => filledProfiles(order, options, { rate: (_, ratings) => ratings?.high ?? 1 }),
});
