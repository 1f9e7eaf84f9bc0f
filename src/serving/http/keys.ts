/** Who may do what: keys whose hashes the store keeps. */
import { createHash, randomBytes } from 'node:crypto';
import { Refused } from '../service/errors-to-status.ts';
import { ACCESS_LEVELS, type Access, type StoredKey } from '../store/records.ts';
import type { Store } from '../store/store.ts';

/** Keys are read from the store at most this often: a key that was removed works that long. */
const REREAD_MS = 5_000;

/** A new key of 192 random bits, which nobody can show again, and what the store keeps of it. */
export function makeKey(access: Access, name: string): { readonly key: string; readonly stored: StoredKey } {
  const secret = randomBytes(24).toString('base64url');
  const key = `dt_${secret}`;
  const id = randomBytes(6).toString('hex');
  return { key, stored: { id, hash: hashOf(key), access, name, created: Date.now() } };
}

/** Keys are random, hence one round of SHA-256 is as good as a slow hash. */
function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

export interface Caller {
  /** Names the caller for limits. */
  readonly name: string;
  readonly access: Access;
}

export class Keys {
  readonly #store: Store;
  readonly #isOpen: boolean;
  #known = new Map<string, StoredKey>();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  /** @param isOpen whether everybody may do everything while there is no key */
  constructor(store: Store, isOpen: boolean) {
    this.#store = store;
    this.#isOpen = isOpen;
  }

  /**
   * @param header of the request: `Bearer KEY`
   * @param address of the caller
   * @throws Refused 401 without a key that is known, 403 where it does not allow this
   */
  async check(header: string | undefined, needed: Access | 'open', address: string): Promise<Caller> {
    if (needed === 'open') return { name: address, access: 'read' };
    await this.#reread();
    if (this.#isOpen && this.#known.size === 0) return { name: address, access: 'admin' };
    const [, key] = /^Bearer +(\S{1,200})$/i.exec(header ?? '') ?? [];
    const known = key === undefined ? undefined : this.#known.get(hashOf(key));
    if (!known)
      throw new Refused(
        401,
        'unauthorized',
        'needs the header "Authorization: Bearer KEY" with a key that this server knows',
      );
    if (ACCESS_LEVELS.indexOf(known.access) < ACCESS_LEVELS.indexOf(needed))
      throw new Refused(403, 'forbidden', `needs a key with ${needed} access, found one with ${known.access} access`);
    return { name: known.id, access: known.access };
  }

  async #reread(): Promise<void> {
    if (performance.now() - this.#readAt < REREAD_MS) return;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
  }

  async #read(): Promise<void> {
    this.#known = new Map((await this.#store.keys()).map((key) => [key.hash, key]));
    this.#readAt = performance.now();
  }
}
