/** Why an item: the items of the person's history that speak most for it. */
import { rowOf } from '../data/sparse-rows.ts';
import type { ScoreForm } from '../engine/runtime/ranking.ts';
import type { Scorer, WeightsTo } from '../scoring/scorer.ts';

/** Best `n` of a history for an item: fewer when the rest does not speak for it. */
export type ReasonFinder = (item: number, history: Int32Array, n: number) => number[];

/**
 * Item-to-item models: the terms of the score themselves, weight[j, item]. Vector models: cosine of the item vectors, so that
 * "because" means "the model places them alike".
 */
export function reasonFinder(scorer: Scorer, nItems: number): ReasonFinder {
  const { form, itemVectors } = scorer;
  if (form.form === 'history') return pickBest((item) => (j) => weightBetween(form, nItems, j, item));
  if (scorer.weightsTo) return pickBest(scorer.weightsTo);
  if (!itemVectors || itemVectors.width < 2) return () => [];
  const vectors = new Cosines(itemVectors);
  return pickBest((item) => (j) => vectors.between(item, j));
}

/**
 * 1 for the items of which an item-to-item model knows something for a history: those with a weight from one of its items [nItems].
 * Null for vector models, which know something of every item that they were trained on.
 */
export function knownItems(form: ScoreForm, history: Int32Array, nItems: number): Uint8Array | null {
  if (form.form === 'takers') return itemsOfTheConnected(form, history, nItems);
  if (form.form !== 'history') return null;
  const knows = new Uint8Array(nItems);
  for (const j of history) {
    if (form.sparse) {
      const { rowStart, columns } = form.sparse;
      for (let k = rowStart[j]; k < rowStart[j + 1]; k++) if (form.weights[k] !== 0) knows[columns[k]] = 1;
    } else for (let i = 0; i < nItems; i++) if (form.weights[j * nItems + i] !== 0) knows[i] = 1;
  }
  return knows;
}

/** The items that somebody took who has a number other than 0 in a row of somebody who took one of the history. */
function itemsOfTheConnected(
  { users, width, takers }: Extract<ScoreForm, { form: 'takers' }>,
  history: Int32Array,
  nItems: number,
): Uint8Array {
  const isTaker = new Uint8Array(width);
  for (const j of history) for (const v of rowOf(takers, j)) isTaker[v] = 1;
  const isConnected = isTaker.slice();
  for (let v = 0; v < width; v++)
    if (isTaker[v] === 1) for (let w = 0; w < width; w++) if (users[v * width + w] !== 0) isConnected[w] = 1;
  return Uint8Array.from({ length: nItems }, (_, i) => (rowOf(takers, i).some((v) => isConnected[v] === 1) ? 1 : 0));
}

/** How alike every item is to one [nItems]; null where the model has neither vectors nor weights between items. */
export function likenessOf(scorer: Scorer, item: number, nItems: number): { scores: Float32Array; how: string } | null {
  const { form, itemVectors, weightsTo } = scorer;
  const between = (weightOf: (other: number) => number) => ({
    scores: Float32Array.from({ length: nItems }, (_, other) => weightOf(other)),
    how: 'by the weights between items, of those who took it',
  });
  if (form.form === 'history') return between((other) => weightBetween(form, nItems, item, other));
  if (weightsTo) return between(weightsTo(item));
  return likenessByVectors(itemVectors, item);
}

/** The cosine of the vectors of items, or of users; null where there are none, or of one number. */
export function likenessByVectors(
  vectors: Scorer['itemVectors'],
  item: number,
  owner: 'item' | 'user' = 'item',
): { scores: Float32Array; how: string } | null {
  if (!vectors || vectors.width < 2) return null;
  const cosines = new Cosines(vectors);
  const scores = new Float32Array(vectors.values.length / vectors.width);
  for (let other = 0; other < scores.length; other++) scores[other] = cosines.between(item, other);
  return { scores, how: `by the cosine of the ${owner} vectors` };
}

function pickBest(weightsTo: WeightsTo): ReasonFinder {
  return (item, history, n) => {
    const weightOf = weightsTo(item);
    const best: { readonly j: number; readonly value: number }[] = [];
    for (const j of history) {
      const value = j === item ? 0 : weightOf(j);
      if (!(value > 0)) continue;
      let place = best.length;
      while (place > 0 && (best[place - 1].value < value || (best[place - 1].value === value && best[place - 1].j > j)))
        place--;
      if (place >= n) continue;
      best.splice(place, 0, { j, value });
      if (best.length > n) best.pop();
    }
    return best.map(({ j }) => j);
  };
}

function weightBetween(
  form: Extract<Scorer['form'], { form: 'history' }>,
  nItems: number,
  from: number,
  to: number,
): number {
  if (!form.sparse) return form.weights[from * nItems + to];
  const { rowStart, columns } = form.sparse;
  for (let k = rowStart[from]; k < rowStart[from + 1]; k++) if (columns[k] === to) return form.weights[k];
  return 0;
}

/** Cosines of vectors; the square of a length is computed when it is first needed. */
class Cosines {
  readonly #values: Float32Array;
  readonly #width: number;
  /** NaN = not computed yet. */
  readonly #squares: Float64Array;

  constructor({ values, width }: { readonly values: Float32Array; readonly width: number }) {
    this.#values = values;
    this.#width = width;
    this.#squares = new Float64Array(values.length / width).fill(Number.NaN);
  }

  between(a: number, b: number): number {
    return this.#dot(a, b) / Math.sqrt(this.#square(a) * this.#square(b) || 1);
  }

  #square(a: number): number {
    if (Number.isNaN(this.#squares[a])) this.#squares[a] = this.#dot(a, a);
    return this.#squares[a];
  }

  #dot(a: number, b: number): number {
    const values = this.#values;
    const from = a * this.#width;
    const to = b * this.#width;
    const whole = this.#width & ~3;
    // four sums at once: each addition would wait for the one before
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let d = 0; d < whole; d += 4) {
      s0 += values[from + d] * values[to + d];
      s1 += values[from + d + 1] * values[to + d + 1];
      s2 += values[from + d + 2] * values[to + d + 2];
      s3 += values[from + d + 3] * values[to + d + 3];
    }
    for (let d = whole; d < this.#width; d++) s0 += values[from + d] * values[to + d];
    return s0 + s1 + (s2 + s3);
  }
}
