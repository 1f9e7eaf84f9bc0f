/**
 * The random attack (Lam & Riedl: Shilling recommender systems for fun and profit. WWW 2004): targets, rated highest to promote and lowest
 * to demote, among fillers whose ratings are drawn from N(μ, σ) of all ratings.
 */
import { attackKind } from './attack.ts';
import { filledProfiles, fillerOptions } from './filled-profiles.ts';
import { drawnRating } from './fillers.ts';

export const randomAttack = attackKind({
  name: 'random',
  title: 'Random',
  paper: 'Lam & Riedl, WWW 2004',
  knowledge: 'none',
  goals: ['promote', 'demote'],
  needsRatings: false,
  options: fillerOptions,
  craft: (order, options) =>
    filledProfiles(order, options, { rate: (_, ratings, random) => drawnRating(ratings, null, random) }),
});
