/** How often a caller may ask: a bucket of tokens for each, filled at the rate that is allowed (token bucket). */
import { Refused } from '../service/errors-to-status.ts';

/** Callers that are kept in mind. */
const MOST_CALLERS = 10_000;

export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** @param perSecond requests; twice as many may come at once */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(1, 2 * perSecond);
  }

  /** @throws Refused 429 */
  take(caller: string, now = performance.now()): void {
    const bucket = this.#buckets.get(caller) ?? { tokens: this.#burst, at: now };
    this.#buckets.delete(caller);
    const tokens = Math.min(this.#burst, bucket.tokens + ((now - bucket.at) / 1000) * this.#perSecond);
    this.#buckets.set(caller, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
    if (this.#buckets.size > MOST_CALLERS) this.#buckets.delete(this.#buckets.keys().next().value as string);
    if (tokens >= 1) return;
    const seconds = Math.ceil((1 - tokens) / this.#perSecond);
    throw new Refused(
      429,
      'too-many',
      `at most ${this.#perSecond} requests a second are answered; wait ${seconds} s`,
      seconds,
    );
  }
}
