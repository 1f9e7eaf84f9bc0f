/** The options of commands that compute: threads and system BLAS. */
import { type Command, Option } from 'commander';
import { KERNEL_BUILDS, type KernelBuild } from '../core/kernel-build.ts';
import type { BlasChoice } from '../engine/runtime/engine.ts';
import { threadCount } from './option-values.ts';

export interface EngineFlags {
  readonly threads?: number;
  readonly blas: BlasChoice;
  readonly kernels?: KernelBuild;
}

export function addEngineOptions(command: Command): Command {
  return command
    .option('--threads <n>', 'threads that compute; results do not depend on it (default: all)', threadCount)
    .option(
      '--blas <auto|off|path>',
      'system BLAS for matrix products: the first one found, none (the same bytes on every machine), or a library',
      'auto',
    )
    .addOption(
      new Option(
        '--kernels <build>',
        'WebAssembly kernels: 256-bit, 128-bit with fused multiply-adds, without (default: the fastest)',
      ).choices(KERNEL_BUILDS),
    );
}
