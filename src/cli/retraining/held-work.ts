/** A work of a store that this process has taken: the lease is renewed until the work ends, and lost where that fails for too long. */
import { DeepTasteError } from '../../core/errors.ts';
import { freshMark, isGone } from '../../core/process-mark.ts';
import type { Store } from '../../serving/store/store.ts';

const LEASE_MS = 60_000;
const RENEW_MS = 15_000;

export class HeldWork {
  readonly #store: Store;
  readonly #name: string;
  readonly #holder: string;
  readonly #timer: NodeJS.Timeout;

  private constructor(store: Store, name: string, holder: string) {
    this.#store = store;
    this.#name = name;
    this.#holder = holder;
    this.#timer = setInterval(() => void this.#renew().catch(() => {}), RENEW_MS);
    this.#timer.unref();
  }

  /** @returns null while another process has it */
  static async take(store: Store, name: string): Promise<HeldWork | null> {
    const holder = freshMark();
    const former = await store.work(name);
    // a process of this machine that was killed does not come back
    const gone = former !== null && isGone(former.holder) ? former.holder : undefined;
    const isTaken = await store.takeWork(name, holder, Date.now() + LEASE_MS, gone);
    return isTaken ? new HeldWork(store, name, holder) : null;
  }

  #renew(): Promise<boolean> {
    return this.#store.takeWork(this.#name, this.#holder, Date.now() + LEASE_MS);
  }

  /** Before what only one process may do. @throws 'io' when the work has been lost to another */
  async require(): Promise<void> {
    if (await this.#renew()) return;
    throw new DeepTasteError(
      'io',
      `retrain: this process must have the work "${this.#name}" of the store, found another one that took it over; nothing was replaced`,
    );
  }

  /** @param outcome as the store shows it */
  async end(outcome: string): Promise<void> {
    clearInterval(this.#timer);
    await this.#store.endWork(this.#name, this.#holder, outcome);
  }
}
