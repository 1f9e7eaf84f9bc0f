/** The engines of commands: as their flags ask, or for one answer. */
import type { Progress } from '../core/progress.ts';
import { Engine, type EngineOptions } from '../engine/runtime/engine.ts';
import { canRun } from '../engine/runtime/kernel-file.ts';
import type { EngineFlags } from './engine-options.ts';

/** An engine as the flags ask; says it when a wanted BLAS cannot be used. */
export function openEngine({ threads, blas, kernels }: EngineFlags, progress: Progress): Engine {
  const engine = new Engine({ threads, blas, kernels });
  if (engine.notice) progress.log(engine.notice);
  return engine;
}

/** For one answer: threads and libraries take longer to start than it takes, as does the "wide" build, whose bytes are those of "relaxed". */
export function engineForOne(threads = 1): EngineOptions {
  return { threads, blas: 'off', kernels: canRun('relaxed') ? 'relaxed' : 'simd' };
}
