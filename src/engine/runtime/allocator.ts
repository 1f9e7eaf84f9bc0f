/** First-fit allocation of byte ranges with merging of free neighbours; used for the shared memory and for tile scratch. */
export class RangeAllocator {
  /** Free ranges [start, end), ascending and never adjacent. */
  readonly #free: { start: number; end: number }[];
  readonly #taken = new Map<number, number>();
  readonly #align: number;
  /** Bytes of all ranges that are given out now. */
  takenBytes = 0;
  /** Highest end of any range ever given out. */
  highWater: number;

  constructor(start: number, end: number, align: number) {
    this.#free = [{ start, end }];
    this.#align = align;
    this.highWater = start;
  }

  /** Start of a range of at least `bytes`, or −1 when there is none. */
  allocate(bytes: number): number {
    const size = Math.max(this.#align, Math.ceil(bytes / this.#align) * this.#align);
    const n = this.#free.findIndex((range) => range.end - range.start >= size);
    if (n < 0) return -1;
    const range = this.#free[n];
    const start = range.start;
    range.start += size;
    if (range.start === range.end) this.#free.splice(n, 1);
    this.#taken.set(start, size);
    this.takenBytes += size;
    this.highWater = Math.max(this.highWater, start + size);
    return start;
  }

  release(start: number): void {
    const size = this.#taken.get(start);
    if (size === undefined) throw new Error(`internal: range ${start} is not allocated`);
    this.#taken.delete(start);
    this.takenBytes -= size;
    let n = this.#free.findIndex((range) => range.start > start);
    if (n < 0) n = this.#free.length;
    this.#free.splice(n, 0, { start, end: start + size });
    if (this.#free[n + 1]?.start === start + size) this.#free[n].end = this.#free.splice(n + 1, 1)[0].end;
    if (n > 0 && this.#free[n - 1].end === start) this.#free[n - 1].end = this.#free.splice(n, 1)[0].end;
  }
}
