/** The engine: one shared memory, the kernels, and a pool of threads that run jobs on it together. */
import { closeSync, openSync } from 'node:fs';
import { availableParallelism, devNull } from 'node:os';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { DeepTasteError } from '../../core/errors.ts';
import type { KernelBuild } from '../../core/kernel-build.ts';
import { suggestion } from '../../core/nearest.ts';
import * as code from '../kernels/opcodes.ts';
import { RangeAllocator } from './allocator.ts';
import { type BlasChoice, type BlasLibrary, findBlas, openBlas } from './blas.ts';
import { loadKernels } from './kernel-file.ts';
import { instantiate, type KernelExports } from './kernel-instance.ts';
import type { WorkerData } from './worker.ts';

const PAGE = 65536;
const LIMIT = 4 * 1024 ** 3 - PAGE;

export type { BlasChoice } from './blas.ts';

export interface EngineOptions {
  /** Threads that compute, this one included; default: all the machine offers. Results do not depend on it. */
  readonly threads?: number;
  /** Kernel build; default: the best the runtime supports. */
  readonly kernels?: KernelBuild;
  /** System BLAS for the matrix products of plans; default 'auto'. Its rounding differs from WebAssembly's. */
  readonly blas?: BlasChoice;
}

const optionNames = ['threads', 'kernels', 'blas'] as const satisfies readonly (keyof EngineOptions)[];

/** How long a thread may take to start on a machine that is busy. */
const START_MS = 60_000;
/** Files, pipes and the like that a thread opens while it starts. */
const HANDLES_OF_A_THREAD = 16;

function requireSharedMemory(): void {
  const missing =
    typeof WebAssembly === 'undefined'
      ? 'WebAssembly'
      : typeof SharedArrayBuffer === 'undefined'
        ? 'SharedArrayBuffer'
        : null;
  if (missing === null) return;
  throw new DeepTasteError(
    'io',
    `engine: this JavaScript runtime must offer ${missing}, found none; run Node without --jitless and --no-harmony-sharedarraybuffer`,
  );
}

/** Plain JavaScript gets to know that an option does not exist. @throws DeepTasteError `config` */
export function checkEngineOptions(options: EngineOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new DeepTasteError(
      'config',
      `engine: the options must be an object such as { threads: 2 }, found ${JSON.stringify(options)}`,
    );
  const wrong = Object.keys(options).find((name) => !(optionNames as readonly string[]).includes(name));
  if (wrong !== undefined)
    throw new DeepTasteError('config', `engine: "${wrong}" is not a known option${suggestion(wrong, optionNames)}`);
  const { threads = availableParallelism() } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > 256)
    throw new DeepTasteError('config', `threads: must be an integer from 1 to 256, found ${JSON.stringify(threads)}`);
}

/** Opens as many files as are needed and closes them. @throws the system's error when so many cannot be open */
function requireHandles(n: number): void {
  const open: number[] = [];
  try {
    while (open.length < n) open.push(openSync(devNull, 'r'));
  } finally {
    for (const handle of open) closeSync(handle);
  }
}

function noThreads(threads: number, cause: unknown): DeepTasteError {
  const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
  return new DeepTasteError(
    'io',
    `engine: ${threads} threads must be able to start, found that they cannot (${reason}); use fewer (--threads 1), or raise the limits ` +
      'of processes and open files (ulimit -u, ulimit -n)',
    { threads },
    { cause },
  );
}

export class Engine {
  readonly threads: number;
  readonly build: KernelBuild;
  /** The system BLAS in use; null = WebAssembly does all products. */
  readonly blas: BlasLibrary | null;
  /** One line for people when a wanted BLAS could not be used. */
  readonly notice: string | null;
  readonly memory: WebAssembly.Memory;
  readonly kernels: KernelExports;
  readonly #allocator = new RangeAllocator(PAGE, LIMIT, 64);
  readonly #workers: Worker[] = [];
  readonly #failurePorts: MessagePort[] = [];
  readonly #control: number;
  /** Number of started workers, shared with them; null = one thread. */
  readonly #started: Int32Array | null;
  #failure: Error | null = null;
  #closed = false;

  constructor(options: EngineOptions = {}) {
    checkEngineOptions(options);
    this.threads = options.threads ?? availableParallelism();
    requireSharedMemory();
    const { module, build } = loadKernels(options.kernels);
    this.build = build;
    this.memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
    const { library, notice } = findBlas(options.blas ?? 'auto');
    this.blas = library;
    this.notice = notice;
    this.kernels = instantiate(module, this.memory, library && openBlas(library.path, this.memory));
    this.#control = this.allocate(code.CONTROL_BYTES);
    this.#started = this.threads > 1 ? new Int32Array(new SharedArrayBuffer(4)) : null;
    this.#startWorkers(module);
  }

  #startWorkers(module: WebAssembly.Module): void {
    try {
      requireHandles(HANDLES_OF_A_THREAD * (this.threads - 1));
      for (let id = 1; id < this.threads; id++) this.#workers.push(this.#startWorker(module, id));
    } catch (cause) {
      this.close();
      throw noThreads(this.threads, cause);
    }
  }

  /** Waits with a limit: a thread that cannot start cannot report it while this thread waits for it. */
  #awaitWorkers(): void {
    const started = this.#started;
    if (started === null || started[0] === this.threads - 1) return;
    const end = performance.now() + START_MS;
    for (let n = Atomics.load(started, 0); n < this.threads - 1; n = Atomics.load(started, 0)) {
      const left = end - performance.now();
      if (left <= 0) {
        this.close();
        throw noThreads(this.threads, new Error(`${n + 1} started within ${START_MS / 1000} s`));
      }
      Atomics.wait(started, 0, n, left);
    }
  }

  #startWorker(module: WebAssembly.Module, id: number): Worker {
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    const { port1, port2 } = new MessageChannel();
    this.#failurePorts.push(port1);
    const workerData: WorkerData = {
      failures: port2,
      module,
      memory: this.memory,
      control: this.#control,
      id,
      blas: this.blas?.path ?? null,
      started: this.#started as Int32Array<SharedArrayBuffer>,
    };
    // flags of the process such as --input-type are not for the file of a thread, which would not start
    const worker = new Worker(new URL(file, import.meta.url), { workerData, execArgv: [], transferList: [port2] });
    worker.on('error', (error) => {
      this.#failure ??= error;
    });
    // Node aborts the process when it must end a thread that is loading a native library: until then the thread is waited for
    worker.once('message', () => {
      if (!this.#closed) worker.unref();
    });
    return worker;
  }

  /** Reserves zeroed bytes of the shared memory, 64-byte aligned. @throws 'memory' beyond WebAssembly's 4 GiB */
  allocate(bytes: number): number {
    const start = this.#allocator.allocate(bytes);
    if (start < 0) {
      const needed = (bytes / 1024 ** 2).toFixed(0);
      throw new DeepTasteError(
        'memory',
        `engine: ${needed} MiB more do not fit into WebAssembly's 4 GiB; use fewer dimensions, a smaller batch or fewer rows`,
      );
    }
    const missing = this.#allocator.highWater + 64 - this.memory.buffer.byteLength;
    if (missing > 0) this.#grow(Math.ceil(missing / PAGE));
    this.bytes(start, bytes).fill(0);
    return start;
  }

  #grow(pages: number): void {
    try {
      this.memory.grow(pages);
    } catch (error) {
      const mebibytes = (pages * PAGE) / 1024 ** 2;
      throw new DeepTasteError(
        'memory',
        `engine: the system refused ${mebibytes} MiB more memory; free some, or raise the limit (ulimit -v)`,
        {},
        { cause: error },
      );
    }
  }

  free(start: number): void {
    this.#allocator.release(start);
  }

  /** Bytes of shared memory that are allocated now. */
  get heldBytes(): number {
    return this.#allocator.takenBytes;
  }

  /** Bytes of shared memory in use at most so far. */
  get peakBytes(): number {
    return this.#allocator.highWater;
  }

  bytes(start: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, start, length);
  }
  f32(start: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, start, length);
  }
  f64(start: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, start, length);
  }
  i32(start: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, start, length);
  }
  u32(start: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, start, length);
  }

  /** Copies an array into newly allocated memory and returns its address. */
  place(values: Int32Array | Uint32Array | Float32Array): number {
    const start = this.allocate(values.byteLength);
    this.bytes(start, values.byteLength).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return start;
  }

  /** Runs a job on all threads, this one included, and returns when all have finished. */
  run(job: number, argument: number): void {
    this.#post(job, argument, this.threads);
  }

  /** Runs a job on this thread, without waking others: best for what is done before they would have woken. The same bytes. */
  runAlone(job: number, argument: number): void {
    this.#post(job, argument, 1);
  }

  /** What the thread that failed said: its error event comes only when this thread's event loop turns. */
  #failed(): unknown {
    for (const port of this.#failurePorts) this.#failure ??= (receiveMessageOnPort(port)?.message as Error) ?? null;
    return this.#failure;
  }

  #post(job: number, argument: number, threads: number): void {
    if (this.#closed) throw new DeepTasteError('config', 'engine: it has been closed');
    this.#awaitWorkers();
    const control = this.i32(this.#control, code.CONTROL_BYTES / 4);
    control[code.CONTROL_JOB] = job;
    control[code.CONTROL_ARGUMENT] = argument;
    control[code.CONTROL_THREADS] = threads;
    control[code.CONTROL_CLAIM] = 0;
    if (threads > 1) {
      Atomics.add(control, code.CONTROL_GENERATION, 1);
      Atomics.notify(control, code.CONTROL_GENERATION);
    }
    try {
      this.kernels.runJob(this.#control, 0);
    } catch (error) {
      Atomics.store(control, code.CONTROL_ABORT, 1);
      this.close();
      throw new DeepTasteError('numeric', 'engine: a kernel failed; the engine is closed', {}, { cause: error });
    }
    if (Atomics.load(control, code.CONTROL_ABORT) !== 0) {
      const cause = this.#failed();
      this.close();
      const why = cause instanceof Error ? ` (${cause.message.split('\n', 1)[0]})` : '';
      throw new DeepTasteError('numeric', `engine: a thread failed${why}; the engine is closed`, {}, { cause });
    }
  }

  /** Stops the threads. The memory is freed when nothing refers to the engine any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const control = this.i32(this.#control, code.CONTROL_BYTES / 4);
    control[code.CONTROL_JOB] = code.JOB_EXIT;
    Atomics.add(control, code.CONTROL_GENERATION, 1);
    Atomics.notify(control, code.CONTROL_GENERATION);
    // they end by themselves, also those that are still loading
    for (const worker of this.#workers) worker.ref();
  }
}
