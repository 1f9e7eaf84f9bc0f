/**
 * For every row the k columns of the largest values, kept in one heap a row while values come in any order. Of equal values
 * the smaller column is better, so that the outcome does not depend on the order.
 */
import type { SparseRows } from './sparse-rows.ts';

export class BestLists {
  readonly nRows: number;
  readonly k: number;
  /** Heaps [nRows × k] with the worst entry first. */
  readonly #columns: Int32Array;
  readonly #values: Float64Array;
  readonly #size: Int32Array;

  constructor(nRows: number, k: number) {
    this.nRows = nRows;
    this.k = k;
    this.#columns = new Int32Array(nRows * k);
    this.#values = new Float64Array(nRows * k);
    this.#size = new Int32Array(nRows);
  }

  /** Enters a value; a column may be offered once a row. */
  offer(row: number, column: number, value: number): void {
    const start = row * this.k;
    if (this.#size[row] < this.k) this.#rise(start, this.#size[row]++, column, value);
    else if (this.#isWorse(start, column, value)) this.#sink(start, column, value);
  }

  /** Whether the entry at a position is worse than another one. */
  #isWorse(at: number, column: number, value: number): boolean {
    return this.#values[at] < value || (this.#values[at] === value && this.#columns[at] > column);
  }

  #rise(start: number, position: number, column: number, value: number): void {
    let n = position;
    while (n > 0) {
      const parent = (n - 1) >> 1;
      // stop when the parent is the worse of the two
      if (this.#isWorse(start + parent, column, value)) break;
      this.#move(start + parent, start + n);
      n = parent;
    }
    this.#columns[start + n] = column;
    this.#values[start + n] = value;
  }

  /** Replaces the worst entry. */
  #sink(start: number, column: number, value: number): void {
    let n = 0;
    for (let child = 1; child < this.k; child = 2 * n + 1) {
      const right = start + child + 1;
      const isRight =
        child + 1 < this.k && this.#isWorse(right, this.#columns[start + child], this.#values[start + child]);
      const worse = start + child + (isRight ? 1 : 0);
      if (!this.#isWorse(worse, column, value)) break;
      this.#move(worse, start + n);
      n = worse - start;
    }
    this.#columns[start + n] = column;
    this.#values[start + n] = value;
  }

  #move(from: number, to: number): void {
    this.#columns[to] = this.#columns[from];
    this.#values[to] = this.#values[from];
  }

  /** The lists with rows and columns exchanged: row c holds the rows in whose list column c stands, ascending, and the values. */
  transposed(nColumns: number): { readonly rows: SparseRows; readonly values: Float32Array } {
    const rowStart = new Int32Array(nColumns + 1);
    this.#each((_, column) => {
      rowStart[column + 1]++;
    });
    for (let c = 0; c < nColumns; c++) rowStart[c + 1] += rowStart[c];
    const next = rowStart.slice(0, nColumns);
    const columns = new Int32Array(rowStart[nColumns]);
    const values = new Float32Array(rowStart[nColumns]);
    this.#each((row, column, value) => {
      columns[next[column]] = row;
      values[next[column]++] = value;
    });
    return { rows: { nRows: nColumns, rowStart, columns }, values };
  }

  /** The lists themselves: row r holds the columns in its list, ascending, and their values. */
  listed(): { readonly rows: SparseRows; readonly values: Float32Array } {
    const rowStart = new Int32Array(this.nRows + 1);
    for (let row = 0; row < this.nRows; row++) rowStart[row + 1] = rowStart[row] + this.#size[row];
    const columns = new Int32Array(rowStart[this.nRows]);
    const values = new Float32Array(rowStart[this.nRows]);
    for (let row = 0; row < this.nRows; row++) {
      const entries = Array.from({ length: this.#size[row] }, (_, n) => row * this.k + n);
      entries.sort((a, b) => this.#columns[a] - this.#columns[b]);
      entries.forEach((entry, n) => {
        columns[rowStart[row] + n] = this.#columns[entry];
        values[rowStart[row] + n] = this.#values[entry];
      });
    }
    return { rows: { nRows: this.nRows, rowStart, columns }, values };
  }

  #each(visit: (row: number, column: number, value: number) => void): void {
    for (let row = 0; row < this.nRows; row++)
      for (let n = row * this.k; n < row * this.k + this.#size[row]; n++) visit(row, this.#columns[n], this.#values[n]);
  }
}
