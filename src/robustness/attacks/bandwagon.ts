/**
 * The bandwagon attack (Mobasher, Burke, Bhaumik, Williams: Toward trustworthy recommender systems. ACM TOIT 7(4), 2007): targets go with
 * the most popular items, rated highest, so that they stand near everybody; fillers are rated N(μ, σ) of all ratings, or like each item's own.
 */
import { z } from 'zod';
import { byPopularity, itemsOfPeople, popularityOf } from '../real-people.ts';
import { attackKind } from './attack.ts';
import { filledProfiles, fillerOptions } from './filled-profiles.ts';
import { drawnRating } from './fillers.ts';

const options = fillerOptions.extend({
  popular: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .meta({ doc: 'share of the rows beside the targets that go to the most popular items' }),
  ratings: z
    .enum(['random', 'average'])
    .default('random')
    .meta({ doc: 'how fillers are rated: like all ratings, or like those of the item' }),
});

export const bandwagonAttack = attackKind({
  name: 'bandwagon',
  title: 'Bandwagon',
  paper: 'Mobasher et al., ACM TOIT 2007',
  knowledge: 'none',
  goals: ['promote', 'demote'],
  needsRatings: false,
  options,
  craft: (order, { popular, ratings: how, ...filled }) =>
    filledProfiles(order, filled, {
      selected: {
        items: byPopularity(popularityOf(itemsOfPeople(order.data), order.data.items.size)),
        share: popular,
        rating: ({ high }) => high,
      },
      rate: (item, ratings, random) => drawnRating(ratings, how === 'average' ? item : null, random),
    }),
});
