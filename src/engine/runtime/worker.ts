/** A thread of the pool. It needs no model code: plans are data in the shared memory. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import * as code from '../kernels/opcodes.ts';
import { openBlas } from './blas.ts';
import { instantiate } from './kernel-instance.ts';

export interface WorkerData {
  /** Takes the error of a thread: read while the posting thread waits, when events do not come. */
  readonly failures: MessagePort;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly id: number;
  /** System BLAS that the posting thread found; null = none. */
  readonly blas: string | null;
  /** Counts the threads that have loaded everything. */
  readonly started: Int32Array<SharedArrayBuffer>;
}

/** Said once everything is loaded. */
const READY = 'ready';

function serve({ failures, module, memory, control, id, blas, started }: WorkerData): void {
  const block = new Int32Array(memory.buffer, control, code.CONTROL_BYTES / 4);
  try {
    const kernels = instantiate(module, memory, blas === null ? null : openBlas(blas, memory));
    Atomics.add(started, 0, 1);
    Atomics.notify(started, 0);
    parentPort?.postMessage(READY);
    for (let seen = 0; ; ) {
      seen = kernels.waitForJob(control, seen);
      if (block[code.CONTROL_JOB] === code.JOB_EXIT) return;
      kernels.runJob(control, id);
    }
  } catch (error) {
    failures.postMessage(error);
    // the others wait at a barrier for this thread
    Atomics.store(block, code.CONTROL_ABORT, 1);
    Atomics.notify(block, code.CONTROL_SENSE);
    throw error;
  }
}

serve(workerData as WorkerData);
