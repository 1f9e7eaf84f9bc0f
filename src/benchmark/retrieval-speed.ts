/** The exact ten best items of one query, against one reading of the table by the same threads. */
import type { RandomStream } from '../core/random.ts';
import * as code from '../engine/kernels/opcodes.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { Retrieval } from '../engine/runtime/retrieval.ts';
import type { Effort } from './effort.ts';
import { callsFor, interleave, median, secondsOf } from './timing.ts';

const K = 10;
const WIDTH = 64;
/** Items that a person took. */
const TAKEN = 100;

export const retrievalSizes: readonly number[] = [10_000, 100_000, 1_000_000];

export interface RetrievalSpeed {
  readonly nItems: number;
  readonly threads: number;
  /** Median of a query, ms. */
  readonly queryMs: number;
  /** Median of one reading of the table, timed in turn with the queries, ms. */
  readonly passMs: number;
  /** Median over the rounds of the one by the other. */
  readonly passes: number;
  /** By one thread, median over the rounds. */
  readonly speedup: number;
}

/** One size after the other; the engines in turn. */
export function measureRetrieval(
  engines: readonly Engine[],
  sizes: readonly number[],
  effort: Effort,
  random: RandomStream,
): RetrievalSpeed[] {
  return sizes.flatMap((nItems) => {
    const items = Float32Array.from({ length: nItems * WIDTH }, () => random.uniform() - 0.5);
    const searches = engines.map((engine) => new Search(engine, items, effort, random));
    const tasks = Object.fromEntries(
      searches.flatMap((search, n) => [
        [`pass ${n}`, () => search.pass()],
        [`query ${n}`, () => search.query()],
      ]),
    );
    const times = interleave(effort.bursts, tasks);
    for (const search of searches) search.free();
    const alone = engines.findIndex(({ threads }) => threads === 1);
    return engines.map(({ threads }, n) => {
      const [query, pass] = [times[`query ${n}`], times[`pass ${n}`]];
      return {
        nItems,
        threads,
        queryMs: 1000 * median(query),
        passMs: 1000 * median(pass),
        passes: median(query.map((seconds, round) => seconds / pass[round])),
        speedup: median(query.map((seconds, round) => times[`query ${alone < 0 ? n : alone}`][round] / seconds)),
      };
    });
  });
}

/** A table on an engine, with a query that leaves taken items out. */
class Search {
  readonly #engine: Engine;
  readonly #retrieval: Retrieval;
  readonly #query: Float32Array;
  readonly #taken: Int32Array;
  readonly #record: number;
  readonly #calls: number;

  constructor(engine: Engine, items: Float32Array, effort: Effort, random: RandomStream) {
    this.#engine = engine;
    this.#retrieval = new Retrieval(engine, items, WIDTH);
    this.#query = Float32Array.from({ length: WIDTH }, () => random.uniform() - 0.5);
    this.#taken = Int32Array.from({ length: TAKEN }, () => random.below(items.length / WIDTH)).sort();
    this.#record = this.#readingRecord();
    this.#calls = callsFor(effort.burstMs, () => this.#search());
    this.query();
    this.pass();
  }

  /** Every thread reads its share of the table. */
  #readingRecord(): number {
    const { address, bytes } = this.#retrieval.table;
    const record = this.#engine.allocate(code.MEASURE_WORDS * 4);
    const words = this.#engine.i32(record, code.MEASURE_WORDS);
    const share = Math.floor(bytes / this.#engine.threads / 128) * 128;
    words[code.MEASURE_KIND] = code.MEASURE_READ;
    words[code.MEASURE_ROUNDS] = 1;
    words[code.MEASURE_MEMORY] = address;
    words[code.MEASURE_STRIDE] = share;
    words[code.MEASURE_SIZE] = share;
    return record;
  }

  #search(): void {
    this.#retrieval.search(this.#query, { k: K, excluded: this.#taken });
  }

  /** Seconds of a query. */
  query(): number {
    return this.#seconds(() => this.#search());
  }

  /** Seconds of a reading. */
  pass(): number {
    return this.#seconds(() => this.#engine.run(code.JOB_MEASURE, this.#record));
  }

  #seconds(work: () => void): number {
    const seconds = secondsOf(() => {
      for (let n = 0; n < this.#calls; n++) work();
    });
    return seconds / this.#calls;
  }

  free(): void {
    this.#retrieval.free();
    this.#engine.free(this.#record);
  }
}
