/** Situations and items as rows of numbers for a network: what is known of the person, then of the item. */
import type { Place } from '../worlds/world.ts';
import type { Situations } from './learner.ts';

/** Numbers of an item: what is known of it, or a 1 in the place of its number. */
export const itemWidth = ({ itemFeatures, actions }: Place): number => itemFeatures || actions;

/** Writes the numbers of a person's item. */
export function writeItem(
  place: Place,
  { items }: Situations,
  person: number,
  item: number,
  out: Float32Array,
  at: number,
): void {
  const { itemFeatures, actions } = place;
  if (itemFeatures === 0) {
    out.fill(0, at, at + actions);
    out[at + item] = 1;
    return;
  }
  const from = (person * actions + item) * itemFeatures;
  for (let k = 0; k < itemFeatures; k++) out[at + k] = items[from + k];
}

/** Writes the numbers of a person. */
export function writeContext(
  { features }: Place,
  { contexts }: Situations,
  person: number,
  out: Float32Array,
  at: number,
): void {
  for (let f = 0; f < features; f++) out[at + f] = contexts[person * features + f];
}
