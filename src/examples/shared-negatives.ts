/** Negatives that all positions of a step share: all items, or a sample ∝ support^exponent, new in every step. */
import type { RandomStream } from '../core/random.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import { aliasTable } from '../engine/runtime/sampler.ts';

export class SharedNegatives {
  /** Negatives of a step. */
  readonly size: number;
  /** ln(expected number of draws of each item in a step), [nItems]. */
  readonly logWeight: Float32Array;
  readonly #nItems: number;
  readonly #isSampled: boolean;
  readonly #random: RandomStream;
  readonly #list: Int32Array;
  readonly #alias: ReturnType<typeof aliasTable> | null;

  /** @param options `shared` negatives of a step, 0 = all items, drawn ∝ (events of the item)^exponent */
  constructor(
    sequences: Sequences,
    { shared, exponent }: { readonly shared: number; readonly exponent: number },
    random: RandomStream,
  ) {
    const { nItems } = sequences;
    this.#nItems = nItems;
    this.#random = random;
    this.size = shared === 0 ? nItems : shared;
    this.#list = Int32Array.from({ length: this.size }, (_, j) => j);
    const weights = shared === 0 ? null : sampleWeights(supportOf(sequences), exponent);
    this.#alias = weights && aliasTable(weights);
    const total = weights ? weights.reduce((sum, w) => sum + w, 0) : nItems;
    this.logWeight = Float32Array.from({ length: nItems }, (_, i) => {
      const expected = (this.size * (weights ? weights[i] : 1)) / total;
      return shared === 0 || expected === 0 ? 0 : Math.log(expected);
    });
    this.#isSampled = shared > 0;
  }

  /** The negatives of a step: a function of its number. */
  draw(epoch: number, step: number): Int32Array {
    if (!this.#isSampled) return this.#list;
    const draws = this.#random.child(`${epoch}/${step}`);
    for (let j = 0; j < this.size; j++) {
      let item = Math.floor((draws.uint32() * this.#nItems) / 4_294_967_296);
      if (this.#alias && draws.uint32() > this.#alias.threshold[item]) item = this.#alias.alias[item];
      this.#list[j] = item;
    }
    return this.#list;
  }
}

/** Weights ∝ support^exponent by which extra negatives are drawn; null = uniformly, items without support too. */
export function sampleWeights(support: Float64Array, exponent: number): Float64Array | null {
  return exponent === 0 ? null : support.map((n) => (n === 0 ? 0 : n ** exponent));
}

/** Events of each item. */
export function supportOf({ items, nItems }: Sequences): Float64Array {
  const support = new Float64Array(nItems);
  for (const item of items) support[item]++;
  return support;
}
