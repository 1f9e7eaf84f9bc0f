/**
 * Matrix products outside WebAssembly's memory, by the system BLAS on threads of their own, so that the calling thread's event
 * loop turns meanwhile. Each product is one single-threaded call: the bytes do not depend on the number of threads.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { DeepTasteError } from '../../core/errors.ts';
import type { BlasLibrary, LargeProduct } from './blas.ts';
import type { ProductWork, ProductWorkerData } from './product-worker.ts';

export class ProductPool {
  readonly #workers: readonly Worker[];

  private constructor(workers: readonly Worker[]) {
    this.#workers = workers;
  }

  /** @throws 'io' when a thread cannot start */
  static async open(library: BlasLibrary, memory: SharedArrayBuffer, threads: number): Promise<ProductPool> {
    const file = new URL(
      import.meta.url.endsWith('.ts') ? './product-worker.ts' : './product-worker.js',
      import.meta.url,
    );
    const workerData: ProductWorkerData = { path: library.path, memory };
    // flags of the process such as --input-type are not for the file of a thread, which would not start
    const pool = new ProductPool(Array.from({ length: threads }, () => new Worker(file, { workerData, execArgv: [] })));
    await pool.#everyone(() => {});
    return pool;
  }

  /** Makes products that do not depend on one another, in any order. */
  async run(products: readonly LargeProduct[]): Promise<void> {
    const work: ProductWork = { products, claimed: new Int32Array(new SharedArrayBuffer(4)) };
    await this.#everyone((worker) => worker.postMessage(work));
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  /** Gives every thread something to do and waits until each has said that it is done. */
  async #everyone(give: (worker: Worker) => void): Promise<void> {
    const answers = this.#workers.map(async (worker) => {
      const answer = once(worker, 'message');
      give(worker);
      await answer;
    });
    // all of them, also after a failure: a thread that is loading a native library must not be ended
    const failed = (await Promise.allSettled(answers)).find((answer) => answer.status === 'rejected');
    if (!failed) return;
    await this.close();
    const reason = failed.reason instanceof Error ? failed.reason.message.split('\n', 1)[0] : String(failed.reason);
    throw new DeepTasteError(
      'io',
      `blas: ${this.#workers.length} threads must make matrix products, found that one cannot (${reason}); use fewer (--threads 1)`,
      {},
      { cause: failed.reason },
    );
  }
}
