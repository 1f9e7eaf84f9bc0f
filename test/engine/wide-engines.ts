/** An engine with vectors of 256 bits, on one thread and without system BLAS; none where the machine cannot. */
import { Engine } from '../../src/engine/runtime/engine.ts';
import { canRun } from '../../src/engine/runtime/kernel-file.ts';

export const wideEngines = (): Engine[] =>
  canRun('wide') ? [new Engine({ threads: 1, kernels: 'wide', blas: 'off' })] : [];
