/**
 * Questions that nobody waits for any more: whoever asked has closed the connection. They are with the thread that scores already, hence
 * their numbers stand in memory that it shares, and it passes them over.
 */

/** Numbers that are remembered. A number that takes the place of another one costs one score in vain, nothing else. */
const PLACES = 4096;

/** Nobody waits for the answer. */
export class Gone extends Error {
  constructor() {
    super('the connection was closed before the answer was made');
  }
}

/** @throws Gone */
export function requireWaiting(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Gone();
}

export class DroppedQuestions {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;

  /** @param memory of the one that another thread has made */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(PLACES * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory);
  }

  /** @param id from 1 on */
  add(id: number): void {
    Atomics.store(this.#numbers, id % PLACES, id);
  }

  has(id: number): boolean {
    return Atomics.load(this.#numbers, id % PLACES) === id;
  }
}
