/**
 * Many ridge regressions that share one table of features, on all threads: the half-step of alternating least squares.
 * The systems are summed and solved in float64; the tables are float32. Results do not depend on the number of threads.
 */
import { DeepTasteError } from '../../core/errors.ts';
import * as code from '../kernels/opcodes.ts';
import type { Engine } from '../runtime/engine.ts';
import type { Lists } from '../runtime/ranking.ts';

/** A float32 table [nRows × width] in the engine's memory. */
interface FactorTable {
  readonly address: number;
  readonly nRows: number;
}

/** The rows to solve: which features each one has, and its penalty. */
interface RidgeTarget {
  readonly out: FactorTable;
  /** Addresses of the CSR of features by row, and of the penalties, f64 [nRows]. */
  readonly rowStart: number;
  readonly columns: number;
  readonly penalties: number;
  /** Address of the weights of the features in the order of the columns, f64; 0 = every one weighs 1. */
  readonly weights: number;
}

export class RidgeRows {
  readonly width: number;
  /** Values between the rows of a Gram matrix: the width rounded up to a multiple of four. */
  readonly stride: number;
  readonly #engine: Engine;
  readonly #allocations: number[] = [];
  readonly #record: number;
  readonly #gram: number;
  readonly #partials: number;
  readonly #work: number;
  readonly #workBytes: number;

  constructor(engine: Engine, width: number) {
    this.#engine = engine;
    this.width = width;
    this.stride = Math.ceil(width / 4) * 4;
    const matrix = this.stride * this.stride * 8;
    // one matrix, one right-hand side, the gathered feature rows; a narrow load may read past the last value
    this.#workBytes = Math.ceil((matrix + (1 + code.RIDGE_GATHERED) * this.stride * 8 + 64) / 64) * 64;
    this.#record = this.#allocate(code.RIDGE_WORDS * 4);
    this.#gram = this.#allocate(matrix);
    this.#partials = this.#allocate(matrix * code.LANES);
    this.#work = this.#allocate(this.#workBytes * engine.threads);
  }

  #allocate(bytes: number): number {
    const address = this.#engine.allocate(bytes);
    this.#allocations.push(address);
    return address;
  }

  /** A table of zeros. */
  table(nRows: number): FactorTable {
    return { address: this.#allocate(nRows * this.width * 4), nRows };
  }

  values(table: FactorTable): Float32Array {
    return this.#engine.f32(table.address, table.nRows * this.width);
  }

  /**
   * @param penalties λ_r of each row, float64
   * @param weights c_ri of each feature of each row, above 0, in the order of the columns; null = 1 each
   */
  target(out: FactorTable, features: Lists, penalties: Float64Array, weights: Float64Array | null = null): RidgeTarget {
    const rowStart = this.#allocate(features.rowStart.byteLength);
    this.#engine.i32(rowStart, features.rowStart.length).set(features.rowStart);
    const columns = this.#allocate(Math.max(4, features.columns.byteLength));
    this.#engine.i32(columns, features.columns.length).set(features.columns);
    const address = this.#allocate(Math.max(8, penalties.byteLength));
    this.#engine.f64(address, penalties.length).set(penalties);
    const weightAddress = weights && weights.length > 0 ? this.#allocate(weights.byteLength) : 0;
    if (weights && weightAddress !== 0) this.#engine.f64(weightAddress, weights.length).set(weights);
    return { out, rowStart, columns, penalties: address, weights: weightAddress };
  }

  /** YᵀY of a table, float64 [width × width], both triangles. */
  gram(table: FactorTable): Float64Array {
    const { width, stride } = this;
    this.#run(code.JOB_GRAM, table, null);
    const partials = this.#engine.f64(this.#partials, code.LANES * stride * stride);
    const sum = new Float64Array(width * width);
    for (let i = 0; i < width; i++)
      for (let j = i; j < width; j++) {
        let value = 0;
        for (let lane = 0; lane < code.LANES; lane++) value += partials[(lane * stride + i) * stride + j];
        sum[i * width + j] = value;
        sum[j * width + i] = value;
      }
    return sum;
  }

  /**
   * Solves  (M + Σ_{i ∈ S_r} c_ri y_i y_iᵀ + λ_r I) x_r = Σ_{i ∈ S_r} c_ri y_i  for every row r of the target; x = 0 where S_r is empty.
   * @param shared M, float64 [width × width]
   * @throws 'numeric' when a system is not positive definite to working precision
   */
  solve(target: RidgeTarget, features: FactorTable, shared: Float64Array): void {
    const { width, stride } = this;
    const gram = this.#engine.f64(this.#gram, stride * stride);
    for (let i = 0; i < width; i++) gram.set(shared.subarray(i * width, (i + 1) * width), i * stride);
    const record = this.#run(code.JOB_RIDGE, features, target);
    const failed = record[code.RIDGE_FAILED];
    if (failed > 0)
      throw new DeepTasteError(
        'numeric',
        `ridge regression: ${failed} of ${target.out.nRows} systems are not positive definite; raise the regularization`,
        { failed },
      );
  }

  #run(job: number, features: FactorTable, target: RidgeTarget | null): Int32Array {
    const record = this.#engine.i32(this.#record, code.RIDGE_WORDS).fill(0);
    record[code.RIDGE_N_ROWS] = target?.out.nRows ?? 0;
    record[code.RIDGE_ROW_START] = target?.rowStart ?? 0;
    record[code.RIDGE_COLUMNS] = target?.columns ?? 0;
    record[code.RIDGE_OUT] = target?.out.address ?? 0;
    record[code.RIDGE_PENALTY] = target?.penalties ?? 0;
    record[code.RIDGE_WEIGHTS] = target?.weights ?? 0;
    record[code.RIDGE_FEATURES] = features.address;
    record[code.RIDGE_N_FEATURES] = features.nRows;
    record[code.RIDGE_GRAM] = this.#gram;
    record[code.RIDGE_WIDTH] = this.width;
    record[code.RIDGE_STRIDE] = this.stride;
    record[code.RIDGE_WORK] = this.#work;
    record[code.RIDGE_WORK_BYTES] = this.#workBytes;
    record[code.RIDGE_PARTIAL_GRAMS] = this.#partials;
    this.#engine.run(job, this.#record);
    return record;
  }

  free(): void {
    for (const address of this.#allocations.splice(0)) this.#engine.free(address);
  }
}
