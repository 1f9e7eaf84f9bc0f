/**
 * A large symmetric positive definite matrix in the engine's memory and its inverse: blocked Gauss–Jordan elimination
 * (the sweep operator, Goodnight: A Tutorial on the SWEEP Operator. The American Statistician 33, 1979) on the upper triangle.
 * For such matrices elimination needs no pivoting and stays as accurate as Cholesky's. The bulk of the n³ operations is one
 * float64 matrix product for each block, on all threads.
 */
import { DeepTasteError } from '../../core/errors.ts';
import * as code from '../kernels/opcodes.ts';
import type { Engine } from '../runtime/engine.ts';
import { invertPositiveDefinite } from './cholesky.ts';

/** Columns eliminated at a time: wide enough for few passes over the matrix, its inverse small enough for plain loops. */
const BLOCK = 128;

export class SymmetricMatrix {
  readonly n: number;
  /** Values between the starts of two rows: n rounded up to a multiple of four, as the product needs it. */
  readonly stride: number;
  /** [n × stride]; only the upper triangle means something. */
  readonly values: Float64Array;
  readonly #engine: Engine;
  readonly #address: number;

  /** A zero matrix. @throws 'memory' when n × n float64 values do not fit */
  constructor(engine: Engine, n: number) {
    this.n = n;
    this.stride = Math.ceil(n / 4) * 4;
    this.#engine = engine;
    this.#address = engine.allocate(n * this.stride * 8);
    this.values = engine.f64(this.#address, n * this.stride);
  }

  free(): void {
    this.#engine.free(this.#address);
  }

  /**
   * Replaces the matrix by its inverse (upper triangle).
   * @param onProgress called with the number of rows eliminated so far
   * @throws 'numeric' when the matrix is not positive definite
   */
  invert(onProgress: (rows: number) => void = () => {}): void {
    const buffers = new SweepBuffers(this.#engine, this.n, this.stride);
    try {
      for (let start = 0; start < this.n; start += BLOCK) {
        const width = Math.min(BLOCK, this.n - start);
        this.#sweep(start, width, buffers);
        onProgress(start + width);
      }
    } finally {
      buffers.free();
    }
    for (let k = 0; k < this.values.length; k++) this.values[k] = -this.values[k];
  }

  /**
   * Sweeps the rows K = start … start+width. With W = A_{·K}, D = A_KK⁻¹ and G = W D, rows and columns outside K become
   * A − G Wᵀ, the block column becomes G, the block itself −D. After all sweeps the matrix is −A⁻¹.
   */
  #sweep(start: number, width: number, buffers: SweepBuffers): void {
    const pivot = this.#pivotInverse(start, width);
    this.#readColumns(start, width, buffers);
    buffers.placePivot(pivot, width);
    const wide = Math.ceil(width / 4) * 4;
    buffers.multiply(buffers.columns, width, buffers.pivot, buffers.result, wide, this.n, wide, width, 0);
    buffers.multiply(
      buffers.result,
      wide,
      buffers.panels,
      this.#address,
      this.stride,
      this.n,
      this.stride,
      width,
      code.UPPER_64,
    );
    this.#writeColumns(start, width, wide, pivot, buffers);
  }

  #pivotInverse(start: number, width: number): Float64Array {
    const { values, stride } = this;
    const pivot = new Float64Array(width * width);
    for (let i = 0; i < width; i++)
      for (let j = i; j < width; j++) pivot[i * width + j] = values[(start + i) * stride + start + j];
    const failed = invertPositiveDefinite(pivot, width);
    if (failed >= 0)
      throw new DeepTasteError(
        'numeric',
        `matrix inverse: must be positive definite, but pivot ${start + failed} of ${this.n} is not; raise the regularisation`,
        { pivot: start + failed },
      );
    return pivot;
  }

  /** W [n × width], and −Wᵀ in panels of four columns. */
  #readColumns(start: number, width: number, buffers: SweepBuffers): void {
    const { values, stride, n } = this;
    const w = buffers.columnValues(width);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < width; j++) {
        const column = start + j;
        w[i * width + j] = i <= column ? values[i * stride + column] : values[column * stride + i];
      }
    buffers.packNegated(w, n, width);
  }

  #writeColumns(start: number, width: number, wide: number, pivot: Float64Array, buffers: SweepBuffers): void {
    const { values, stride, n } = this;
    const g = buffers.resultValues(wide);
    for (let i = 0; i < start; i++) for (let j = 0; j < width; j++) values[i * stride + start + j] = g[i * wide + j];
    for (let i = 0; i < width; i++)
      for (let j = i; j < width; j++) values[(start + i) * stride + start + j] = -pivot[i * width + j];
    for (let j = 0; j < width; j++)
      for (let i = start + width; i < n; i++) values[(start + j) * stride + i] = g[i * wide + j];
  }
}

/** Working memory of the sweeps: W, −Wᵀ packed, D packed, G. */
class SweepBuffers {
  readonly columns: number;
  readonly panels: number;
  readonly pivot: number;
  readonly result: number;
  readonly #record: number;
  readonly #engine: Engine;
  readonly #n: number;
  readonly #stride: number;

  constructor(engine: Engine, n: number, stride: number) {
    this.#engine = engine;
    this.#n = n;
    this.#stride = stride;
    this.columns = engine.allocate(n * BLOCK * 8);
    this.panels = engine.allocate(stride * BLOCK * 8);
    this.pivot = engine.allocate(BLOCK * BLOCK * 8);
    this.result = engine.allocate(n * BLOCK * 8);
    this.#record = engine.allocate(code.GEMM_64_WORDS * 4);
  }

  free(): void {
    for (const address of [this.columns, this.panels, this.pivot, this.result, this.#record])
      this.#engine.free(address);
  }

  columnValues(width: number): Float64Array {
    return this.#engine.f64(this.columns, this.#n * width);
  }

  resultValues(wide: number): Float64Array {
    return this.#engine.f64(this.result, this.#n * wide);
  }

  packNegated(w: Float64Array, n: number, width: number): void {
    const panels = this.#engine.f64(this.panels, this.#stride * width).fill(0);
    for (let i = 0; i < n; i++) {
      const column = (i >> 2) * width * 4 + (i & 3);
      for (let k = 0; k < width; k++) panels[column + k * 4] = -w[i * width + k];
    }
  }

  placePivot(pivot: Float64Array, width: number): void {
    const wide = Math.ceil(width / 4) * 4;
    const panels = this.#engine.f64(this.pivot, wide * width).fill(0);
    for (let k = 0; k < width; k++)
      for (let j = 0; j < width; j++) panels[(j >> 2) * width * 4 + k * 4 + (j & 3)] = pivot[k * width + j];
    this.#engine.f64(this.result, this.#n * wide).fill(0);
  }

  /** C[m × n] += A[m × k] · B, with B in panels of four columns, on all threads. */
  multiply(
    a: number,
    aRow: number,
    b: number,
    c: number,
    cRow: number,
    m: number,
    n: number,
    k: number,
    flags: number,
  ): void {
    const record = this.#engine.i32(this.#record, code.GEMM_64_WORDS);
    record.set([a, aRow, 1, b, 4, 4 * k, c, cRow, m, n, k, flags]);
    this.#engine.run(code.JOB_GEMM_64, this.#record);
  }
}
