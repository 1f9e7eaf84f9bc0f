/** The best items of one person where scores are those of listed pairs: the person with every item. */
import { joinedAscending } from '../data/sparse-rows.ts';
import type { Scorer } from '../scoring/scorer.ts';
import { type TopItems, topItems } from './top-items.ts';

/** Somebody who is not known. */
const NOBODY = -1;

export class BestListed {
  readonly #scorer: Scorer;
  readonly #nItems: number;

  constructor(scorer: Scorer, nItems: number) {
    this.#scorer = scorer;
    this.#nItems = nItems;
  }

  /**
   * As {@link BestItems.find}: the best k items, of equal scores those with the smaller index.
   * @param user index of a person of the training
   * @param excluded items, ascending and distinct, that may not be returned, besides those that the form ranks last
   */
  find(user: number, k: number, excluded: Int32Array): TopItems {
    const { values, form } = this.#scorer;
    if (!values) throw new Error('internal: scores of listed pairs need the function that computes them');
    const isOut = new Uint8Array(this.#nItems);
    for (const item of joinedAscending(excluded, form.last)) isOut[item] = 1;
    const items = Int32Array.from(isOut.keys()).filter((item) => isOut[item] === 0);
    const best = topItems(values(new Int32Array(items.length).fill(user), items), k);
    return { items: best.items.map((place) => items[place]), scores: best.scores };
  }

  /** The same for somebody who was not in training. */
  findFor(_person: unknown, k: number, excluded: Int32Array): TopItems {
    return this.find(NOBODY, k, excluded);
  }

  free(): void {}
}
