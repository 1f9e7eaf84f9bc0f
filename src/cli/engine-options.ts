/** The options of commands that compute: threads and system BLAS. */
import type { Command } from 'commander';
import type { Progress } from '../core/progress.ts';
import { type BlasChoice, Engine } from '../engine/runtime/engine.ts';
import { threadCount } from './option-values.ts';

export interface EngineFlags {
  readonly threads?: number;
  readonly blas: BlasChoice;
}

export function addEngineOptions(command: Command): Command {
  return command
    .option('--threads <n>', 'threads that compute; results do not depend on it (default: all)', threadCount)
    .option(
      '--blas <auto|off|path>',
      'system BLAS for matrix products: the first one found, none (the same bytes on every machine), or a library',
      'auto',
    );
}

/** An engine as the flags ask; says it when a wanted BLAS cannot be used. */
export function openEngine({ threads, blas }: EngineFlags, progress: Progress): Engine {
  const engine = new Engine({ threads, blas });
  if (engine.notice) progress.log(engine.notice);
  return engine;
}
