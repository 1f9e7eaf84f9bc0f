/** The builds of the WebAssembly kernels, the fastest first; see `engine/runtime/kernel-file.ts`. */
export const KERNEL_BUILDS = ['wide', 'relaxed', 'simd'] as const;
export type KernelBuild = (typeof KERNEL_BUILDS)[number];

/** Width of the vectors that a build computes with. */
export const vectorBits = (build: KernelBuild): number => (build === 'wide' ? 256 : 128);
