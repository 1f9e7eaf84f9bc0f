/**
 * Which items of a catalogue a list may hold. Where only single items are left out, that is a list of these: a request then costs
 * nothing for each of a million items.
 */
export class AllowedItems {
  readonly #size: number;
  /** 1 for items of which all conditions hold [size]; null = of all. */
  readonly #rows: Uint8Array | null;
  readonly #leftOut: ReadonlySet<number>;
  #mask: Uint8Array | null = null;

  /**
   * @param size of the catalogue
   * @param rows 1 for items of which all conditions hold [size]; null = of all
   * @param leftOut single items beside
   */
  constructor(size: number, rows: Uint8Array | null, leftOut: Iterable<number> = []) {
    this.#size = size;
    this.#rows = rows;
    this.#leftOut = new Set(leftOut);
  }

  /** 1 for those that a list may hold [size of the catalogue]; not to be written. */
  get mask(): Uint8Array {
    if (this.#mask === null) {
      this.#mask = this.#rows?.slice() ?? new Uint8Array(this.#size).fill(1);
      for (const item of this.#leftOut) this.#mask[item] = 0;
    }
    return this.#mask;
  }

  /** Items that no list may hold, ascending; null where conditions say it. */
  get leftOut(): Int32Array | null {
    return this.#rows === null ? Int32Array.from(this.#leftOut).sort() : null;
  }

  /** Those that are no items of these. */
  without(items: Iterable<number>): AllowedItems {
    return new AllowedItems(this.#size, this.#rows, [...this.#leftOut, ...items]);
  }
}
