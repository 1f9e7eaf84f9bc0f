/**
 * Arrays of doubles in a WebAssembly memory of their own, and products of their rows on the calling thread: for what is asked one small
 * question after the other, where handing it to threads would take longer than the answer. It ends with whoever holds it.
 */
import { readKernelFile } from './kernel-file.ts';

interface Kernels {
  readonly memory: WebAssembly.Memory;
  rowProducts(m: number, x: number, n: number, rows: number, out: number): void;
  squareForms(s: number, u: number, n: number, rows: number, out: number): void;
}

/** Compiled once a process. */
let compiled: WebAssembly.Module | undefined;

const PAGE = 65_536;

/** The least even number of at least n: rows are that long, what is behind their end must stay 0. */
export const evenLength = (n: number): number => n + (n & 1);

export class DoubleRows<N extends string> {
  /** Zeros at first. */
  readonly arrays: Readonly<Record<N, Float64Array>>;
  readonly #kernels: Kernels;

  /** @param lengths of the arrays, in doubles */
  constructor(lengths: Readonly<Record<N, number>>) {
    compiled ??= new WebAssembly.Module(readKernelFile('double'));
    this.#kernels = new WebAssembly.Instance(compiled).exports as unknown as Kernels;
    const { memory } = this.#kernels;
    const names = Object.keys(lengths) as N[];
    // arrays begin at lines of the cache
    const bytesOf = (name: N): number => Math.ceil(lengths[name] / 8) * 64;
    let at = 64;
    const end = names.reduce((sum, name) => sum + bytesOf(name), at);
    memory.grow(Math.max(0, Math.ceil(end / PAGE) - memory.buffer.byteLength / PAGE));
    const placed = names.map((name) => {
      const array = new Float64Array(memory.buffer, at, lengths[name]);
      at += bytesOf(name);
      return [name, array] as const;
    });
    this.arrays = Object.fromEntries(placed) as Record<N, Float64Array>;
  }

  /**
   * out[r] = Σ_i m[r, i] x[i] for all rows r of m that fit into `out`.
   * @param m [rows × n], x [n], out [rows]; n even
   */
  rowProducts(m: Float64Array, x: Float64Array, out: Float64Array): void {
    this.#kernels.rowProducts(m.byteOffset, x.byteOffset, x.length, out.length, out.byteOffset);
  }

  /** out[r] = u_rᵀ S u_r. @param s symmetric [n × n], u [rows × n], out [rows]; n even */
  squareForms(s: Float64Array, u: Float64Array, out: Float64Array): void {
    this.#kernels.squareForms(s.byteOffset, u.byteOffset, u.length / out.length, out.length, out.byteOffset);
  }
}
