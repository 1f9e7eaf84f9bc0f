/**
 * Where a model knows nothing of an item for a person (no neighbour in common, nothing that ever followed), its score says nothing
 * either: such places of a list go to the most popular of these items, and the answer says so. One rule for every kind of model.
 */
import type { TopItems } from './top-items.ts';

export interface FilledItems extends TopItems {
  /** 1 for places that went by popularity [items.length]. */
  readonly byPopularity: Uint8Array;
}

/**
 * The list with its places of unknown items filled by popularity, of equally popular ones by the smaller index.
 * @param knows 1 for items of which the model knows something for this person [nItems]; null = of all
 * @param popularity of the items in training [nItems]
 * @param isAllowed whether an item may be in the list at all
 */
export function fillByPopularity(
  top: TopItems,
  knows: Uint8Array | null,
  popularity: ArrayLike<number>,
  isAllowed: (item: number) => boolean,
): FilledItems {
  const byPopularity = new Uint8Array(top.items.length);
  if (knows === null) return { ...top, byPopularity };
  const places = [...top.items.keys()].filter((place) => knows[top.items[place]] === 0);
  if (places.length === 0) return { ...top, byPopularity };
  const items = top.items.slice();
  let next = 0;
  for (const item of orderOf(popularity)) {
    if (knows[item] !== 0 || !isAllowed(item)) continue;
    byPopularity[places[next]] = 1;
    items[places[next]] = item;
    next++;
    if (next === places.length) break;
  }
  return { items, scores: top.scores, byPopularity };
}

const orders = new WeakMap<object, Int32Array>();

/** The items by falling popularity, of equally popular ones the smaller index first; made once for a recommender. */
function orderOf(popularity: ArrayLike<number>): Int32Array {
  const known = orders.get(popularity);
  if (known) return known;
  const order = Int32Array.from({ length: popularity.length }, (_, item) => item);
  order.sort((a, b) => popularity[b] - popularity[a] || a - b);
  orders.set(popularity, order);
  return order;
}

/** One line, null where the model made the whole list. @param title of the model */
export function popularityNote(title: string, byPopularity: Uint8Array): string | null {
  const first = byPopularity.indexOf(1);
  if (first < 0) return null;
  if (byPopularity.every((flag) => flag === 1))
    return `${title} knows nothing for this person: these are the most popular items`;
  const last = byPopularity.lastIndexOf(1);
  const places = last === byPopularity.length - 1 ? `from place ${first + 1} on` : `places ${first + 1} to ${last + 1}`;
  return `${places} by popularity: ${title} knows nothing of these items for this person`;
}
