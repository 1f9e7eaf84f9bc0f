/**
 * Feeds that draw training examples from the edges of a bipartite graph (user took item): pointwise rows (user, item, label)
 * or pairwise rows (user, taken item, other item). Drawing happens inside the tiles, on all threads; example number e of epoch t
 * is a pure function of (key, t, e).
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import type { Feed } from '../plan/feed.ts';
import type { Engine } from './engine.ts';

export interface EdgeSampler {
  /** The positive pairs, one entry an edge; null users: the pairs are those of `rowStart` and `columns`. */
  readonly users: Int32Array | null;
  readonly items: Int32Array;
  readonly nUsers: number;
  readonly nItems: number;
  /** Sorted items of every user (CSR), for rejection. */
  readonly rowStart: Int32Array;
  readonly columns: Int32Array;
  /**
   * `once` (default): every positive once an epoch. `by-user`: as many draws, each a user out of those who have items, all as
   * likely, and one of that user's.
   */
  readonly positives?: 'once' | 'by-user';
  /** Negatives for each positive. */
  readonly negatives: number;
  /** Reject negatives that the user took in training. */
  readonly reject: boolean;
  /** 0 = uniform; else negatives are drawn ∝ (number of edges of the item)^alpha. */
  readonly popularityExponent: number;
  /** Negatives are drawn ∝ these numbers, one an item, in place of the popularity. */
  readonly weights?: Float64Array;
  /** Negatives are the taken items of other rows of the step. */
  readonly inBatch?: boolean;
  /** Largest table of bits for the rejection, bytes; 0 = always search the lists. Changes the speed only. Default 32 MiB. */
  readonly maxTakenBytes?: number;
  /** Philox key: (seed, stream). */
  readonly key: readonly [number, number];
}

/** Up to this size, taken pairs are kept as a table of bits besides their lists. */
const MAX_TAKEN_BYTES = 32 * 1024 * 1024;

/** A sampler's record in the shared memory, and what must be freed with it. */
export class SamplerRecord {
  readonly address: number;
  readonly rowsPointwise: number;
  readonly rowsPairwise: number;
  readonly key: readonly [number, number];
  readonly #engine: Engine;
  readonly #negatives: number;
  readonly #allocations: number[] = [];

  constructor(engine: Engine, sampler: EdgeSampler) {
    this.#engine = engine;
    const { users, items, negatives } = sampler;
    this.#negatives = negatives;
    this.key = sampler.key;
    const rows = items.length * (negatives + 1);
    if (items.length === 0) throw new DeepTasteError('data', 'training: there is no interaction to learn from');
    if (rows >= 2 ** 32) throw new DeepTasteError('memory', `training: ${rows} examples an epoch exceed 2³² − 1`);
    this.rowsPointwise = rows;
    this.rowsPairwise = items.length * negatives;
    this.address = this.#keep(engine.allocate(code.SAMPLER_WORDS * 4));
    const words = new Int32Array(code.SAMPLER_WORDS);
    words[code.SAMPLER_N_POSITIVES] = items.length;
    words[code.SAMPLER_USERS] = this.#keep(users ? engine.place(users) : rowNumbers(engine, sampler));
    words[code.SAMPLER_ITEMS] = this.#keep(engine.place(items));
    words[code.SAMPLER_N_NEGATIVES] = negatives;
    words[code.SAMPLER_N_ITEMS] = sampler.nItems;
    words[code.SAMPLER_ROW_START] = this.#keep(engine.place(sampler.rowStart));
    words[code.SAMPLER_COLUMNS] =
      sampler.columns === items ? words[code.SAMPLER_ITEMS] : this.#keep(engine.place(sampler.columns));
    words[code.SAMPLER_REJECT] = sampler.reject ? 1 : 0;
    [words[code.SAMPLER_KEY_0], words[code.SAMPLER_KEY_1]] = sampler.key;
    if (sampler.positives === 'by-user') {
      const drawn = usersWithItems(sampler);
      words[code.SAMPLER_DRAWN_USERS] = this.#keep(engine.place(drawn));
      words[code.SAMPLER_N_DRAWN_USERS] = drawn.length;
    }
    words[code.SAMPLER_IN_BATCH] = sampler.inBatch ? 1 : 0;
    const weights = sampler.weights ?? popularityWeights(sampler, sampler.popularityExponent);
    if (weights) {
      const { threshold, alias } = aliasTable(weights);
      words[code.SAMPLER_THRESHOLDS] = this.#keep(engine.place(threshold));
      words[code.SAMPLER_ALIASES] = this.#keep(engine.place(alias));
    }
    const rowBytes = Math.ceil(sampler.nItems / 32) * 4;
    if (sampler.reject && sampler.nUsers * rowBytes <= (sampler.maxTakenBytes ?? MAX_TAKEN_BYTES)) {
      words[code.SAMPLER_TAKEN] = this.#keep(takenBits(engine, sampler, rowBytes));
      words[code.SAMPLER_TAKEN_ROW] = rowBytes;
    }
    engine.i32(this.address, code.SAMPLER_WORDS).set(words);
  }

  #keep(address: number): number {
    this.#allocations.push(address);
    return address;
  }

  /** Rows of an epoch are `group` for each positive. */
  #grouped(group: number): void {
    this.#engine.i32(this.address, code.SAMPLER_WORDS)[code.SAMPLER_GROUP] = group;
  }

  #place(words: readonly number[]): number {
    return this.#keep(this.#engine.place(Int32Array.from(words)));
  }

  /** Fills (user index, item index, label [1]) leaves. */
  pointwise(user: Tensor, item: Tensor, label: Tensor): Feed {
    this.#grouped(this.#negatives + 1);
    return { opcode: code.DRAW_POINTWISE, record: this.address, outputs: [user, item, label] };
  }

  /** Fills (user index, taken item index, other item index) leaves. */
  pairwise(user: Tensor, positive: Tensor, negative: Tensor): Feed {
    this.#grouped(this.#negatives);
    return { opcode: code.DRAW_PAIRWISE, record: this.address, outputs: [user, positive, negative] };
  }

  /** Fill leaves of further negatives of a row with one for its user each, after the feed of the rows themselves. */
  further(user: Tensor, negatives: readonly Tensor[]): Feed[] {
    return Array.from({ length: Math.ceil(negatives.length / code.MORE_AT_ONCE) }, (_, n) => {
      const first = n * code.MORE_AT_ONCE;
      const outputs = negatives.slice(first, first + code.MORE_AT_ONCE);
      const record = this.#place([this.address, code.DRAWS_MORE + first, outputs.length, 0]);
      return { opcode: code.DRAW_NEGATIVES, record, inputs: [user], outputs };
    });
  }

  /**
   * Fills a leaf with which of the best candidates of a row is taken, 0 … best − 1, all as likely; −1 for none of them.
   * @param share of the rows that take one, in (0, 1]
   * @param label rows with label 1 take none
   */
  choice(choice: Tensor, { best, share, label }: { best: number; share: number; label: Tensor | null }): Feed {
    const limit = Math.min(0xffffffff, Math.ceil(share * 2 ** 32) - 1);
    const record = this.#place([this.address, best, limit | 0, label ? 1 : 0]);
    return { opcode: code.DRAW_CHOICE, record, inputs: label ? [label] : [], outputs: [choice] };
  }

  free(): void {
    for (const address of this.#allocations.splice(0)) this.#engine.free(address);
  }
}

/** Weights ∝ (number of edges of the item)^exponent by which negatives are drawn; null = uniformly. */
export function popularityWeights(
  { items, nItems }: Pick<EdgeSampler, 'items' | 'nItems'>,
  exponent: number,
): Float64Array | null {
  if (exponent === 0) return null;
  const counts = new Float64Array(nItems);
  for (const item of items) counts[item]++;
  return counts.map((n) => (n === 0 ? 0 : n ** exponent));
}

function usersWithItems({ nUsers, rowStart }: EdgeSampler): Int32Array {
  return Int32Array.from({ length: nUsers }, (_, user) => user).filter((user) => rowStart[user + 1] > rowStart[user]);
}

/** The row of every entry of the lists. */
function rowNumbers(engine: Engine, { rowStart, columns }: EdgeSampler): number {
  const address = engine.allocate(columns.byteLength);
  const rows = engine.i32(address, columns.length);
  for (let r = 0; r + 1 < rowStart.length; r++) rows.fill(r, rowStart[r], rowStart[r + 1]);
  return address;
}

/** One bit a pair of user and item, set where the user took the item; `rowBytes` bytes a user. */
function takenBits(engine: Engine, { nUsers, rowStart, columns }: EdgeSampler, rowBytes: number): number {
  const address = engine.allocate(nUsers * rowBytes);
  const bits = engine.bytes(address, nUsers * rowBytes);
  for (let user = 0; user < nUsers; user++)
    for (let k = rowStart[user]; k < rowStart[user + 1]; k++)
      bits[user * rowBytes + (columns[k] >>> 3)] |= 1 << (columns[k] & 7);
  return address;
}

/**
 * Walker's alias method: draw a cell uniformly, keep it when a 32-bit draw is ≤ its threshold, else take its alias.
 * @param weights non-negative, not all zero
 */
export function aliasTable(weights: Float64Array): { threshold: Uint32Array; alias: Int32Array } {
  const n = weights.length;
  const total = weights.reduce((sum, w) => sum + w, 0);
  const scaled = weights.map((w) => (w * n) / total);
  const threshold = new Uint32Array(n).fill(0xffffffff);
  const alias = Int32Array.from({ length: n }, (_, k) => k);
  const small: number[] = [];
  const large: number[] = [];
  scaled.forEach((w, k) => {
    (w < 1 ? small : large).push(k);
  });
  while (small.length > 0 && large.length > 0) {
    const poor = small.pop() as number;
    const rich = large[large.length - 1];
    threshold[poor] = Math.min(0xffffffff, Math.floor(scaled[poor] * 2 ** 32));
    alias[poor] = rich;
    scaled[rich] -= 1 - scaled[poor];
    if (scaled[rich] < 1) small.push(large.pop() as number);
  }
  return { threshold, alias };
}
