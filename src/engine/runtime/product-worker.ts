/** A thread of a pool of products: takes one product after another until none is left, then says so. */
import { parentPort, workerData } from 'node:worker_threads';
import { type LargeProduct, openLargeProducts } from './blas.ts';

export interface ProductWorkerData {
  readonly path: string;
  readonly memory: SharedArrayBuffer;
}

export interface ProductWork {
  readonly products: readonly LargeProduct[];
  /** Number of products that threads have taken so far. */
  readonly claimed: Int32Array<SharedArrayBuffer>;
}

/** Said once the library is loaded, and after each work. */
const DONE = 'done';

const { path, memory } = workerData as ProductWorkerData;
const multiply = openLargeProducts(path, memory);
parentPort?.on('message', ({ products, claimed }: ProductWork) => {
  for (let n = Atomics.add(claimed, 0, 1); n < products.length; n = Atomics.add(claimed, 0, 1)) multiply(products[n]);
  parentPort?.postMessage(DONE);
});
parentPort?.postMessage(DONE);
