/**
 * Seeded, named, counter-based random streams: value number `i` of a stream is a pure function of (seed, name, i), so a
 * stream can be resumed anywhere and drawn in any order by any number of threads.
 *
 * Generator: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011).
 * The WebAssembly kernels contain the same generator; a test holds both against the published test vectors.
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** High 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const middle2 = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(middle2 / 65536)) >>> 0;
}

/** One Philox4x32 block, of ten rounds unless said: four 32-bit values from a 128-bit counter and a 64-bit key, written to `out`. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
  out: Uint32Array,
  rounds = 10,
): Uint32Array {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < rounds; round++) {
    const high0 = mulHigh(M0, c0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = mulHigh(M1, c2);
    const low1 = Math.imul(M1, c2) >>> 0;
    const n0 = (high1 ^ c1 ^ k0) >>> 0;
    const n2 = (high0 ^ c3 ^ k1) >>> 0;
    c0 = n0;
    c1 = low1;
    c2 = n2;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
  return out;
}

/** FNV-1a with a final avalanche, 32 bits: turns a stream's name into part of its key. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 0;
  return (hash ^ (hash >>> 16)) >>> 0;
}

export class RandomStream {
  readonly seed: number;
  readonly name: string;
  /** The 64-bit Philox key: (seed, hash of the name). */
  readonly key: readonly [number, number];
  readonly #block = new Uint32Array(4);
  #blockIndex = -1;
  #position = 0;

  /** @param seed integer in [0, 2³²) */
  constructor(seed: number, name: string) {
    this.seed = seed;
    this.name = name;
    this.key = [seed >>> 0, hashName(name)];
  }

  /** An independent stream whose name is this one's with `/name` appended. */
  child(name: string): RandomStream {
    return new RandomStream(this.seed, `${this.name}/${name}`);
  }

  /** The stream's position: how many 32-bit values have been drawn. Set it to resume. */
  get position(): number {
    return this.#position;
  }
  set position(value: number) {
    this.#position = value;
  }

  /** Uniform integer in [0, 2³²). */
  uint32(): number {
    const index = Math.floor(this.#position / 4);
    if (index !== this.#blockIndex) {
      philox([index >>> 0, Math.floor(index / 2 ** 32), 0, 0], this.key, this.#block);
      this.#blockIndex = index;
    }
    return this.#block[this.#position++ % 4];
  }

  /** Uniform in [0, 1), 53 bits. Takes two values of the stream. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Uniform integer in [0, n), n ≤ 2³². Bias below n·2⁻⁵³. */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal (Box–Muller). Takes four values of the stream. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle<T extends { length: number; [index: number]: unknown }>(values: T): T {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = values[i];
      values[i] = values[j];
      values[j] = kept;
    }
    return values;
  }
}
