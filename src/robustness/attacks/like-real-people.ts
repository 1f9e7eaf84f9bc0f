/**
 * Fillers that look like what a real person takes: somebody with about as many items is drawn, and each of their items exchanged for one
 * about as popular. Length and popularity of profiles then tell fake people only by what an attack puts in besides.
 */
import type { RandomStream } from '../../core/random.ts';
import { rowOf, type SparseRows } from '../../data/sparse-rows.ts';
import { byPopularity, popularityOf } from '../real-people.ts';

/** How far an exchanged item may lie from the one that it stands for, as a share of the ranks by popularity. */
const NEAR = 0.02;

export class RealPeople {
  readonly #taken: SparseRows;
  readonly #ranked: Int32Array;
  readonly #rankOf: Int32Array;
  /** People with items, ascending by how many they have. */
  readonly #people: Int32Array;
  /** How many each of them has, ascending. */
  readonly #lengths: Int32Array;

  constructor(taken: SparseRows, nItems: number) {
    this.#taken = taken;
    this.#ranked = byPopularity(popularityOf(taken, nItems));
    this.#rankOf = new Int32Array(nItems);
    this.#ranked.forEach((item, rank) => {
      this.#rankOf[item] = rank;
    });
    const lengthOf = (user: number) => rowOf(taken, user).length;
    this.#people = Int32Array.from({ length: taken.nRows }, (_, user) => user)
      .filter((user) => lengthOf(user) > 0)
      .sort((a, b) => lengthOf(a) - lengthOf(b));
    this.#lengths = this.#people.map(lengthOf);
  }

  /**
   * Items that stand between those an attack puts in: it is the most popular of the person's items that `top` rows have in their place, and
   * the least popular that `bottom` rows have.
   * @param taken items that are not to be drawn
   * @returns length − top − bottom distinct items, or as many as there are
   */
  fillers(
    length: number,
    { top, bottom }: { readonly top: number; readonly bottom: number },
    taken: ReadonlySet<number>,
    random: RandomStream,
  ): Int32Array {
    const ranks = this.#ranksOf(this.#somebody(length, random), length, random);
    const used = new Set(taken);
    const chosen: number[] = [];
    for (const rank of ranks.subarray(top, Math.max(top, length - bottom))) {
      const item = this.#near(rank, used, random);
      if (item === null) break;
      used.add(item);
      chosen.push(item);
    }
    return Int32Array.from(chosen);
  }

  /** One of those whose number of items is nearest to it. */
  #somebody(length: number, random: RandomStream): number {
    const lengths = this.#lengths;
    const at = firstFrom(lengths, length);
    const above = at < lengths.length ? lengths[at] - length : Number.POSITIVE_INFINITY;
    const below = at > 0 ? length - lengths[at - 1] : Number.POSITIVE_INFINITY;
    const least = Math.min(above, below);
    // nobody is between them
    const first = firstFrom(lengths, length - least);
    return this.#people[first + random.below(firstFrom(lengths, length + least + 1) - first)];
  }

  /** So many ranks of the person's items, the most popular first; some twice, or left out, where the person has fewer, or more. */
  #ranksOf(user: number, length: number, random: RandomStream): Int32Array {
    const own = rowOf(this.#taken, user).map((item) => this.#rankOf[item]);
    const ranks = random.shuffle(own.slice()).slice(0, length);
    const more = Int32Array.from({ length: length - ranks.length }, () => own[random.below(own.length)]);
    return Int32Array.from([...ranks, ...more]).sort();
  }

  /** An unused item of about that rank, from twice as far around where there is none; null where all are used. */
  #near(rank: number, used: ReadonlySet<number>, random: RandomStream): number | null {
    const n = this.#ranked.length;
    for (let reach = Math.max(2, Math.round(NEAR * n)); ; reach *= 2) {
      const around = this.#ranked
        .subarray(Math.max(0, rank - reach), rank + reach + 1)
        .filter((item) => !used.has(item));
      if (around.length > 0) return around[random.below(around.length)];
      if (reach > n) return null;
    }
  }
}

/** Position of the first of ascending values that is at least the given one, their number where none is. */
function firstFrom(ascending: Int32Array, value: number): number {
  let [from, to] = [0, ascending.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (ascending[middle] < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
