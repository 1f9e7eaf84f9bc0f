/**
 * A large symmetric positive definite matrix in the engine's memory and its inverse in place. Blocks of rows are eliminated one
 * after the other on the upper triangle (the sweep operator, Goodnight: A Tutorial on the SWEEP Operator. The American
 * Statistician 33, 1979), each through the Cholesky factor of its own block, so that all updates are A − Z Zᵀ. That does
 * what the Cholesky factor of A, its inverse and their product would do, in one pass, and is as accurate; the textbook
 * update A − W D Wᵀ with D = A_KK⁻¹ loses up to as many digits again as the condition number has. The bulk of the n³
 * operations is one float64 matrix product for each block, on all threads.
 */
import { DeepTasteError } from '../../core/errors.ts';
import * as code from '../kernels/opcodes.ts';
import type { Engine } from '../runtime/engine.ts';
import { choleskyFactor, invertUpperTriangular, multiplyByTranspose } from './cholesky.ts';

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
   * Sweeps the rows K = start … start+width. With A_KK = UᵀU, V = U⁻¹ and Z = A_{·K} V, rows and columns outside K become
   * A − Z Zᵀ, the block column becomes Z Vᵀ, the block itself −V Vᵀ. After all sweeps the matrix is −A⁻¹.
   */
  #sweep(start: number, width: number, buffers: SweepBuffers): void {
    const { stride } = this;
    const v = this.#pivotFactor(start, width);
    const wide = Math.ceil(width / 4) * 4;
    this.#readColumns(start, width, buffers.values(buffers.w, wide), wide);
    buffers.packSquare(v, width, false);
    buffers.values(buffers.z, wide).fill(0);
    buffers.multiply(buffers.w, wide, buffers.square, buffers.z, wide, wide, width, 0);
    buffers.packNegatedTranspose(wide, width);
    buffers.multiply(buffers.z, wide, buffers.panels, this.#address, stride, stride, width, code.UPPER_64);
    buffers.packSquare(v, width, true);
    buffers.values(buffers.w, wide).fill(0);
    buffers.multiply(buffers.z, wide, buffers.square, buffers.w, wide, wide, width, 0);
    multiplyByTranspose(v, width);
    this.#writeColumns(start, width, buffers.values(buffers.w, wide), wide, v);
  }

  /** V = U⁻¹ of the block A_KK = UᵀU, upper triangle, what is below is not used. */
  #pivotFactor(start: number, width: number): Float64Array {
    const { values, stride } = this;
    const v = new Float64Array(width * width);
    for (let i = 0; i < width; i++)
      for (let j = i; j < width; j++) v[i * width + j] = values[(start + i) * stride + start + j];
    const failed = choleskyFactor(v, width);
    if (failed >= 0)
      throw new DeepTasteError(
        'numeric',
        `matrix inverse: must be positive definite, but pivot ${start + failed} of ${this.n} is not; raise the regularization`,
        { pivot: start + failed },
      );
    invertUpperTriangular(v, width);
    return v;
  }

  /** The block column A_{·K}, [n × wide]. */
  #readColumns(start: number, width: number, w: Float64Array, wide: number): void {
    const { values, stride, n } = this;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < width; j++) {
        const column = start + j;
        w[i * wide + j] = i <= column ? values[i * stride + column] : values[column * stride + i];
      }
  }

  #writeColumns(start: number, width: number, g: Float64Array, wide: number, pivotInverse: Float64Array): void {
    const { values, stride, n } = this;
    for (let i = 0; i < start; i++) for (let j = 0; j < width; j++) values[i * stride + start + j] = g[i * wide + j];
    for (let i = 0; i < width; i++)
      for (let j = i; j < width; j++) values[(start + i) * stride + start + j] = -pivotInverse[i * width + j];
    for (let j = 0; j < width; j++)
      for (let i = start + width; i < n; i++) values[(start + j) * stride + i] = g[i * wide + j];
  }
}

/** Working memory of the sweeps: W and Z [n × block], −Zᵀ and a square matrix in panels of four columns. */
class SweepBuffers {
  readonly w: number;
  readonly z: number;
  readonly panels: number;
  readonly square: number;
  readonly #record: number;
  readonly #engine: Engine;
  readonly #n: number;
  readonly #stride: number;

  constructor(engine: Engine, n: number, stride: number) {
    this.#engine = engine;
    this.#n = n;
    this.#stride = stride;
    this.w = engine.allocate(n * BLOCK * 8);
    this.z = engine.allocate(n * BLOCK * 8);
    this.panels = engine.allocate(stride * BLOCK * 8);
    this.square = engine.allocate(BLOCK * BLOCK * 8);
    this.#record = engine.allocate(code.GEMM_64_WORDS * 4);
  }

  free(): void {
    for (const address of [this.w, this.z, this.panels, this.square, this.#record]) this.#engine.free(address);
  }

  values(address: number, wide: number): Float64Array {
    return this.#engine.f64(address, this.#n * wide);
  }

  packNegatedTranspose(wide: number, width: number): void {
    const z = this.values(this.z, wide);
    const panels = this.#engine.f64(this.panels, this.#stride * width).fill(0);
    for (let i = 0; i < this.#n; i++) {
      const column = (i >> 2) * width * 4 + (i & 3);
      for (let k = 0; k < width; k++) panels[column + k * 4] = -z[i * wide + k];
    }
  }

  /** @param v upper triangular */
  packSquare(v: Float64Array, width: number, transposed: boolean): void {
    const panels = this.#engine.f64(this.square, Math.ceil(width / 4) * 4 * width).fill(0);
    for (let k = 0; k < width; k++)
      for (let j = k; j < width; j++) {
        const [row, column] = transposed ? [j, k] : [k, j];
        panels[(column >> 2) * width * 4 + row * 4 + (column & 3)] = v[k * width + j];
      }
  }

  /** C[n × columns] += A[n × k] · B, with B in panels of four columns, on all threads. */
  multiply(
    a: number,
    aRow: number,
    b: number,
    c: number,
    cRow: number,
    columns: number,
    k: number,
    flags: number,
  ): void {
    const record = this.#engine.i32(this.#record, code.GEMM_64_WORDS);
    record.set([a, aRow, 1, b, 4, 4 * k, c, cRow, this.#n, columns, k, flags]);
    this.#engine.run(code.JOB_GEMM_64, this.#record);
  }
}
