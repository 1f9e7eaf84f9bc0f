/**
 * What the machine can do at best: multiply-adds, products of the system BLAS, copying, gathering rows; on one thread and on all
 * at the same time.
 */
import type { RandomStream } from '../core/random.ts';
import * as code from '../engine/kernels/opcodes.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Effort } from './effort.ts';
import { burstRate, callsFor, interleave } from './timing.ts';

const ROUNDS_OF_CALL = 40_000;
const FLOP_OF_ROUND = 160;
/** Rows of the square matrices whose product shows the BLAS at its best: large enough for its blocking. */
const PRODUCT_ROWS = 768;
const GATHERED_BYTES = code.MEASURE_GATHER_ROWS * 64 * 4;
/** Rows of a table like that of the users of MovieLens-1M. */
const SMALL_TABLE_ROWS = 6040;

export interface MachineLimits {
  readonly threads: number;
  /** Multiply-adds on vectors of the kernels' width, FLOP/s. */
  readonly flopPerSecond: number;
  /** Products of large matrices by the system BLAS, FLOP/s; null = there is none. */
  readonly blasFlopPerSecond: number | null;
  /** Copying of large arrays, bytes read + bytes written per second. */
  readonly copyBytesPerSecond: number;
  /** Random rows of 64 floats from a table of 1.5 MB, bytes gathered per second. */
  readonly gatherBytesPerSecond: number;
  /** The same from a table far larger than the caches. */
  readonly largeGatherBytesPerSecond: number;
}

/**
 * The best of all bursts. The engines are measured in turn.
 * @param withBlas engines with the system BLAS, for the same numbers of threads; empty = there is none
 */
export function measureMachine(
  engines: readonly Engine[],
  withBlas: readonly Engine[],
  effort: Effort,
  random: RandomStream,
): MachineLimits[] {
  const probes = engines.map((engine) => new Probe(engine, effort, random));
  const blasProbes = withBlas.map((engine) => new Probe(engine, effort, random));
  const tasks = Object.fromEntries([
    ...probes.flatMap((probe, n) => Object.entries(probe.tasks(n))),
    ...blasProbes.map((probe, n) => [`products ${n}`, probe.products()] as const),
  ]);
  const rates = interleave(effort.bursts, tasks);
  for (const probe of [...probes, ...blasProbes]) probe.free();
  const best = (name: string, n: number) => Math.max(...rates[`${name} ${n}`]);
  return engines.map(({ threads }, n) => ({
    threads,
    flopPerSecond: best('multiply-adds', n),
    blasFlopPerSecond: n < withBlas.length ? best('products', n) : null,
    copyBytesPerSecond: best('copy', n),
    gatherBytesPerSecond: best('gather', n),
    largeGatherBytesPerSecond: best('large gather', n),
  }));
}

/** Bytes gathered per second of random rows of 64 floats from a table of `rows` rows; the best of all bursts. */
export function measureGather(engine: Engine, effort: Effort, random: RandomStream, rows: number): number {
  const probe = new Probe(engine, effort, random);
  const task = probe.gatherTask(rows);
  const best = Math.max(...Array.from({ length: effort.bursts }, task));
  probe.free();
  return best;
}

/** One engine's records and memory for the measurements. */
class Probe {
  readonly #engine: Engine;
  readonly #effort: Effort;
  readonly #allocations: number[] = [];
  readonly #random: RandomStream;

  constructor(engine: Engine, effort: Effort, random: RandomStream) {
    this.#engine = engine;
    this.#effort = effort;
    this.#random = random.child(`machine ${engine.threads}`);
  }

  tasks(n: number): Record<string, () => number> {
    const { threads } = this.#engine;
    const largeRows = Math.floor(this.#effort.memoryBytes / 256);
    const half = Math.floor(this.#effort.memoryBytes / 128) * 64;
    return {
      [`multiply-adds ${n}`]: this.#task(this.#multiplyAdds(), threads * ROUNDS_OF_CALL * FLOP_OF_ROUND),
      [`copy ${n}`]: this.#task(this.#copy(half), threads * 2 * half),
      [`gather ${n}`]: this.#task(this.#gather(SMALL_TABLE_ROWS), threads * GATHERED_BYTES),
      [`large gather ${n}`]: this.#task(this.#gather(largeRows), threads * GATHERED_BYTES),
    };
  }

  gatherTask(rows: number): () => number {
    return this.#task(this.#gather(rows), this.#engine.threads * GATHERED_BYTES);
  }

  /** Products of square matrices by the system BLAS. */
  products(): () => number {
    const bytes = 3 * PRODUCT_ROWS ** 2 * 4;
    const record = this.#record(code.MEASURE_BLAS, 1, bytes, PRODUCT_ROWS);
    this.#fill(record, bytes, (memory) => memory.fill(0.001));
    return this.#task(record, this.#engine.threads * 2 * PRODUCT_ROWS ** 3);
  }

  #task(record: number, unitsOfCall: number): () => number {
    const work = () => this.#engine.run(code.JOB_MEASURE, record);
    const calls = callsFor(this.#effort.burstMs, work);
    return () => burstRate(calls, unitsOfCall, work);
  }

  #multiplyAdds(): number {
    const record = this.#record(code.MEASURE_MULTIPLY_ADDS, ROUNDS_OF_CALL, 512, 0);
    // small factors: the sums must not overflow, and must not be subnormal either
    this.#fill(record, 256, (memory) => memory.fill(0.001));
    return record;
  }

  #copy(bytes: number): number {
    return this.#record(code.MEASURE_COPY, 1, 2 * bytes, bytes);
  }

  #gather(tableRows: number): number {
    const bytes = code.MEASURE_GATHER_ROWS * 4 + GATHERED_BYTES + tableRows * 256;
    const record = this.#record(code.MEASURE_GATHER, 1, bytes, tableRows);
    const indices = Int32Array.from({ length: code.MEASURE_GATHER_ROWS }, () => this.#random.below(tableRows));
    this.#fill(record, bytes, (memory) =>
      new Int32Array(memory.buffer, memory.byteOffset, indices.length).set(indices),
    );
    return record;
  }

  #record(kind: number, rounds: number, bytes: number, size: number): number {
    const engine = this.#engine;
    const stride = Math.ceil(bytes / 64) * 64 + 64;
    const memory = engine.allocate(stride * engine.threads);
    const record = engine.allocate(code.MEASURE_WORDS * 4);
    this.#allocations.push(memory, record);
    const words = engine.i32(record, code.MEASURE_WORDS);
    words[code.MEASURE_KIND] = kind;
    words[code.MEASURE_ROUNDS] = rounds;
    words[code.MEASURE_MEMORY] = memory;
    words[code.MEASURE_STRIDE] = stride;
    words[code.MEASURE_SIZE] = size;
    return record;
  }

  /** Prepares every thread's memory. */
  #fill(record: number, bytes: number, write: (memory: Float32Array) => void): void {
    const words = this.#engine.u32(record, code.MEASURE_WORDS);
    for (let thread = 0; thread < this.#engine.threads; thread++)
      write(this.#engine.f32(words[code.MEASURE_MEMORY] + thread * words[code.MEASURE_STRIDE], bytes / 4));
  }

  free(): void {
    for (const address of this.#allocations.splice(0)) this.#engine.free(address);
  }
}
