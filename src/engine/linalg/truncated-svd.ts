/**
 * The largest singular values of a sparse matrix with their right singular vectors, in float64: a block Krylov space of AᵀA with full
 * reorthogonalisation, Rayleigh and Ritz on it (Golub & Underwood: The Block Lanczos Method for Computing Eigenvalues. 1977; random
 * start: Musco & Musco: Randomized Block Krylov Methods for Stronger and Faster Approximate Singular Value Decomposition. NIPS 2015).
 * The space grows until the wanted vectors have converged. Products of the basis, the bulk of the work, are made on all threads.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { RandomStream } from '../../core/random.ts';
import * as code from '../kernels/opcodes.ts';
import type { SparseMatrix } from '../ops/sparse-matrix.ts';
import type { Engine } from '../runtime/engine.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

export interface TruncatedSvd {
  /** Descending, above 0: as many as wanted, or as the matrix has. */
  readonly values: Float64Array;
  /** Row i holds entry i of every right singular vector, [nColumns × values.length]. */
  readonly right: Float64Array;
}

/** A sparse matrix less an outer product, which would fill it: A − rows · columnsᵀ. */
export interface CorrectedMatrix extends SparseMatrix {
  readonly minus?: { readonly rows: Float64Array; readonly columns: Float64Array };
}

export interface SvdOptions {
  /** Singular values wanted. */
  readonly rank: number;
  readonly random: RandomStream;
  /** Largest ‖AᵀA v − σ² v‖ of a wanted vector v, as a share of σ₁². Default 10⁻⁵. */
  readonly tolerance?: number;
  /** Called with the number of vectors in the space and how many there will be at most. */
  readonly onProgress?: (done: number, most: number) => void;
}

/** Vectors that the space grows by: a multiple of four. */
const BLOCK = 8;
/** Vectors of the space before convergence is looked at, and at most, as multiples of the wanted ones. */
const FIRST_LOOK = 2;
const MOST = 6;
/** A block between two looks costs less than a look. */
const BLOCKS_BETWEEN_LOOKS = 16;
/** A vector of which no more than this share is new to the space counts as in it. */
const NOTHING_NEW = 1e-10;
/** Singular values below this share of the largest are rounding. */
const NEGLIGIBLE = 1e-7;

/** Vectors that the space holds at most. */
function mostVectors(nColumns: number, rank: number): number {
  return Math.min(nColumns, Math.max(MOST * rank, rank + 32 * BLOCK));
}

/** Bytes of the engine's memory that the singular vectors of a matrix with so many columns take. */
export function svdBytes(nColumns: number, rank: number): number {
  const most = mostVectors(nColumns, rank);
  return 8 * (nColumns * most + 2 * Math.max(nColumns, most) * BLOCK);
}

/** @throws 'numeric' when the wanted vectors have not converged in the largest space */
export function truncatedSvd(engine: Engine, matrix: CorrectedMatrix, options: SvdOptions): TruncatedSvd {
  const { rank, random, tolerance = 1e-5, onProgress } = options;
  const n = matrix.nColumns;
  const most = mostVectors(n, rank);
  const basis = new GrowingBasis(engine, n, most);
  try {
    const draws = random.child('start');
    const projected = new Float64Array(most * most);
    let block = basis.extend(randomBlock(n, Math.min(BLOCK, most), draws), draws);
    let longest = 0;
    for (let blocks = 1; ; blocks++) {
      const image = timesGram(matrix, block.values, block.width);
      longest = Math.max(longest, longestColumn(image, block.width));
      const inside = basis.project(image, block.width);
      for (let r = 0; r < basis.size; r++)
        for (let c = 0; c < block.width; c++) {
          projected[r * most + block.first + c] = inside[r * block.width + c];
          projected[(block.first + c) * most + r] = inside[r * block.width + c];
        }
      const isWhole = basis.size === most;
      const looks = basis.size >= FIRST_LOOK * rank && blocks % BLOCKS_BETWEEN_LOOKS === 0;
      onProgress?.(basis.size, most);
      if (isWhole || looks) {
        const found = ritz(projected, most, basis.size);
        const worst = worstResidual(found, image, block, n, Math.min(rank, basis.size));
        if (worst <= tolerance || basis.size === n) return rightVectors(basis, found, rank);
        if (isWhole)
          throw new DeepTasteError(
            'numeric',
            `singular vectors: ${rank} of them must converge in a space of ${most}, found an error of ${worst.toExponential(1)}; ask for fewer`,
          );
      }
      block = basis.extend({ values: image, width: block.width }, draws, NOTHING_NEW * longest);
    }
  } finally {
    basis.free();
  }
}

/** Vectors side by side: entry i of all of them, then entry i + 1, [n × width]. */
interface Block {
  readonly values: Float64Array;
  readonly width: number;
}

interface PlacedBlock extends Block {
  /** Place of the first of them in the basis. */
  readonly first: number;
}

interface Ritz {
  readonly values: Float64Array;
  /** Row k: the coordinates of vector k in the basis, [size × size]. */
  readonly vectors: Float64Array;
  readonly size: number;
}

function randomBlock(n: number, width: number, random: RandomStream): Block {
  return { values: Float64Array.from({ length: n * width }, () => random.normal()), width };
}

function ritz(projected: Float64Array, stride: number, size: number): Ritz {
  const t = new Float64Array(size * size);
  for (let r = 0; r < size; r++) t.set(projected.subarray(r * stride, r * stride + size), r * size);
  return { ...symmetricEigen(t, size), size };
}

/** Of the first `count` Ritz vectors: what AᵀA leads out of the space, which it does from the last block alone. */
function worstResidual(found: Ritz, outside: Float64Array, block: PlacedBlock, n: number, count: number): number {
  const { width, first } = block;
  const gram = new Float64Array(width * width);
  for (let i = 0; i < n; i++)
    for (let a = 0; a < width; a++) {
      const x = outside[i * width + a];
      if (x !== 0) for (let b = 0; b < width; b++) gram[a * width + b] += x * outside[i * width + b];
    }
  let worst = 0;
  for (let k = 0; k < count; k++) {
    const y = found.vectors.subarray(k * found.size + first, k * found.size + first + width);
    let square = 0;
    for (let a = 0; a < width; a++) for (let b = 0; b < width; b++) square += y[a] * gram[a * width + b] * y[b];
    worst = Math.max(worst, Math.sqrt(Math.max(0, square)));
  }
  return worst / Math.max(found.values[0], Number.MIN_VALUE);
}

function rightVectors(basis: GrowingBasis, { values, vectors, size }: Ritz, rank: number): TruncatedSvd {
  const kept = Math.min(rank, size);
  let count = 0;
  while (count < kept && values[count] > NEGLIGIBLE ** 2 * values[0] && values[count] > 0) count++;
  const wide = Math.max(4, Math.ceil(count / 4) * 4);
  const coordinates = new Float64Array(size * wide);
  for (let r = 0; r < size; r++) for (let k = 0; k < count; k++) coordinates[r * wide + k] = vectors[k * size + r];
  const products = basis.combine(coordinates, wide);
  const right = new Float64Array(basis.n * count);
  for (let i = 0; i < basis.n; i++) for (let k = 0; k < count; k++) right[i * count + k] = products[i * wide + k];
  return { values: Float64Array.from({ length: count }, (_, k) => Math.sqrt(values[k])), right };
}

/** AᵀA X, [nColumns × width]. */
function timesGram(a: CorrectedMatrix, x: Float64Array, width: number): Float64Array {
  const { nRows, nColumns, rowStart, columns, values, minus } = a;
  const out = new Float64Array(nColumns * width);
  const row = new Float64Array(width);
  const along = new Float64Array(width); // columnsᵀ X
  const across = new Float64Array(width); // rowsᵀ A X
  if (minus) addWeightedRows(along, minus.columns, x, width);
  for (let r = 0; r < nRows; r++) {
    for (let j = 0; j < width; j++) row[j] = minus ? -minus.rows[r] * along[j] : 0;
    for (let k = rowStart[r]; k < rowStart[r + 1]; k++) {
      const from = columns[k] * width;
      for (let j = 0; j < width; j++) row[j] += values[k] * x[from + j];
    }
    for (let k = rowStart[r]; k < rowStart[r + 1]; k++) {
      const to = columns[k] * width;
      for (let j = 0; j < width; j++) out[to + j] += values[k] * row[j];
    }
    if (minus) for (let j = 0; j < width; j++) across[j] += minus.rows[r] * row[j];
  }
  if (minus)
    for (let c = 0; c < nColumns; c++)
      for (let j = 0; j < width; j++) out[c * width + j] -= minus.columns[c] * across[j];
  return out;
}

/** sum += yᵀ X, y [n], X [n × width]. */
function addWeightedRows(sum: Float64Array, y: Float64Array, x: Float64Array, width: number): void {
  for (let i = 0; i < y.length; i++) for (let j = 0; j < width; j++) sum[j] += y[i] * x[i * width + j];
}

/** Orthonormal vectors in the engine's memory, [n × capacity], of which the first `size` are there. */
class GrowingBasis {
  readonly n: number;
  size = 0;
  readonly #engine: Engine;
  readonly #capacity: number;
  readonly #stride: number;
  readonly #basis: number;
  /** B in panels of four columns, and the result of a product. */
  readonly #panels: number;
  readonly #out: number;
  readonly #record: number;
  readonly #longest: number;
  readonly #allocations: number[] = [];

  constructor(engine: Engine, n: number, capacity: number) {
    this.n = n;
    this.#engine = engine;
    this.#capacity = capacity;
    this.#stride = capacity;
    this.#longest = Math.max(n, capacity);
    this.#basis = this.#allocate(n * capacity * 8 + 64);
    this.#panels = this.#allocate(this.#longest * BLOCK * 8);
    this.#out = this.#allocate(this.#longest * BLOCK * 8);
    this.#record = this.#allocate(code.GEMM_64_WORDS * 4);
  }

  #allocate(bytes: number): number {
    const address = this.#engine.allocate(bytes);
    this.#allocations.push(address);
    return address;
  }

  free(): void {
    for (const address of this.#allocations.splice(0)) this.#engine.free(address);
  }

  /**
   * Takes the part of X that lies in the space out of it, in place.
   * @returns Qᵀ X before, [size × width]
   */
  project(x: Float64Array, width: number): Float64Array {
    const inside = new Float64Array(this.size * width);
    // twice is enough (Giraud, Langou, Rozložník, van den Eshof 2005)
    for (let pass = 0; pass < 2; pass++) {
      const part = this.#product(this.size, this.n, 1, this.#stride, x, width);
      const back = this.#product(this.n, this.size, this.#stride, 1, part, width);
      for (let k = 0; k < part.length; k++) inside[k] += part[k];
      for (let k = 0; k < x.length; k++) x[k] -= back[k];
    }
    return inside;
  }

  /** Q · coordinates, coordinates [size × width] with a width that is a multiple of four. */
  combine(coordinates: Float64Array, width: number): Float64Array {
    const out = new Float64Array(this.n * width);
    for (let from = 0; from < width; from += BLOCK) {
      const some = Math.min(BLOCK, width - from);
      const part = Float64Array.from(
        { length: this.size * some },
        (_, k) => coordinates[Math.floor(k / some) * width + from + (k % some)],
      );
      const product = this.#product(this.n, this.size, this.#stride, 1, part, some);
      for (let i = 0; i < this.n; i++) out.set(product.subarray(i * some, (i + 1) * some), i * width + from);
    }
    return out;
  }

  /** A B for A [rows × depth] inside the basis by its strides, B [depth × width]; the result is [rows × width]. */
  #product(rows: number, depth: number, aRow: number, aColumn: number, b: Float64Array, width: number): Float64Array {
    const wide = Math.ceil(width / 4) * 4;
    const panels = this.#engine.f64(this.#panels, depth * wide).fill(0);
    for (let k = 0; k < depth; k++)
      for (let j = 0; j < width; j++) panels[(j >> 2) * depth * 4 + k * 4 + (j & 3)] = b[k * width + j];
    const out = this.#engine.f64(this.#out, rows * wide).fill(0);
    const record = this.#engine.i32(this.#record, code.GEMM_64_WORDS);
    record.set([this.#basis, aRow, aColumn, this.#panels, 4, 4 * depth, this.#out, wide, rows, wide, depth, 0]);
    this.#engine.run(code.JOB_GEMM_64, this.#record);
    if (wide === width) return out.slice();
    return Float64Array.from({ length: rows * width }, (_, k) => out[Math.floor(k / width) * wide + (k % width)]);
  }

  /**
   * Adds what vectors outside the space lead to. Where they lead nowhere new, the space is invariant in that direction and goes on
   * from a random vector.
   * @param block orthogonal to the space; as many of its vectors are taken as there is room for
   * @param nothing length below which a vector counts as in the space
   */
  extend({ values, width }: Block, random: RandomStream, nothing = 0): PlacedBlock {
    const first = this.size;
    const count = Math.min(width, this.#capacity - first);
    const q = new Float64Array(this.n * count);
    for (let j = 0; j < count; j++) {
      let column = Float64Array.from({ length: this.n }, (_, i) => values[i * width + j]);
      let least = nothing;
      while (!this.#normalise(column, least, q, j, count)) {
        column = Float64Array.from({ length: this.n }, () => random.normal());
        least = NOTHING_NEW * norm(column);
        this.project(column, 1);
      }
      for (let i = 0; i < this.n; i++) q[i * count + j] = column[i];
    }
    const basis = this.#engine.f64(this.#basis, this.n * this.#stride);
    for (let i = 0; i < this.n; i++) basis.set(q.subarray(i * count, (i + 1) * count), i * this.#stride + first);
    this.size += count;
    return { values: q, width: count, first };
  }

  /** Makes a column orthogonal to the first j of the block, and a unit vector; false where nothing of it is left. */
  #normalise(column: Float64Array, least: number, q: Float64Array, j: number, count: number): boolean {
    for (let pass = 0; pass < 2; pass++)
      for (let k = 0; k < j; k++) {
        let sum = 0;
        for (let i = 0; i < this.n; i++) sum += q[i * count + k] * column[i];
        for (let i = 0; i < this.n; i++) column[i] -= sum * q[i * count + k];
      }
    const length = norm(column);
    if (!(length > least)) return false;
    for (let i = 0; i < this.n; i++) column[i] /= length;
    return true;
  }
}

function longestColumn(x: Float64Array, width: number): number {
  const squares = new Float64Array(width);
  for (let k = 0; k < x.length; k++) squares[k % width] += x[k] * x[k];
  return Math.sqrt(Math.max(...squares));
}

function norm(x: Float64Array): number {
  return Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
}
