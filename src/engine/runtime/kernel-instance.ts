/** The compiled kernels as functions on the shared memory. */
import type { OpenedBlas } from './blas.ts';

/** The functions of the kernel files that TypeScript calls. */
export interface KernelExports {
  runJob(control: number, worker: number): void;
  waitForJob(control: number, seen: number): number;
  runProgram(program: number, count: number): void;
  setBases(scratch: number, lane: number): void;
  setTile(start: number, rows: number): void;
  setExamples(slot: number, epoch: number): void;
  setBatch(rows: number, step: number, inWindow: number): void;
  packPanels(b: number, rowStride: number, colStride: number, out: number, k: number, n: number): void;
  /** Arguments as in kernels/gemm.ts: addresses in bytes, strides in elements. */
  gemm(
    a: number,
    aRow: number,
    aK: number,
    b: number,
    bK: number,
    bPanel: number,
    c: number,
    cRow: number,
    m: number,
    n: number,
    k: number,
    flags: number,
    bias: number,
  ): void;
  /** The best items of a query, by this thread alone, see kernels/retrieval.ts. */
  retrieveAlone(record: number): void;
  /** 1 = products of plans call the imported sgemm from now on; directProduct as in OpenedBlas. */
  useBlas(on: number, directProduct: number): void;
  /** 0 = what this thread runs next makes its products itself, even where there is a system BLAS. */
  allowBlas(on: number): void;
  philoxBlock(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): void;
  philoxValue(n: number): number;
  permute(position: number, n: number, k0: number, k1: number, round: number): number;
}

/** Makes an instance of the kernels on the shared memory; each thread has its own. */
export function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  blas: OpenedBlas | null = null,
): KernelExports {
  const abort = (): never => {
    throw new Error('internal: a kernel aborted');
  };
  const env = { memory, abort, sgemm: blas?.sgemm ?? abort, now: () => performance.timeOrigin + performance.now() };
  const exports: object = new WebAssembly.Instance(module, { env }).exports;
  const kernels = exports as KernelExports;
  kernels.useBlas(blas ? 1 : 0, blas?.directProduct ?? 0);
  return kernels;
}
