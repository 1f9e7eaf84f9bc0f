/** Finds and loads the WebAssembly kernels: the relaxed-SIMD build where the runtime has it, else the plain-SIMD build. */
import { readFileSync } from 'node:fs';
import { DeepTasteError } from '../../core/errors.ts';

export type KernelBuild = 'relaxed' | 'simd';

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

/** Whether this runtime accepts the build with fused multiply-adds (Node ≥ 24 does). */
export function supportsRelaxedSimd(): boolean {
  return WebAssembly.validate(readKernels('relaxed'));
}

/** @param wanted the build to load; absent = the best this runtime supports */
export function loadKernels(wanted?: KernelBuild): { module: WebAssembly.Module; build: KernelBuild } {
  const build = wanted ?? (supportsRelaxedSimd() ? 'relaxed' : 'simd');
  const bytes = readKernels(build);
  if (!WebAssembly.validate(bytes))
    throw new DeepTasteError('config', `kernels: this runtime cannot run the "${build}" build; use the "simd" build`);
  return { module: new WebAssembly.Module(bytes), build };
}
