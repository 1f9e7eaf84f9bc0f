/**
 * Random numbers by the hundred million, for inner loops: sfc32 (Doty-Humphrey, PractRand), which passes the usual test batteries and
 * takes about a nanosecond a draw. A `RandomStream` gives 96 bits of its starting state, so that a seed decides all of them; unlike there,
 * one can only go on from where one is.
 */
import type { RandomStream } from './random.ts';

export class FastRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spare = 0;
  #hasSpare = false;

  constructor(stream: RandomStream) {
    [this.#a, this.#b, this.#c] = [stream.uint32() | 0, stream.uint32() | 0, stream.uint32() | 0];
    // the first outputs of like states are alike
    for (let n = 0; n < 12; n++) this.uint32();
  }

  /** Uniform integer in [0, 2³²). */
  uint32(): number {
    const output = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + output) | 0;
    return output >>> 0;
  }

  /** Uniform in (0, 1), 32 bits. */
  uniform(): number {
    return (this.uint32() + 0.5) / 4294967296;
  }

  /** Uniform integer in [0, n), n ≤ 2³². */
  below(n: number): number {
    return Math.floor((this.uint32() * n) / 4294967296);
  }

  /** Standard normal (polar method of Marsaglia & Bray 1964), two at a time. */
  normal(): number {
    if (this.#hasSpare) {
      this.#hasSpare = false;
      return this.#spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const square = u * u + v * v;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spare = v * scale;
      this.#hasSpare = true;
      return u * scale;
    }
  }

  /** Gamma with shape ≥ 1 and scale 1 (Marsaglia & Tsang 2000). */
  gamma(shape: number): number {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const root = 1 + c * x;
      if (root <= 0) continue;
      const v = root * root * root;
      const u = this.uniform();
      // within what is accepted anyway, without logarithms
      if (u < 1 - 0.0331 * x * x * x * x) return d * v;
      if (Math.log(u) < (x * x) / 2 + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  /** Beta(a, b), both at least 1. */
  beta(a: number, b: number): number {
    const x = this.gamma(a);
    return x / (x + this.gamma(b));
  }
}
