/**
 * The best items of one query by dot product, exactly: one pass over the items on all threads, scores and choice fused, so that a
 * request neither allocates nor writes a score for every item. What serves recommendations of models with item vectors.
 */
import { DeepTasteError } from '../../core/errors.ts';
import * as code from '../kernels/opcodes.ts';
import type { Engine } from './engine.ts';

export interface Retrieved {
  /** Best first, of equal scores the lower index first; fewer than asked for where there are no more. */
  readonly items: Int32Array;
  readonly scores: Float32Array;
}

export interface RetrieveOptions {
  /** Items wanted. */
  readonly k: number;
  /** Items that are not wanted, ascending. */
  readonly excluded?: Int32Array;
}

/** Rows that are packed at a time: a copy of the whole table would need as much memory again. */
const PACKED_ROWS = 4096;
/** Below this size one thread is done before others have woken up. */
const ALONE_BYTES = 2 * 1024 * 1024;

/** A table of item vectors in the engine's memory, ready for queries. */
export class Retrieval {
  readonly width: number;
  readonly nItems: number;
  readonly #engine: Engine;
  readonly #panels: number;
  readonly #query: number;
  readonly #record: number;
  #heaps = 0;
  #heapCapacity = 0;
  #excluded = 0;
  #excludedCapacity = 0;

  /**
   * @param items [nItems × width], copied
   * @throws 'shape' for a table that is no whole number of rows, or empty
   */
  constructor(engine: Engine, items: Float32Array, width: number) {
    if (!Number.isInteger(width) || width < 1 || items.length === 0 || items.length % width !== 0)
      throw new DeepTasteError(
        'shape',
        `retrieval: the table must be whole rows of ${width} numbers, got ${items.length} numbers`,
      );
    this.#engine = engine;
    this.width = width;
    this.nItems = items.length / width;
    // four panels of eight items are read at a time
    this.#panels = engine.allocate(Math.ceil(this.nItems / 32) * 32 * width * 4 + 64);
    this.#query = engine.allocate(width * 4);
    this.#record = engine.allocate(code.RETRIEVE_WORDS * 4);
    this.#pack(items);
    const words = engine.i32(this.#record, code.RETRIEVE_WORDS);
    words[code.RETRIEVE_PANELS] = this.#panels;
    words[code.RETRIEVE_N_ITEMS] = this.nItems;
    words[code.RETRIEVE_WIDTH] = width;
    words[code.RETRIEVE_QUERY] = this.#query;
  }

  #pack(items: Float32Array): void {
    const { width, nItems } = this;
    const engine = this.#engine;
    const rows = Math.min(PACKED_ROWS, nItems);
    const source = engine.allocate(rows * width * 4 + 64);
    for (let from = 0; from < nItems; from += rows) {
      const n = Math.min(rows, nItems - from);
      engine.f32(source, n * width).set(items.subarray(from * width, (from + n) * width));
      engine.kernels.packPanels(source, 1, width, this.#panels + from * width * 4, width, n);
    }
    engine.free(source);
  }

  /** Address and size of the packed table, for measurements. */
  get table(): { readonly address: number; readonly bytes: number } {
    return { address: this.#panels, bytes: Math.ceil(this.nItems / 32) * 32 * this.width * 4 };
  }

  /**
   * The best `k` items for a query. NaN and −∞ are never among them.
   * @param query [width]
   * @throws 'shape' for a query of another length, k below 1, or exclusions that are no ascending items of the table
   */
  search(query: Float32Array, { k, excluded }: RetrieveOptions): Retrieved {
    this.#check(query, k, excluded);
    const engine = this.#engine;
    const wanted = Math.min(k, this.nItems);
    this.#makeRoom(wanted, excluded?.length ?? 0);
    engine.f32(this.#query, this.width).set(query);
    if (excluded) engine.i32(this.#excluded, excluded.length).set(excluded);
    const words = engine.i32(this.#record, code.RETRIEVE_WORDS);
    words[code.RETRIEVE_K] = wanted;
    words[code.RETRIEVE_EXCLUDED] = this.#excluded;
    words[code.RETRIEVE_N_EXCLUDED] = excluded?.length ?? 0;
    words[code.RETRIEVE_HEAPS] = this.#heaps;
    words[code.RETRIEVE_HEAP_BYTES] = heapBytes(this.#heapCapacity);
    const isAlone = engine.threads === 1 || this.table.bytes <= ALONE_BYTES;
    if (isAlone) engine.kernels.retrieveAlone(this.#record);
    else engine.run(code.JOB_RETRIEVE, this.#record);
    return this.#joined(wanted, isAlone ? 1 : engine.threads);
  }

  #check(query: Float32Array, k: number, excluded: Int32Array | undefined): void {
    const refuse = (what: string): never => {
      throw new DeepTasteError('shape', `retrieval: ${what}`);
    };
    if (query.length !== this.width) refuse(`the query must have ${this.width} numbers, got ${query.length}`);
    if (!Number.isInteger(k) || k < 1) refuse(`k must be a positive integer, got ${k}`);
    for (let n = 0; n < (excluded?.length ?? 0); n++) {
      const item = (excluded as Int32Array)[n];
      if (item < 0 || item >= this.nItems || (n > 0 && item < (excluded as Int32Array)[n - 1]))
        refuse(`excluded items must ascend within [0, ${this.nItems}), got ${item} at place ${n}`);
    }
  }

  #makeRoom(k: number, nExcluded: number): void {
    const engine = this.#engine;
    if (k > this.#heapCapacity) {
      if (this.#heaps) engine.free(this.#heaps);
      this.#heapCapacity = Math.max(16, k);
      this.#heaps = engine.allocate(heapBytes(this.#heapCapacity) * engine.threads);
    }
    if (nExcluded > this.#excludedCapacity) {
      if (this.#excluded) engine.free(this.#excluded);
      this.#excludedCapacity = 2 * nExcluded;
      this.#excluded = engine.allocate(this.#excludedCapacity * 4);
    }
  }

  /** The best of all threads' heaps. */
  #joined(k: number, threads: number): Retrieved {
    const engine = this.#engine;
    const found: { item: number; score: number }[] = [];
    for (let thread = 0; thread < threads; thread++) {
      const heap = this.#heaps + thread * heapBytes(this.#heapCapacity);
      const [count] = engine.i32(heap, 1);
      const scores = engine.f32(heap + code.RETRIEVE_HEAD_BYTES, k);
      const items = engine.i32(heap + code.RETRIEVE_HEAD_BYTES + k * 4, k);
      for (let n = 0; n < count; n++) found.push({ item: items[n], score: scores[n] });
    }
    found.sort((a, b) => b.score - a.score || a.item - b.item);
    const best = found.slice(0, k);
    return {
      items: Int32Array.from(best, ({ item }) => item),
      scores: Float32Array.from(best, ({ score }) => score),
    };
  }

  free(): void {
    for (const address of [this.#panels, this.#query, this.#record, this.#heaps, this.#excluded])
      if (address) this.#engine.free(address);
  }
}

/** As laid out in kernels/retrieval.ts; threads do not share cache lines. */
function heapBytes(k: number): number {
  return Math.ceil((code.RETRIEVE_HEAD_BYTES + k * 8) / 128) * 128 + 128;
}
