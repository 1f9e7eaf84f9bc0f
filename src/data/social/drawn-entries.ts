/** Entries of a row drawn evenly, none twice, where it has more than are wanted: Floyd's algorithm (Bentley: Programming Pearls, 1987). */
import { philox } from '../../core/random.ts';
import { entryOf, type SparseRows } from '../sparse-rows.ts';

/** What draws depend on beside the key: three numbers. */
type DrawNumber = readonly [number, number, number];

export class DrawnEntries {
  readonly #key: readonly [number, number];
  readonly #cap: number;
  readonly #block = new Uint32Array(4);

  /** @param key Philox key: (seed, stream) @param cap most entries of a row */
  constructor(key: readonly [number, number], cap: number) {
    this.#key = key;
    this.#cap = cap;
  }

  /**
   * Calls `visit` with each entry and its place in the list.
   * @param from the row, and the column that is left out, where there is one
   */
  visit(
    rows: SparseRows,
    { row, without }: { readonly row: number; readonly without?: number },
    number: DrawNumber,
    visit: (entry: number, place: number) => void,
  ): void {
    const first = rows.rowStart[row];
    const left = without === undefined ? -1 : entryOf(rows, row, without);
    const size = rows.rowStart[row + 1] - first - (left < 0 ? 0 : 1);
    const entryAt = (n: number): number => first + n + (left >= 0 && first + n >= left ? 1 : 0);
    if (size <= this.#cap) {
      for (let n = 0; n < size; n++) visit(entryAt(n), n);
      return;
    }
    const chosen = new Set<number>();
    for (let place = 0; place < this.#cap; place++) {
      const top = size - this.#cap + place;
      if (place % 4 === 0) philox([place >> 2, ...number], this.#key, this.#block);
      const n = Math.floor((this.#block[place % 4] / 2 ** 32) * (top + 1));
      const taken = chosen.has(n) ? top : n;
      chosen.add(taken);
      visit(entryAt(taken), place);
    }
  }
}
