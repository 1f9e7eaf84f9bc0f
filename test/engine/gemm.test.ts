import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import * as code from '../../src/engine/kernels/opcodes.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { canRun } from '../../src/engine/runtime/kernel-file.ts';
import type { KernelExports } from '../../src/engine/runtime/kernel-instance.ts';
import { wideEngines } from './wide-engines.ts';

/** Arguments as documented in kernels/gemm.ts. */
type Gemm = (...words: readonly number[]) => void;
const gemmOf = (engine: Engine): Gemm => (engine.kernels as KernelExports & { gemm: Gemm }).gemm;

const engines = [
  new Engine({ threads: 1, kernels: 'relaxed', blas: 'off' }),
  new Engine({ threads: 1, kernels: 'simd', blas: 'off' }),
  ...wideEngines(),
];
const pool = new Engine({ threads: 3 });
afterAll(() => {
  for (const engine of [...engines, pool]) engine.close();
});

/** How A and B lie in memory. */
interface Orientation {
  readonly transposedA: boolean;
  readonly b: 'in place' | 'packed' | 'packed from its transpose';
}

const orientations: Orientation[] = [false, true].flatMap((transposedA) =>
  (['in place', 'packed', 'packed from its transpose'] as const).map((b) => ({ transposedA, b })),
);

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly flags: number;
  readonly orientation: Orientation;
}

/** A product in the engine's memory; B in place is followed by NaN, C's rows by a mark that must survive. */
class Placed {
  readonly product: Product;
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly c: Float64Array;
  readonly bias: Float64Array;
  readonly words: number[];
  readonly #engine: Engine;
  readonly #addresses: number[] = [];
  static readonly mark = 12345;

  constructor(engine: Engine, product: Product, random: RandomStream) {
    this.#engine = engine;
    this.product = product;
    const { m, n, k, flags, orientation } = product;
    const draw = (length: number) => Float64Array.from({ length }, () => Math.fround(2 * random.uniform() - 1));
    [this.a, this.b, this.c, this.bias] = [draw(m * k), draw(k * n), draw(m * n), draw(n)];
    const aAddress = this.#place(orientation.transposedA ? transposed(this.a, m, k) : this.a);
    const [aRow, aK] = orientation.transposedA ? [1, m] : [k, 1];
    const [b, bK, bPanel] = this.#placeB();
    const rows = new Float64Array(m * this.#cRow + 1).fill(Placed.mark);
    for (let i = 0; i < m; i++) rows.set(this.c.subarray(i * n, (i + 1) * n), i * this.#cRow);
    const c = this.#place(rows);
    this.words = [aAddress, aRow, aK, b, bK, bPanel, c, this.#cRow, m, n, k, flags, this.#place(this.bias)];
  }

  get #cRow(): number {
    return this.product.n + 3;
  }

  #place(values: Float64Array): number {
    const padded = new Float32Array(values.length + 16).fill(Number.NaN);
    padded.set(values);
    const address = this.#engine.place(padded);
    this.#addresses.push(address);
    return address;
  }

  #placeB(): [address: number, bK: number, bPanel: number] {
    const { n, k, orientation } = this.product;
    if (orientation.b === 'in place') return [this.#place(this.b), n, 8];
    const isTransposed = orientation.b !== 'packed';
    const source = this.#place(isTransposed ? transposed(this.b, k, n) : this.b);
    const panels = this.#place(new Float64Array(Math.ceil(n / 8) * k * 8));
    const [row, column] = isTransposed ? [1, k] : [n, 1];
    this.#engine.kernels.packPanels(source, row, column, panels, k, n);
    return [panels, 8, 8 * k];
  }

  /** The first wrong element as text, '' when the result and the marks around it are right. */
  fault(): string {
    const { m, n, k, flags } = this.product;
    const got = this.#engine.f32(this.words[6], m * this.#cRow);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = flags & code.FLAG_ACCUMULATE ? this.c[i * n + j] : 0;
        for (let p = 0; p < k; p++) sum += this.a[i * k + p] * this.b[p * n + j];
        if (flags & code.FLAG_BIAS) sum += this.bias[j];
        if (flags & code.FLAG_RELU) sum = Math.max(0, sum);
        const value = got[i * this.#cRow + j];
        if (!(Math.abs(value - sum) <= (k + 3) * 2 ** -23)) return `[${i}, ${j}] is ${value} instead of ${sum}`;
      }
      for (let j = n; j < this.#cRow; j++) if (got[i * this.#cRow + j] !== Placed.mark) return `row ${i} was overrun`;
    }
    return '';
  }

  /** C as it lies in memory. */
  bytes(): Buffer {
    const { m } = this.product;
    return Buffer.from(this.#engine.bytes(this.words[6], m * this.#cRow * 4));
  }

  free(): void {
    for (const address of this.#addresses) this.#engine.free(address);
  }
}

function transposed(values: Float64Array, rows: number, cols: number): Float64Array {
  return Float64Array.from({ length: rows * cols }, (_, k) => values[(k % rows) * cols + Math.floor(k / rows)]);
}

function faultOf(engine: Engine, product: Product, run: (words: readonly number[]) => void): string {
  const { m, n, k, flags } = product;
  const placed = new Placed(engine, product, new RandomStream(m * 7919 + n * 131 + k, 'gemm'));
  run(placed.words);
  const fault = placed.fault();
  placed.free();
  return fault && `${m} × ${k} × ${n}, flags ${flags}: ${fault}`;
}

const sides = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 31, 49, 70];
const depths = [0, 1, 2, 5, 17, 70];
const deep = [
  { m: 7, n: 9, k: 383 },
  { m: 5, n: 17, k: 384 },
  { m: 9, n: 8, k: 385 },
  { m: 3, n: 5, k: 769 },
  { m: 300, n: 33, k: 40 },
  { m: 41, n: 257, k: 130 },
];

describe.each(engines)('gemm ($build)', (engine) => {
  it.each(orientations)('equals the float64 product, A transposed: $transposedA, B $b', (orientation) => {
    let flags = 0;
    const shapes = sides.flatMap((m) => sides.flatMap((n) => depths.map((k) => ({ m, n, k }))));
    for (const shape of [...shapes, ...deep, ...deep]) {
      flags = (flags + 1) % 8;
      expect(faultOf(engine, { ...shape, flags, orientation }, (words) => gemmOf(engine)(...words))).toBe('');
    }
  });

  it('takes every combination of flags in one pass over k and in several', () => {
    for (let flags = 0; flags < 8; flags++)
      for (const k of [20, 400])
        for (const orientation of orientations) {
          const product = { m: 11, n: 21, k, flags, orientation };
          expect(faultOf(engine, product, (words) => gemmOf(engine)(...words))).toBe('');
        }
  });

  it('keeps NaN through the fused rectifier', () => {
    for (const n of [3, 8, 16]) {
      const placed = new Placed(
        engine,
        { m: 2, n, k: 4, flags: code.FLAG_RELU, orientation: orientations[0] },
        new RandomStream(1, 'NaN'),
      );
      engine.f32(placed.words[0], 1)[0] = Number.NaN;
      gemmOf(engine)(...placed.words);
      expect(engine.f32(placed.words[6], n).every(Number.isNaN)).toBe(true);
      expect(engine.f32(placed.words[6] + placed.words[7] * 4, n).some(Number.isNaN)).toBe(false);
      placed.free();
    }
  });
});

it('cuts a large product over threads', () => {
  const run = (words: readonly number[]): void => {
    const record = pool.place(Int32Array.from(words));
    pool.run(code.JOB_GEMM, record);
    pool.free(record);
  };
  for (const m of [0, 1, 47, 48, 49, 200])
    expect(faultOf(pool, { m, n: 19, k: 30, flags: code.FLAG_BIAS, orientation: orientations[1] }, run)).toBe('');
});

it.runIf(canRun('wide'))('gives the same bytes with vectors of 128 and of 256 bits', () => {
  const [relaxed, , wide] = engines;
  for (const m of [1, 4, 5, 6, 7, 8, 14, 47])
    for (const n of [1, 8, 15, 16, 17, 24, 40])
      for (const k of [1, 30, 400])
        for (const orientation of orientations) {
          const product = { m, n, k, flags: (m + n + k) % 8, orientation };
          const [first, second] = [relaxed, wide].map((engine) => {
            const placed = new Placed(engine, product, new RandomStream(m + n + k, 'same bytes'));
            gemmOf(engine)(...placed.words);
            const bytes = placed.bytes();
            placed.free();
            return bytes;
          });
          expect(second.equals(first)).toBe(true);
        }
});
