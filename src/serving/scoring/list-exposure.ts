/** Whom a model shows what: its own lists for users of the training, and how these are spread over popular and other items. */
import { coverage, gini } from '../../evaluation/metrics/exposure.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import { knownSomebody } from './known-person.ts';
import { type Exposure, NOBODY } from './question.ts';
import type { ServedModel } from './served-model.ts';

const TENTHS = 10;
const MOST_POINTS = 500;

/** Ids from all over the list of users, always the same ones. */
export function someUsers({ parts: { users } }: Recommender, count: number): string[] {
  const n = Math.min(count, users.size);
  return Array.from({ length: n }, (_, place) => users.idOf(Math.floor((place * users.size) / n)));
}

/** Items by the model alone, best first, of users as training knew them; empty for whom it knows nothing of. */
export function ownLists({ recommender, catalogue }: ServedModel, users: readonly string[], k: number): string[][] {
  const { asks } = recommender;
  const among = new Uint8Array(catalogue.nKnown);
  for (let item = 0; item < among.length; item++)
    among[item] = asks.isServed(item) && catalogue.isAvailable(item) ? 1 : 0;
  return users.map((id) => {
    const { request } = knownSomebody(recommender, catalogue, { ...NOBODY, ids: [id], isGiven: false });
    if (request === null) return [];
    return Array.from(recommender.candidates(request, { k, among }).items, (item) => catalogue.idOf(item));
  });
}

export function exposureOf({ recommender, catalogue }: ServedModel, lists: readonly (readonly string[])[]): Exposure {
  const { popularity } = recommender.asks;
  const shown = new Int32Array(catalogue.nKnown);
  for (const list of lists)
    for (const id of list) {
      const item = catalogue.indexOf(id);
      if (item !== undefined && item < shown.length) shown[item]++;
    }
  const byPopularity = Array.from(shown.keys()).sort((a, b) => popularity[b] - popularity[a] || a - b);
  const sum = (items: readonly number[], of: ArrayLike<number>) => items.reduce((total, item) => total + of[item], 0);
  const taken = sum(byPopularity, popularity);
  const places = sum(byPopularity, shown);
  const edge = (tenth: number) => Math.round((tenth * byPopularity.length) / TENTHS);
  const tenths = Array.from({ length: TENTHS }, (_, tenth) => byPopularity.slice(edge(tenth), edge(tenth + 1)));
  const byShown = byPopularity.filter((item) => shown[item] > 0).sort((a, b) => shown[b] - shown[a]);
  return {
    nItems: shown.length,
    coverage: coverage(shown),
    gini: gini(shown),
    tenths: tenths.map((items) => ({
      items: items.length,
      taken: taken > 0 ? sum(items, popularity) / taken : 0,
      shown: places > 0 ? sum(items, shown) / places : 0,
      covered: items.filter((item) => shown[item] > 0).length,
    })),
    points: byShown.slice(0, MOST_POINTS).map((item) => ({
      id: catalogue.idOf(item),
      title: catalogue.titleOf(item),
      popularity: popularity[item],
      shown: shown[item],
    })),
  };
}
