/**
 * System BLAS, optional: where a shared library with `cblas_sgemm` is found (OpenBLAS, MKL, Accelerate), matrix products of plans
 * go there, one single-threaded call a product, on the engine's own memory, and so do products of matrices that WebAssembly's
 * memory cannot hold. Called through `koffi`, an optional dependency.
 */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DeepTasteError } from '../../core/errors.ts';

/** 'auto' = the first library found; 'off' = never; else the path or name of a shared library. */
export type BlasChoice = 'auto' | 'off' | (string & {});

/** A library that was loaded and gave right results. */
export interface BlasLibrary {
  /** As it was loaded: a path, or a name that the system's loader resolves. */
  readonly path: string;
  /** What it says of itself: "OpenBLAS 0.3.21 SkylakeX", else its name. */
  readonly title: string;
}

/** What came of a choice: the library, or why there is none (null: none was wanted, or none is installed). */
export interface BlasSearch {
  readonly library: BlasLibrary | null;
  readonly notice: string | null;
}

/**
 * C[m×n] (+)= A·B on row-major float32 matrices in one memory. Addresses are byte offsets into that memory, strides are elements
 * from row to row as stored; a transposed factor is stored as its transpose.
 */
export type Sgemm = (
  a: number,
  aRow: number,
  aTransposed: number,
  b: number,
  bRow: number,
  bTransposed: number,
  c: number,
  cRow: number,
  m: number,
  n: number,
  k: number,
  accumulate: number,
) => void;

/**
 * C[m×n] = sign · A·B, or C + sign · A·B, as in `Sgemm` but anywhere in a memory of any size: `a`, `b` and `c` are positions of
 * float32 values.
 */
export interface LargeProduct {
  readonly a: number;
  readonly aRow: number;
  readonly aTransposed?: boolean;
  readonly b: number;
  readonly bRow: number;
  readonly bTransposed?: boolean;
  readonly c: number;
  readonly cRow: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly sign: 1 | -1;
  readonly accumulate: boolean;
}

/** The product of a library on one memory, and what the kernels need to know of it. */
export interface OpenedBlas {
  readonly sgemm: Sgemm;
  /** Multiply-adds up to which a product of untransposed factors is made without copies of them; 0 = never. */
  readonly directProduct: number;
}

interface Koffi {
  load(path: string): KoffiLibrary;
  address(view: Uint8Array): bigint;
}
interface KoffiLibrary {
  func(prototype: string): (...args: unknown[]) => unknown;
}

const SGEMM = 'void cblas_sgemm(int, int, int, int, int, int, float, void*, int, void*, int, float, void*, int)';
const ROW_MAJOR = 101;
const AS_STORED = 111;
const TRANSPOSED = 112;

const candidates: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['libopenblas.so.0', 'libopenblas.so', 'libmkl_rt.so.3', 'libmkl_rt.so.2', 'libmkl_rt.so'],
  darwin: [
    '/System/Library/Frameworks/Accelerate.framework/Accelerate',
    '/opt/homebrew/opt/openblas/lib/libopenblas.dylib',
    '/usr/local/opt/openblas/lib/libopenblas.dylib',
  ],
  win32: ['libopenblas.dll', 'mkl_rt.3.dll', 'mkl_rt.2.dll'],
};

/** The one line that installs a BLAS here, for people. */
export function installHint(platform: NodeJS.Platform = process.platform): string {
  if (platform === 'darwin') return 'brew install openblas';
  if (platform === 'win32') return 'put libopenblas.dll on the PATH';
  return 'apt install libopenblas0-pthread';
}

/** The same, or the package that would call it where that is what is missing. */
export function missingBlasHint(): string {
  return typeof loadKoffi() === 'string' ? `npm install koffi, ${installHint()}` : installHint();
}

/** Looks for the library of a choice and tries it. */
export function findBlas(choice: BlasChoice): BlasSearch {
  if (choice === 'off') return { library: null, notice: null };
  const koffi = loadKoffi();
  if (typeof koffi === 'string')
    return { library: null, notice: choice === 'auto' ? null : `blas: ${koffi}; using WebAssembly` };
  const paths = choice === 'auto' ? (candidates[process.platform] ?? []) : [choice];
  for (const path of paths) {
    let opened: KoffiLibrary;
    try {
      opened = openLibrary(koffi, path);
    } catch (error) {
      if (choice === 'auto') continue;
      return { library: null, notice: `blas: "${path}" cannot be loaded (${firstLine(error)}); using WebAssembly` };
    }
    const fault = tryLibrary(koffi, opened);
    if (fault) return { library: null, notice: `blas: "${path}" ${fault}; using WebAssembly` };
    return { library: { path, title: titleOf(opened, path) }, notice: null };
  }
  return { library: null, notice: null };
}

/** The product of a library that `findBlas` found, on `memory`; each thread opens its own. */
export function openBlas(path: string, memory: WebAssembly.Memory): OpenedBlas {
  const koffi = loadKoffi();
  if (typeof koffi === 'string') throw new DeepTasteError('io', `blas: ${koffi}`);
  const library = openLibrary(koffi, path);
  const sgemm = sgemmOf(koffi, library, new Uint8Array(memory.buffer));
  return { sgemm, directProduct: directProductOf(library) };
}

/** Products on `memory` by a library that `findBlas` found; each thread opens its own. */
export function openLargeProducts(path: string, memory: SharedArrayBuffer): (product: LargeProduct) => void {
  const koffi = loadKoffi();
  if (typeof koffi === 'string') throw new DeepTasteError('io', `blas: ${koffi}`);
  const base = Number(koffi.address(new Uint8Array(memory, 0, 1)));
  const call = openLibrary(koffi, path).func(SGEMM);
  return ({ a, aRow, aTransposed, b, bRow, bTransposed, c, cRow, m, n, k, sign, accumulate }) => {
    const orders = [aTransposed ? TRANSPOSED : AS_STORED, bTransposed ? TRANSPOSED : AS_STORED];
    const factors = [sign, base + 4 * a, aRow, base + 4 * b, bRow];
    call(ROW_MAJOR, ...orders, m, n, k, ...factors, accumulate ? 1 : 0, base + 4 * c, cRow);
  };
}

/** OpenBLAS has kernels for small products with AVX-512 alone: up to 100³ multiply-adds (its interface/gemm.c). */
function directProductOf(library: KoffiLibrary): number {
  const core = callIfThere(library, 'char* openblas_get_corename()');
  return ['SkylakeX', 'Cooperlake', 'SapphireRapids'].includes(String(core)) ? 100 ** 3 : 0;
}

function loadKoffi(): Koffi | string {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    return `the optional package "koffi" cannot be loaded (${firstLine(error)})`;
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0];
}

function openLibrary(koffi: Koffi, path: string): KoffiLibrary {
  chooseOpenBlasKernels();
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && !found.isFile()) throw new Error('it must be a file'); // opening a pipe would never end
  const library = koffi.load(path);
  library.func(SGEMM);
  // the engine's threads share the work; the library must not start its own
  callIfThere(library, 'void openblas_set_num_threads(int)', 1);
  callIfThere(library, 'void MKL_Set_Num_Threads(int)', 1);
  callIfThere(library, 'int BLASSetThreading(int)', 1);
  return library;
}

function callIfThere(library: KoffiLibrary, prototype: string, ...args: unknown[]): unknown {
  try {
    return library.func(prototype)(...args);
  } catch {
    return undefined; // another vendor's function
  }
}

/**
 * OpenBLAS reads these when it is loaded. Releases older than a processor take it for a plain AVX2 one; its AVX-512 kernels, which
 * run twice as fast, must then be asked for by name.
 */
function chooseOpenBlasKernels(): void {
  process.env.OPENBLAS_NUM_THREADS ??= '1';
  process.env.VECLIB_MAXIMUM_THREADS ??= '1';
  if (process.platform !== 'linux' || process.arch !== 'x64' || process.env.OPENBLAS_CORETYPE) return;
  let processor = '';
  try {
    processor = readFileSync('/proc/cpuinfo', 'utf8').slice(0, 8192);
  } catch {
    return;
  }
  const needed = ['avx512f', 'avx512dq', 'avx512bw', 'avx512vl', 'avx512cd'];
  if (processor.includes('AuthenticAMD') && needed.every((flag) => processor.includes(` ${flag}`)))
    process.env.OPENBLAS_CORETYPE = 'SkylakeX';
}

function titleOf(library: KoffiLibrary, path: string): string {
  const config = callIfThere(library, 'char* openblas_get_config()');
  const core = callIfThere(library, 'char* openblas_get_corename()');
  if (typeof config !== 'string')
    return path.includes('mkl') ? 'MKL' : path.includes('Accelerate') ? 'Accelerate' : path;
  return [config.split(' ').slice(0, 2).join(' '), core].filter((part) => typeof part === 'string').join(' ');
}

/** Addresses are passed as numbers: exact below 2⁵³, and every user address is. */
function sgemmOf(koffi: Koffi, library: KoffiLibrary, memory: Uint8Array): Sgemm {
  const base = Number(koffi.address(memory));
  const call = library.func(SGEMM);
  return (a, aRow, aTransposed, b, bRow, bTransposed, c, cRow, m, n, k, accumulate) => {
    call(
      ROW_MAJOR,
      aTransposed ? TRANSPOSED : AS_STORED,
      bTransposed ? TRANSPOSED : AS_STORED,
      m,
      n,
      k,
      1,
      // addresses come from WebAssembly as signed integers
      base + (a >>> 0),
      aRow,
      base + (b >>> 0),
      bRow,
      accumulate,
      base + (c >>> 0),
      cRow,
    );
  };
}

/** What is wrong with a library's products; null = nothing. Every orientation, with ragged sizes and strides. */
function tryLibrary(koffi: Koffi, library: KoffiLibrary): string | null {
  const [m, n, k, stride] = [7, 5, 19, 23];
  const values = new Float32Array(new SharedArrayBuffer(4 * 3 * stride * stride));
  const size = stride * stride;
  let sgemm: Sgemm;
  try {
    sgemm = sgemmOf(koffi, library, new Uint8Array(values.buffer));
    for (const [ta, tb, accumulate] of [
      [0, 0, 0],
      [1, 0, 1],
      [0, 1, 0],
    ]) {
      values.forEach((_, i) => {
        values[i] = ((i * 37) % 64) / 64 - 0.5;
      });
      const expected = productOf(values, { m, n, k, stride, size, ta, tb, accumulate });
      sgemm(0, stride, ta, size * 4, stride, tb, size * 8, stride, m, n, k, accumulate);
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++)
          if (!(Math.abs(values[2 * size + i * stride + j] - expected[i * n + j]) < 1e-5))
            return 'gives wrong matrix products';
    }
  } catch (error) {
    return `cannot be called (${firstLine(error)})`;
  }
  return null;
}

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly stride: number;
  readonly size: number;
  readonly ta: number;
  readonly tb: number;
  readonly accumulate: number;
}

function productOf(values: Float32Array, { m, n, k, stride, size, ta, tb, accumulate }: Product): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = accumulate ? values[2 * size + i * stride + j] : 0;
      for (let p = 0; p < k; p++)
        sum += values[ta ? p * stride + i : i * stride + p] * values[size + (tb ? j * stride + p : p * stride + j)];
      out[i * n + j] = sum;
    }
  return out;
}
