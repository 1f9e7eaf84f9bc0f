/**
 * Finds and loads the WebAssembly kernels. Three builds of one source: `simd` runs everywhere, `relaxed` has fused multiply-adds,
 * `wide` is `relaxed` for compilers that join neighbouring 128-bit vectors into 256-bit ones. `relaxed` and `wide` give the same bytes.
 *
 * V8 on x64 can join vectors (Node ≥ 24, processors with AVX2), but only where a flag asks for it. `wide` is compiled at once with
 * this flag, which is taken back right after, so that no other WebAssembly of the process is compiled in this way. Whether vectors
 * were joined cannot be asked; it is measured.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { DeepTasteError } from '../../core/errors.ts';
import { KERNEL_BUILDS, type KernelBuild } from '../../core/kernel-build.ts';

// src/engine/runtime and dist/engine/runtime lie equally deep under the package's root
const fileOf = (build: KernelBuild): URL => new URL(`../../../dist/kernels/${build}.wasm`, import.meta.url);

function readKernels(build: KernelBuild): Uint8Array<ArrayBuffer> {
  const file = fileOf(build);
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
  const bytes = readKernels(build);
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

/**
 * Whether blocks of 16 columns are multiplied faster than those of 8: their 24 sums fill 12 registers of 256 bits, but do not fit
 * into 16 of 128 (ratios of the speeds: 1.3 and 0.7).
 */
function joinsVectors(module: WebAssembly.Module): boolean {
  const depth = 256;
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
  const unused = (): never => {
    throw new Error('internal: not for measurements');
  };
  const { gemm } = new WebAssembly.Instance(module, { env: { memory, abort: unused, sgemm: unused, now: unused } })
    .exports as { gemm(...words: number[]): void };
  // A [6 × depth], B two panels of eight columns, C [6 × 16]
  const a = 65536;
  const b = a + 4 * 6 * depth;
  const c = b + 4 * 16 * depth;
  const seconds = { 8: Number.POSITIVE_INFINITY, 16: Number.POSITIVE_INFINITY };
  for (let burst = 0; burst < 12; burst++)
    for (const columns of [8, 16] as const) {
      const start = performance.now();
      for (let n = 0; n < 320 / columns; n++) gemm(a, depth, 1, b, 8, 8 * depth, c, 16, 6, columns, depth, 0, 0);
      seconds[columns] = Math.min(seconds[columns], performance.now() - start);
    }
  return seconds[16] < seconds[8];
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
