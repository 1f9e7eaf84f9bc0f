/** How popular the items of a profile are. Fillers drawn at random are rarer than what people take. */
import { meanOverEntries } from '../profiles.ts';
import type { ProfileFeature } from './feature.ts';

export const itemPopularity: ProfileFeature = {
  name: 'popularity',
  title: 'mean item popularity',
  doc: 'mean of n_i over the items',
  source: 'trivial',
  suspicious: 'low',
  of: (profiles) => meanOverEntries(profiles, (item) => profiles.itemCount[item]),
};
