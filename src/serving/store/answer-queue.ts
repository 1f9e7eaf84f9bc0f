/**
 * Answers that were given, on their way into the database: those of a few milliseconds, and those that come while others are being
 * written, go into it together, since a transaction costs more than a row.
 */
import type { GivenRecommendation } from './records.ts';

/** Answers of one transaction: other work does not wait long for it. */
const AT_ONCE = 500;

interface Waiting {
  readonly given: GivenRecommendation;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class AnswerQueue {
  readonly #write: (answers: readonly GivenRecommendation[]) => Promise<unknown>;
  readonly #pauseMs: number;
  #waiting: Waiting[] = [];
  /** Of all that are not written yet, by id. */
  readonly #unwritten = new Map<string, Promise<void>>();
  #isGoingOn = false;

  /**
   * @param write keeps all of them, or none
   * @param pauseMs how long the first of a transaction waits for others
   */
  constructor(write: (answers: readonly GivenRecommendation[]) => Promise<unknown>, pauseMs: number) {
    this.#write = write;
    this.#pauseMs = pauseMs;
  }

  /** Those that are not written yet. */
  get size(): number {
    return this.#unwritten.size;
  }

  /** Resolves when it is written. @throws what `write` throws */
  add(given: GivenRecommendation): Promise<void> {
    const written = new Promise<void>((resolve, reject) => this.#waiting.push({ given, resolve, reject }));
    this.#unwritten.set(given.id, written);
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
      const some = this.#waiting.splice(0, AT_ONCE);
      const settle = (tell: (each: Waiting) => void): void => {
        for (const each of some) {
          this.#unwritten.delete(each.given.id);
          tell(each);
        }
      };
      try {
        await this.#write(some.map(({ given }) => given));
        settle(({ resolve }) => resolve());
      } catch (error) {
        settle(({ reject }) => reject(error));
      }
    }
    this.#isGoingOn = false;
  }
}
