/** The engines of commands: as their flags ask, or for one answer. */
import { DeepTasteError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import { Engine, type EngineOptions } from '../engine/runtime/engine.ts';
import { canRun } from '../engine/runtime/kernel-file.ts';
import type { EngineFlags } from './engine-options.ts';

/** An engine as the flags ask. @throws 'usage' when a library that is named cannot be used */
export function openEngine({ threads, blas, kernels }: EngineFlags, progress: Progress): Engine {
  const engine = new Engine({ threads, blas, kernels });
  if (engine.notice === null) return engine;
  if (blas === 'auto') {
    progress.log(engine.notice);
    return engine;
  }
  engine.close();
  const fault = engine.notice.replace(/^blas: /, '').replace('; using WebAssembly', '');
  throw new DeepTasteError('usage', `--blas: ${fault}; name another library, or leave the flag out`);
}

/** For one answer: threads and libraries take longer to start than it takes, as does the "wide" build, whose bytes are those of "relaxed". */
export function engineForOne(threads = 1): EngineOptions {
  return { threads, blas: 'off', kernels: canRun('relaxed') ? 'relaxed' : 'simd' };
}

/** For a thread that answers again and again: one thread of its own, and the fastest kernels, whose start (0.2 s) is soon made up for. */
export function engineForMany(): EngineOptions {
  return { threads: 1, blas: 'off' };
}
