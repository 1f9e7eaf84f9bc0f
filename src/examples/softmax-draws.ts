/** Draws from a softmax: the distribution of one person at a time, in float64. */
import type { RandomStream } from '../core/random.ts';

export interface SoftmaxOptions {
  /** τ: softmax(g / τ); default 1. */
  readonly temperature?: number;
  /** Ascending numbers that are not drawn, unless nothing else is left. */
  readonly excluded?: Int32Array;
}

export class SoftmaxDraws {
  /** Sums of the exponentials of 0 … j. */
  readonly #sums: Float64Array;
  #n = 0;
  #top = 0;
  #temperature = 1;
  #logits: Float32Array = new Float32Array(0);

  /** @param most entries of a distribution at most */
  constructor(most: number) {
    this.#sums = new Float64Array(most);
  }

  /** Takes the distribution of these logits, which must stay as they are while it is used. */
  set(logits: Float32Array, { temperature = 1, excluded }: SoftmaxOptions = {}): this {
    const n = logits.length;
    let top = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < n; j++) if (!(logits[j] <= top)) top = logits[j];
    this.#n = n;
    this.#top = top;
    this.#temperature = temperature;
    this.#logits = logits;
    const leftOut = excluded && excluded.length < n ? excluded : new Int32Array(0);
    let sum = 0;
    let next = 0;
    for (let j = 0; j < n; j++) {
      if (next < leftOut.length && leftOut[next] === j) next++;
      else sum += Math.exp((logits[j] - top) / temperature);
      this.#sums[j] = sum;
    }
    // what is left may be so unlikely that its exponentials are 0
    return sum > 0 || leftOut.length === 0 ? this : this.set(logits, { temperature });
  }

  get #total(): number {
    return this.#sums[this.#n - 1];
  }

  draw(random: RandomStream): number {
    const at = random.uniform() * this.#total;
    let [low, high] = [0, this.#n - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sums[middle] > at) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** ln of the probability of j, of those that are not excluded. */
  logProbability(j: number): number {
    return (this.#logits[j] - this.#top) / this.#temperature - Math.log(this.#total);
  }

  probability(j: number): number {
    return (j === 0 ? this.#sums[0] : this.#sums[j] - this.#sums[j - 1]) / this.#total;
  }

  /** −Σ_j π_j ln π_j */
  entropy(): number {
    let sum = 0;
    for (let j = 0; j < this.#n; j++) {
      const p = this.probability(j);
      if (p > 0) sum -= p * Math.log(p);
    }
    return sum;
  }
}
