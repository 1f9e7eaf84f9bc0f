/**
 * The segment attack (Mobasher, Burke, Bhaumik, Williams: Toward trustworthy recommender systems. ACM TOIT 7(4), 2007): aims at the people
 * who like items of the targets' kind. The segment, rated highest, are the items that the targets' own audience takes most,
 *   s(j) = Σ_t n_tj / √(n_t n_j),   n_tj = people who took both,
 * all other fillers are rated lowest. Where nobody took a target, popular items are the segment.
 */
import { z } from 'zod';
import { type SparseRows, transposeRows } from '../../data/sparse-rows.ts';
import { byPopularity, itemsOfPeople, popularityOf } from '../real-people.ts';
import { attackKind } from './attack.ts';
import { filledProfiles, fillerOptions } from './filled-profiles.ts';

const options = fillerOptions.extend({
  segment: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .meta({ doc: "share of the rows beside the targets that go to items of the targets' own audience" }),
});

export const segmentAttack = attackKind({
  name: 'segment',
  title: 'Segment',
  paper: 'Mobasher et al., ACM TOIT 2007',
  knowledge: 'grey',
  goals: ['promote'],
  needsRatings: false,
  options,
  craft: (order, { segment, ...filled }) =>
    filledProfiles(order, filled, {
      selected: {
        items: segmentOf(itemsOfPeople(order.data), order.targets, order.data.items.size),
        share: segment,
        rating: ({ high }) => high,
      },
      rate: (_, ratings) => ratings?.low ?? 1,
    }),
});

/** All items, the likest to the targets first; items that share nobody with them by popularity. */
export function segmentOf(taken: SparseRows, targets: Int32Array, nItems: number): Int32Array {
  const takers = transposeRows(taken, nItems);
  const popularity = popularityOf(taken, nItems);
  const likeness = new Float64Array(nItems);
  for (const target of targets) {
    const together = new Int32Array(nItems);
    for (let k = takers.rowStart[target]; k < takers.rowStart[target + 1]; k++) {
      const user = takers.columns[k];
      for (let e = taken.rowStart[user]; e < taken.rowStart[user + 1]; e++) together[taken.columns[e]]++;
    }
    for (let j = 0; j < nItems; j++)
      if (together[j] > 0) likeness[j] += together[j] / Math.sqrt(popularity[target] * popularity[j]);
  }
  // stable: of equal likeness the more popular one
  return byPopularity(popularity).sort((a, b) => likeness[b] - likeness[a]);
}
