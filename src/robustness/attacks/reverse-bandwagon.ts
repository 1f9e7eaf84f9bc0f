/**
 * The reverse bandwagon attack (Mobasher, Burke, Bhaumik, Williams: Toward trustworthy recommender systems. ACM TOIT 7(4), 2007), which
 * demotes: targets go with items that hardly anybody takes, all rated lowest. Without ratings the targets are taken beside those items, which
 * moves them away from what real people take where likeness is divided by how often an item is taken.
 */
import { z } from 'zod';
import { byPopularity, itemsOfPeople, popularityOf } from '../real-people.ts';
import { attackKind } from './attack.ts';
import { filledProfiles, fillerOptions } from './filled-profiles.ts';
import { drawnRating } from './fillers.ts';

const options = fillerOptions.extend({
  unpopular: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .meta({ doc: 'share of the rows beside the targets that go to the least popular items which somebody took' }),
});

export const reverseBandwagonAttack = attackKind({
  name: 'reverse-bandwagon',
  title: 'Reverse bandwagon',
  paper: 'Mobasher et al., ACM TOIT 2007',
  knowledge: 'none',
  goals: ['demote'],
  needsRatings: false,
  options,
  craft: (order, { unpopular, ...filled }) => {
    const popularity = popularityOf(itemsOfPeople(order.data), order.data.items.size);
    return filledProfiles(order, filled, {
      takesDemoted: true,
      selected: {
        items: byPopularity(popularity)
          .filter((item) => popularity[item] > 0)
          .reverse(),
        share: unpopular,
        rating: ({ low }) => low,
      },
      rate: (_, ratings, random) => drawnRating(ratings, null, random),
    });
  },
});
