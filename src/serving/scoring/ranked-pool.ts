/** Lists of items that further steps choose from: boosted, merged, made diverse, explored. */
import { AllowedItems } from './allowed-items.ts';
import type { Provider, Route } from './question.ts';

export interface PooledItem {
  /** Index of the catalogue. */
  readonly item: number;
  /** As its provider gives it. */
  readonly score: number;
  /** By which the pool is ranked: the score with boosts, or the place in a merged list. */
  readonly value: number;
  readonly route: Route;
  /** Items of the person that speak for it, best first. */
  because(): readonly number[];
}

/** The best items of one provider among those that are allowed, best first. */
export type Source = (k: number, allowed: AllowedItems) => readonly PooledItem[];

/** How many of the best scores say how far scores lie apart. */
const SPREAD_OF = 100;

/**
 * The best k of a source with boosts: exactly those that have the highest boosted scores of all items. Items that the same boosts
 * concern keep their order among each other, hence the best k of each such group are enough.
 * @param boosts which items each concerns, and what it adds in standard deviations of the 100 best scores
 */
export function boosted(
  source: Source,
  k: number,
  allowed: AllowedItems,
  boosts: readonly { readonly rows: Uint8Array; readonly by: number }[],
): readonly PooledItem[] {
  if (boosts.length === 0) return source(k, allowed);
  const { mask } = allowed;
  const unit = deviation(source(SPREAD_OF, allowed).map(({ score }) => score));
  const found: PooledItem[] = [];
  for (let group = 0; group < 2 ** boosts.length; group++) {
    const isIn = (item: number): boolean =>
      boosts.every(({ rows }, n) => (rows[item] === 1) === ((group >> n) % 2 === 1));
    const own = mask.map((flag, item) => (flag === 1 && isIn(item) ? 1 : 0));
    if (!own.includes(1)) continue;
    const added = boosts.reduce((sum, { by }, n) => sum + ((group >> n) % 2 === 1 ? by * unit : 0), 0);
    for (const each of source(k, new AllowedItems(own.length, own))) found.push({ ...each, value: each.score + added });
  }
  return found.sort((a, b) => b.value - a.value || a.item - b.item).slice(0, k);
}

/** Standard deviation; 1 for scores that are all the same. */
function deviation(scores: readonly number[]): number {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length;
  return variance > 0 ? Math.sqrt(variance) : 1;
}

/**
 * Several lists as one: place after place goes to the list that is furthest behind its share, an item once. Of one list it is that list.
 * @param lists best first, with the weight of their shares
 */
export function merged(
  lists: readonly { readonly from: Provider; readonly weight: number; readonly items: readonly PooledItem[] }[],
  k: number,
): readonly PooledItem[] {
  const filled = lists.filter(({ items }) => items.length > 0);
  if (filled.length < 2) return filled[0]?.items.slice(0, k) ?? [];
  const taken = new Set<number>();
  const states = filled.map(({ weight, items }) => ({ weight, items, next: 0, given: 0 }));
  const result: PooledItem[] = [];
  while (result.length < k) {
    for (const state of states) while (taken.has(state.items[state.next]?.item)) state.next++;
    const open = states.filter(({ next, items }) => next < items.length);
    if (open.length === 0) break;
    const behind = open.reduce((a, b) => ((b.given + 1) / b.weight < (a.given + 1) / a.weight ? b : a));
    const item = behind.items[behind.next++];
    behind.given++;
    taken.add(item.item);
    result.push({ ...item, value: -result.length });
  }
  return result;
}
