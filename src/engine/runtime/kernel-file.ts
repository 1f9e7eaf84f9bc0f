/**
 * Finds and loads the WebAssembly kernels. Three builds of one source: `simd` runs everywhere, `relaxed` has fused multiply-adds,
 * `wide` is `relaxed` for compilers that join neighbouring 128-bit vectors into 256-bit ones. `relaxed` and `wide` give the same bytes.
 *
 * V8 on x64 can join vectors (Node ≥ 24, processors with AVX2), but only where a flag asks for it. `wide` is compiled at once with
 * this flag, which is taken back right after, so that no other WebAssembly of the process is compiled in this way. Whether vectors
 * were joined cannot be asked: it is measured, and a product checked, before the build is used.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { DeepTasteError } from '../../core/errors.ts';
import { KERNEL_BUILDS, type KernelBuild } from '../../core/kernel-build.ts';

// src/engine/runtime and dist/engine/runtime lie equally deep under the package's root
const fileOf = (name: string): URL => new URL(`../../../dist/kernels/${name}.wasm`, import.meta.url);

/** @throws DeepTasteError `io` */
export function readKernelFile(name: string): Uint8Array<ArrayBuffer> {
  const file = fileOf(name);
  try {
    return new Uint8Array(readFileSync(file));
  } catch (error) {
    throw new DeepTasteError(
      'io',
      `kernels: ${file.pathname} cannot be read (run "npm run build")`,
      {},
      { cause: error },
    );
  }
}

/** Modules of this process; a build that cannot run here is null. */
const modules = new Map<KernelBuild, WebAssembly.Module | null>();

function moduleOf(build: KernelBuild): WebAssembly.Module | null {
  let module = modules.get(build);
  if (module === undefined) {
    module = build === 'wide' ? compileWide() : compile(build);
    modules.set(build, module);
  }
  return module;
}

function compile(build: KernelBuild): WebAssembly.Module | null {
  const bytes = readKernelFile(build);
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

const WIDE_FLAGS = ['--experimental-wasm-revectorize', '--no-liftoff', '--no-wasm-lazy-compilation'];
const USUAL_FLAGS = ['--no-experimental-wasm-revectorize', '--liftoff', '--wasm-lazy-compilation'];

function compileWide(): WebAssembly.Module | null {
  const variables = process.config.variables as { v8_enable_wasm_simd256_revec?: number };
  // Electron forbids changes of flags
  if (!variables.v8_enable_wasm_simd256_revec || process.arch !== 'x64' || process.versions.electron) return null;
  let module: WebAssembly.Module | null;
  try {
    for (const flag of WIDE_FLAGS) setFlagsFromString(flag);
    module = compile('wide');
  } finally {
    for (const flag of USUAL_FLAGS) setFlagsFromString(flag);
  }
  return module && joinsVectors(module) ? module : null;
}

/** Rows, columns and depth of the product that is tried: one block of registers. */
const [ROWS, COLUMNS, DEPTH] = [6, 16, 256];

/**
 * Whether products are right, and those of blocks of 16 columns faster than those of 8: their 24 sums fill 12 registers of 256
 * bits, but do not fit into 16 of 128 (ratios of the speeds: 1.3 and 0.7).
 */
function joinsVectors(module: WebAssembly.Module): boolean {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
  const unused = (): never => {
    throw new Error('internal: not for a trial');
  };
  const { gemm } = new WebAssembly.Instance(module, { env: { memory, abort: unused, sgemm: unused, now: unused } })
    .exports as { gemm(...words: number[]): void };
  // A [rows × depth], B in panels of eight columns, C [rows × columns]; the first page is the kernels' own
  const a = 65536;
  const b = a + 4 * ROWS * DEPTH;
  const c = b + 4 * COLUMNS * DEPTH;
  const factors = new Float32Array(memory.buffer, a, (ROWS + COLUMNS) * DEPTH);
  for (let n = 0; n < factors.length; n++) factors[n] = ((n * 37) % 101) / 101 - 0.5;
  const multiply = (columns: number) => gemm(a, DEPTH, 1, b, 8, 8 * DEPTH, c, COLUMNS, ROWS, columns, DEPTH, 0, 0);
  multiply(COLUMNS);
  const product = new Float32Array(memory.buffer, c, ROWS * COLUMNS);
  const isRight = product.every((value, n) => Math.abs(value - elementOf(factors, n)) < 1e-4);
  // half as many columns, so half as long at the same speed
  return isRight && secondsOf(() => multiply(COLUMNS)) < 2 * secondsOf(() => multiply(8));
}

/** Element n of the product tried above, in float64. */
function elementOf(factors: Float32Array, n: number): number {
  const [row, column] = [Math.floor(n / COLUMNS), n % COLUMNS];
  const panel = (ROWS + 8 * Math.floor(column / 8)) * DEPTH + (column % 8);
  let sum = 0;
  for (let k = 0; k < DEPTH; k++) sum += factors[row * DEPTH + k] * factors[panel + 8 * k];
  return sum;
}

/** The best of twelve bursts of twenty calls. */
function secondsOf(work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let burst = 0; burst < 12; burst++) {
    const start = performance.now();
    for (let n = 0; n < 20; n++) work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** Whether this runtime and processor can run a build. */
export function canRun(build: KernelBuild): boolean {
  return moduleOf(build) !== null;
}

/**
 * @param wanted the build to load; absent = the best this runtime supports
 * @throws DeepTasteError 'config' where this runtime cannot run the wanted build
 */
export function loadKernels(wanted?: KernelBuild): { module: WebAssembly.Module; build: KernelBuild } {
  for (const build of wanted ? [wanted] : KERNEL_BUILDS) {
    const module = moduleOf(build);
    if (module) return { module, build };
  }
  throw new DeepTasteError(
    'config',
    wanted === 'wide'
      ? 'kernels: the "wide" build needs Node 24 or newer on an x64 processor with AVX2; use "relaxed" or "simd"'
      : `kernels: this runtime cannot run the "${wanted ?? 'simd'}" build; use the "simd" build`,
  );
}
