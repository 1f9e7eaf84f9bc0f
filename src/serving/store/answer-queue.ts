/**
 * Answers that were given, on their way into the database: those of a few milliseconds, and those that come while others are being
 * written, go into it together, since a transaction costs more than a row.
 */
import type { Statement } from './sql.ts';
import { StoreFailure } from './store-failure.ts';

/** Answers of one transaction: other work does not wait long for it. */
const AT_ONCE = 500;

interface Waiting {
  readonly id: string;
  readonly statement: Statement;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class AnswerQueue {
  readonly #write: (statements: readonly Statement[]) => Promise<unknown>;
  readonly #pauseMs: number;
  #waiting: Waiting[] = [];
  /** Of all that are not written yet, by id. */
  readonly #unwritten = new Map<string, Promise<void>>();
  #isGoingOn = false;

  /**
   * @param write runs all of them, or none; what the store does not do is a StoreFailure
   * @param pauseMs how long the first of a transaction waits for others
   */
  constructor(write: (statements: readonly Statement[]) => Promise<unknown>, pauseMs: number) {
    this.#write = write;
    this.#pauseMs = pauseMs;
  }

  /** Those that are not written yet. */
  get size(): number {
    return this.#unwritten.size;
  }

  /**
   * Resolves when it is written.
   * @param id of the answer that the statement writes
   * @throws what `write` throws of it, not of others that were written together with it
   */
  add(id: string, statement: Statement): Promise<void> {
    const written = new Promise<void>((resolve, reject) => this.#waiting.push({ id, statement, resolve, reject }));
    this.#unwritten.set(id, written);
    if (!this.#isGoingOn) void this.#writeAll();
    return written;
  }

  /** Resolves when that answer, where it waits, is written or could not be. */
  async settled(id: string): Promise<void> {
    await this.#unwritten.get(id)?.catch(() => {});
  }

  /** Resolves when those that were added before are written, or could not be. */
  async allSettled(): Promise<void> {
    await Promise.allSettled(this.#unwritten.values());
  }

  async #writeAll(): Promise<void> {
    this.#isGoingOn = true;
    while (this.#waiting.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
      await this.#writeSome(this.#waiting.splice(0, AT_ONCE));
    }
    this.#isGoingOn = false;
  }

  /** Where the database refuses what one of them writes, each half is tried by itself, until that one is alone. */
  async #writeSome(some: readonly Waiting[]): Promise<void> {
    try {
      await this.#write(some.map(({ statement }) => statement));
    } catch (error) {
      if (some.length > 1 && error instanceof StoreFailure && error.isOfStatement) {
        const middle = some.length >> 1;
        await this.#writeSome(some.slice(0, middle));
        await this.#writeSome(some.slice(middle));
      } else this.#settle(some, ({ reject }) => reject(error));
      return;
    }
    this.#settle(some, ({ resolve }) => resolve());
  }

  #settle(some: readonly Waiting[], tell: (each: Waiting) => void): void {
    for (const each of some) {
      this.#unwritten.delete(each.id);
      tell(each);
    }
  }
}
