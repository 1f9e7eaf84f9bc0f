/**
 * The average attack (Lam & Riedl: Shilling recommender systems for fun and profit. WWW 2004): as the random attack, but fillers are rated
 * N(μ_i, σ_i) like each item's own ratings, so that fake people agree with everybody. Without ratings it would be the random one.
 */
import { attackKind } from './attack.ts';
import { filledProfiles, fillerOptions } from './filled-profiles.ts';
import { drawnRating } from './fillers.ts';

export const averageAttack = attackKind({
  name: 'average',
  title: 'Average',
  paper: 'Lam & Riedl, WWW 2004',
  knowledge: 'grey',
  goals: ['promote', 'demote'],
  needsRatings: true,
  options: fillerOptions,
  craft: (order, options) =>
    filledProfiles(order, options, { rate: (item, ratings, random) => drawnRating(ratings, item, random) }),
});
