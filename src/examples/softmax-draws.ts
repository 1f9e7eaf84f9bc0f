/** Draws from a softmax: the distribution of one person at a time, in float64. */
import type { RandomStream } from '../core/random.ts';

/** Steps of the table of powers between 1 and ½. */
const STEPS = 1024;
/** 2^(−i / STEPS) */
const FRACTIONS = Float64Array.from({ length: STEPS }, (_, i) => 2 ** (-i / STEPS));
/** 2^−k; behind them all is 0. */
const POWERS = Float64Array.from({ length: 1076 }, (_, k) => 2 ** -k);
const STEPS_OF_ONE = STEPS / Math.LN2;
const ONE_STEP = Math.LN2 / STEPS;

/**
 * e^−y for y ≥ 0, within 10⁻¹³ of its value: by tables of powers of two and the series of what is left, several times as fast as Math.exp,
 * which would take most of a generator's time.
 */
export function exponential(y: number): number {
  const t = y * STEPS_OF_ONE;
  if (!(t < (POWERS.length - 1) * STEPS)) return Number.isNaN(y) ? Number.NaN : 0;
  const m = t | 0;
  const r = (m - t) * ONE_STEP;
  return FRACTIONS[m & (STEPS - 1)] * POWERS[m >> 10] * (1 + r * (1 + r * (0.5 + r * (1 / 6 + r / 24))));
}

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
    const sums = this.#sums;
    const scale = 1 / temperature;
    let sum = 0;
    let from = 0;
    for (let next = 0; next <= leftOut.length; next++) {
      const to = next < leftOut.length ? leftOut[next] : n;
      for (let j = from; j < to; j++) sums[j] = sum += exponential((top - logits[j]) * scale);
      if (to < n) sums[to] = sum;
      from = to + 1;
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
    // ln π_j is linear in the logits: −Σ π_j (g_j − top) / τ + ln Σ
    let sum = 0;
    for (let j = 0; j < this.#n; j++) {
      const p = this.probability(j);
      if (p > 0) sum += p * (this.#top - this.#logits[j]);
    }
    return sum / this.#temperature + Math.log(this.#total);
  }
}
