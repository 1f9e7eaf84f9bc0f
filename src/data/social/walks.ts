/**
 * Random walks over a graph of people, made aware of an item: for each person on the way the item, among those the person rated,
 * that is rated most like the given one, and the person's rating of it (Fan et al., RecSys 2019, social sequences).
 *
 * Whoever is asked about is never shown that person's own rating of the item.
 */
import { philox } from '../../core/random.ts';
import { entryOf, rowOf, type SparseRows } from '../sparse-rows.ts';
import type { NearestItems } from './nearest-items.ts';

/** Who knows whom, and who rated what, of the training part alone. */
export interface RatedGraph {
  /** Row u: the friends of u, ascending. */
  readonly friends: SparseRows;
  /** Row u: the distinct items that u rated, ascending. */
  readonly rated: SparseRows;
  /** What a token says of each entry of `rated`, such as the number of its rating level. */
  readonly level: Int32Array;
  readonly nItems: number;
}

export interface WalkOptions {
  /** Walks from a user. */
  readonly walks: number;
  /** People on each walk, at most; fewer where it ends at somebody without friends. */
  readonly steps: number;
  /** False: a token holds any item that its user rated, drawn evenly; default true. */
  readonly itemAware?: boolean;
  /** Philox key of the walks: (seed, stream). */
  readonly key: readonly [number, number];
}

/** The tokens of all walks of one pair, walk after walk; −1 behind the end of a walk. [walks × steps] each. */
export interface WalkTokens {
  readonly user: Int32Array;
  readonly item: Int32Array;
  readonly level: Int32Array;
}

export class SocialWalks {
  readonly #graph: RatedGraph;
  readonly #nearest: NearestItems;
  readonly #options: WalkOptions;
  /** The two most popular items of each user, −1 = none: what is taken where nothing is rated alike. */
  readonly #favourites: Int32Array;
  /** Cosine of every item with the present one; 0 but for its nearest items. */
  readonly #cosine: Float32Array;
  readonly #popularity: Int32Array;
  readonly #block = new Uint32Array(4);
  readonly #itemBlock = new Uint32Array(4);
  #blockNumber = -1;

  constructor(graph: RatedGraph, nearest: NearestItems, options: WalkOptions) {
    this.#graph = graph;
    this.#nearest = nearest;
    this.#options = options;
    this.#cosine = new Float32Array(graph.nItems);
    this.#popularity = new Int32Array(graph.nItems);
    for (const item of graph.rated.columns) this.#popularity[item]++;
    this.#favourites = this.#findFavourites();
  }

  /**
   * Draws the walks of a pair.
   * @param number what the draws depend on beside the key: e.g. the number of the example and of the epoch
   * @param out is filled from `at` on
   */
  fill(user: number, item: number, number: readonly [number, number], out: WalkTokens, at: number): void {
    const { walks, steps, itemAware } = this.#options;
    const { rows, cosine } = this.#nearest;
    for (let n = rows.rowStart[item]; n < rows.rowStart[item + 1]; n++) this.#cosine[rows.columns[n]] = cosine[n];
    this.#blockNumber = -1;
    for (let walk = 0; walk < walks; walk++) {
      const end = at + (walk + 1) * steps;
      let place = end - steps;
      let person = user;
      for (let step = 0; step < steps; step++) {
        const next = this.#friendOf(person, number, walk * steps + step);
        if (next < 0) break;
        person = next;
        const draw = walk * steps + step;
        const isAsked = person === user;
        const entry =
          itemAware === false
            ? this.#anyEntry(person, item, isAsked, [draw, ...number])
            : this.#nearestEntry(person, item, isAsked);
        // somebody who rated nothing says nothing, and the walk goes on
        if (entry < 0) continue;
        out.user[place] = person;
        out.item[place] = this.#graph.rated.columns[entry];
        out.level[place++] = this.#graph.level[entry];
      }
      for (const tokens of [out.user, out.item, out.level]) tokens.fill(-1, place, end);
    }
    for (const near of rowOf(rows, item)) this.#cosine[near] = 0;
  }

  /** A friend drawn uniformly; −1 for somebody without. */
  #friendOf(person: number, number: readonly [number, number], draw: number): number {
    const { rowStart, columns } = this.#graph.friends;
    const n = rowStart[person + 1] - rowStart[person];
    if (n === 0) return -1;
    const block = draw >> 2;
    if (block !== this.#blockNumber) {
      philox([block, number[0], number[1], 0], this.#options.key, this.#block);
      this.#blockNumber = block;
    }
    return columns[rowStart[person] + Math.floor((this.#block[draw & 3] / 2 ** 32) * n)];
  }

  /**
   * The entry of `rated` of somebody's item nearest to the given one: that item itself where it was rated, else the one of the
   * highest cosine, of equal ones the more popular; where none is near, the most popular. −1 for somebody without ratings.
   */
  #nearestEntry(person: number, item: number, isAsked: boolean): number {
    const { rated } = this.#graph;
    const own = entryOf(rated, person, item);
    if (own >= 0 && !isAsked) return own;
    const near = this.#nearest.rows;
    const nOwn = rated.rowStart[person + 1] - rated.rowStart[person];
    const nNear = near.rowStart[item + 1] - near.rowStart[item];
    let best = -1;
    if (nOwn <= 8 * nNear)
      for (let entry = rated.rowStart[person]; entry < rated.rowStart[person + 1]; entry++)
        best = this.#better(best, entry, item);
    else
      for (let n = near.rowStart[item]; n < near.rowStart[item + 1]; n++)
        best = this.#better(best, entryOf(rated, person, near.columns[n]), item);
    if (best >= 0) return best;
    const first = this.#favourites[2 * person];
    return first >= 0 && rated.columns[first] === item ? this.#favourites[2 * person + 1] : first;
  }

  /** An entry of `rated` of somebody drawn evenly, of whoever is asked about not that of the item. −1 where there is none. */
  #anyEntry(person: number, item: number, isAsked: boolean, number: readonly [number, number, number]): number {
    const { rated } = this.#graph;
    const first = rated.rowStart[person];
    const left = isAsked ? entryOf(rated, person, item) : -1;
    const n = rated.rowStart[person + 1] - first - (left >= 0 ? 1 : 0);
    if (n === 0) return -1;
    // beside the friends, whose draws have 0 as their last number
    philox([...number, 1], this.#options.key, this.#itemBlock);
    const entry = first + Math.floor((this.#itemBlock[0] / 2 ** 32) * n);
    return left >= 0 && entry >= left ? entry + 1 : entry;
  }

  #better(best: number, entry: number, item: number): number {
    if (entry < 0) return best;
    const { columns } = this.#graph.rated;
    const other = columns[entry];
    const cosine = this.#cosine[other];
    if (cosine === 0 || other === item) return best;
    if (best < 0) return entry;
    const difference =
      cosine - this.#cosine[columns[best]] || this.#popularity[other] - this.#popularity[columns[best]];
    return difference > 0 ? entry : best;
  }

  #findFavourites(): Int32Array {
    const { rated } = this.#graph;
    const favourites = new Int32Array(2 * rated.nRows).fill(-1);
    const popularityOf = (entry: number): number => (entry < 0 ? -1 : this.#popularity[rated.columns[entry]]);
    for (let user = 0; user < rated.nRows; user++)
      for (let entry = rated.rowStart[user]; entry < rated.rowStart[user + 1]; entry++) {
        if (popularityOf(entry) > popularityOf(favourites[2 * user])) {
          favourites[2 * user + 1] = favourites[2 * user];
          favourites[2 * user] = entry;
        } else if (popularityOf(entry) > popularityOf(favourites[2 * user + 1])) favourites[2 * user + 1] = entry;
      }
    return favourites;
  }
}
