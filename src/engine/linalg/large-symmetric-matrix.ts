/**
 * A symmetric positive definite matrix that WebAssembly's memory cannot hold, in float32 in ordinary memory, and its inverse in
 * place: the sweeps of symmetric-matrix.ts, all of whose bulk is products of the system BLAS here. Blocks are factored in float64.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { BlasLibrary, LargeProduct } from '../runtime/blas.ts';
import { ProductPool } from '../runtime/product-pool.ts';
import { choleskyFactor, invertUpperTriangular, multiplyByTranspose } from './cholesky.ts';

export interface LargeMatrixOptions {
  readonly library: BlasLibrary;
  readonly threads: number;
  /** Columns eliminated at a time: each time the whole matrix is read and written once. */
  readonly block?: number;
  /** Rows and columns of the matrix that one product changes. */
  readonly tile?: number;
}

/** A run of rows. */
interface Span {
  readonly from: number;
  readonly rows: number;
}

/** Relative error of the inverse on a vector beyond which it is refused. */
const LARGEST_ERROR = 1e-2;

export class LargeSymmetricMatrix {
  readonly n: number;
  /** Values between the starts of two rows. */
  readonly stride: number;
  /** [n × n]; only the upper triangle means something. */
  readonly values: Float32Array<SharedArrayBuffer>;
  readonly #options: LargeMatrixOptions;
  readonly #block: number;
  /** Z [n × block] and V [block × block], behind the matrix in the same memory. */
  readonly #z: number;
  readonly #v: number;

  /** A zero matrix. @throws 'memory' when the system does not give that much */
  constructor(n: number, options: LargeMatrixOptions) {
    this.n = n;
    this.stride = n;
    this.#options = options;
    this.#block = Math.min(n, options.block ?? 256);
    this.#z = n * n;
    this.#v = this.#z + n * this.#block;
    this.values = new Float32Array(sharedMemory(4 * (this.#v + this.#block ** 2)), 0, n * n);
  }

  /** The memory belongs to whoever holds `values`. */
  free(): void {}

  /**
   * Replaces the matrix by its inverse (upper triangle).
   * @param onProgress called with the number of rows eliminated so far
   * @throws 'numeric' when the matrix is not positive definite, or float32 has too few digits for its inverse
   */
  async invert(onProgress: (rows: number) => void = () => {}): Promise<void> {
    const probe = Float64Array.from({ length: this.n }, (_, i) => ((i * 37) % 64) - 31.5);
    const image = this.#times(probe);
    const { library, threads } = this.#options;
    const pool = await ProductPool.open(library, this.values.buffer, threads);
    try {
      onProgress(0);
      for (let start = 0; start < this.n; start += this.#block) {
        const width = Math.min(this.#block, this.n - start);
        await this.#sweep(start, width, pool);
        onProgress(start + width);
      }
    } finally {
      await pool.close();
    }
    for (let k = 0; k < this.values.length; k++) this.values[k] = -this.values[k];
    this.#check(probe, this.#times(image));
  }

  /** As in SymmetricMatrix: A − Z Zᵀ outside the rows K, Z Vᵀ in their columns, −V Vᵀ in the block itself. */
  async #sweep(start: number, width: number, pool: ProductPool): Promise<void> {
    const { n, values } = this;
    const pivot = this.#pivotFactor(start, width);
    const v = new Float32Array(values.buffer, 4 * this.#v, width * width);
    v.set(pivot); // zeros below the diagonal
    const before = spans(0, start, this.#options.tile);
    const after = spans(start + width, n, this.#options.tile);
    const all = [...before, ...after];
    const square = { b: this.#v, bRow: width, n: width, k: width, sign: 1, accumulate: false } as const;
    // the block column is a row block of the upper triangle below the block
    const column = ({ from, rows }: Span) =>
      from < start
        ? { a: from * n + start, aRow: n, m: rows }
        : { a: start * n + from, aRow: n, aTransposed: true, m: rows };
    await pool.run(all.map((span) => ({ ...square, ...column(span), c: this.#zAt(span, width), cRow: width })));
    await pool.run(
      all.flatMap((one, i) =>
        all.slice(i).map(
          (other): LargeProduct => ({
            a: this.#zAt(one, width),
            aRow: width,
            b: this.#zAt(other, width),
            bRow: width,
            bTransposed: true,
            c: one.from * n + other.from,
            cRow: n,
            m: one.rows,
            n: other.rows,
            k: width,
            sign: -1,
            accumulate: true,
          }),
        ),
      ),
    );
    await pool.run([
      ...before.map((span) => ({
        ...square,
        bTransposed: true,
        a: this.#zAt(span, width),
        aRow: width,
        m: span.rows,
        c: span.from * n + start,
        cRow: n,
      })),
      ...after.map(
        (span): LargeProduct => ({
          a: this.#v,
          aRow: width,
          b: this.#zAt(span, width),
          bRow: width,
          bTransposed: true,
          m: width,
          n: span.rows,
          k: width,
          c: start * n + span.from,
          cRow: n,
          sign: 1,
          accumulate: false,
        }),
      ),
    ]);
    multiplyByTranspose(pivot, width);
    for (let i = 0; i < width; i++)
      for (let j = i; j < width; j++) values[(start + i) * n + start + j] = -pivot[i * width + j];
  }

  #zAt({ from }: Span, width: number): number {
    return this.#z + from * width;
  }

  /** V = U⁻¹ of the block A_KK = UᵀU, upper triangle, zeros below. */
  #pivotFactor(start: number, width: number): Float64Array {
    const { values, n } = this;
    const v = new Float64Array(width * width);
    for (let i = 0; i < width; i++)
      for (let j = i; j < width; j++) v[i * width + j] = values[(start + i) * n + start + j];
    const failed = choleskyFactor(v, width);
    if (failed >= 0)
      throw new DeepTasteError(
        'numeric',
        `matrix inverse: must be positive definite to the digits of float32, but pivot ${start + failed} of ${n} is not; raise the regularization`,
        { pivot: start + failed },
      );
    invertUpperTriangular(v, width);
    return v;
  }

  /** The matrix times a vector. */
  #times(x: Float64Array): Float64Array {
    const { values, n } = this;
    const product = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let sum = values[i * n + i] * x[i];
      for (let j = i + 1; j < n; j++) {
        const value = values[i * n + j];
        sum += value * x[j];
        product[j] += value * x[i];
      }
      product[i] += sum;
    }
    return product;
  }

  #check(expected: Float64Array, found: Float64Array): void {
    let [square, error] = [0, 0];
    for (let i = 0; i < expected.length; i++) {
      square += expected[i] ** 2;
      error += (found[i] - expected[i]) ** 2;
    }
    const relative = Math.sqrt(error / square);
    if (relative <= LARGEST_ERROR) return;
    throw new DeepTasteError(
      'numeric',
      `matrix inverse: must be right to ${LARGEST_ERROR} in float32, found an error of ${relative.toPrecision(2)}; raise the regularization`,
      { relative },
    );
  }
}

function sharedMemory(bytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(bytes);
  } catch (cause) {
    const gibibytes = (bytes / 1024 ** 3).toFixed(1);
    throw new DeepTasteError(
      'memory',
      `matrix inverse: ${gibibytes} GiB must fit into memory, found that the system does not give them; use fewer rows`,
      { bytes },
      { cause },
    );
  }
}

/** Rows from … to in runs of at most `tile`. */
function spans(from: number, to: number, tile = 1024): Span[] {
  const all: Span[] = [];
  for (let at = from; at < to; at += tile) all.push({ from: at, rows: Math.min(tile, to - at) });
  return all;
}
