/**
 * The past sessions most like a running one: a merge of the lists "sessions that hold item j" from the most recent backwards,
 * which stops at the sample size, then a selection of the k best. The scratch arrays are used again for the next session.
 */
import { type SparseRows, transposeRows } from '../data/sparse-rows.ts';

export interface NeighbourOptions {
  readonly k: number;
  readonly sample: number;
  /** Divide by ‖w‖ √|N|. */
  readonly cosine: boolean;
  /** Weight of an item `ago` events ago (1 = the last event) in a session of `length`; items of weight 0 count nowhere. */
  readonly weight: (ago: number, length: number) => number;
}

export class SessionNeighbours {
  /** The neighbours found last, most recent first: [found] of each. */
  readonly session: Int32Array;
  readonly similarity: Float64Array;
  /** How many events ago the latest shared item stood. */
  readonly ago: Int32Array;

  readonly #options: NeighbourOptions;
  readonly #sessions: SparseRows;
  readonly #holding: SparseRows;
  readonly #sorted: Float32Array;
  /** Generation in which an item was last met, so that repeats of an item in a session count once. */
  readonly #metIn: Int32Array;
  #generation = 0;
  // The distinct items of the running session, latest first, and the place up to which their lists are read.
  #item = new Int32Array(16);
  #weight = new Float64Array(16);
  #ago = new Int32Array(16);
  #cursor = new Int32Array(16);
  #heap = new Int32Array(16);

  /** @param sessions the distinct items of past sessions, the most recent session last */
  constructor(sessions: SparseRows, nItems: number, options: NeighbourOptions) {
    const size = Math.min(options.sample, sessions.nRows);
    this.#options = options;
    this.#sessions = sessions;
    this.#holding = transposeRows(sessions, nItems);
    this.#metIn = new Int32Array(nItems);
    this.session = new Int32Array(size);
    this.similarity = new Float64Array(size);
    this.ago = new Int32Array(size);
    this.#sorted = new Float32Array(size);
  }

  /** Finds the neighbours of a running session (known items, oldest first); returns how many there are. */
  find(prefix: Int32Array): number {
    const nLists = this.#openLists(prefix);
    const nSampled = this.#merge(nLists);
    if (this.#options.cosine) this.#normalise(nSampled, nLists);
    return this.#keepBest(nSampled);
  }

  #openLists(prefix: Int32Array): number {
    const { length } = prefix;
    this.#makeRoom(length);
    const generation = ++this.#generation;
    let n = 0;
    for (let p = length - 1; p >= 0; p--) {
      const item = prefix[p];
      if (this.#metIn[item] === generation) continue;
      this.#metIn[item] = generation;
      const weight = this.#options.weight(length - p, length);
      if (weight <= 0) continue;
      this.#item[n] = item;
      this.#weight[n] = weight;
      this.#ago[n] = length - p;
      this.#cursor[n++] = this.#holding.rowStart[item + 1] - 1;
    }
    return n;
  }

  #makeRoom(length: number): void {
    if (length <= this.#item.length) return;
    const size = 2 * length;
    this.#item = new Int32Array(size);
    this.#weight = new Float64Array(size);
    this.#ago = new Int32Array(size);
    this.#cursor = new Int32Array(size);
    this.#heap = new Int32Array(size);
  }

  /** Reads the lists together; a session's weights are added in the order of the lists, so that equal sets have equal sums. */
  #merge(nLists: number): number {
    let size = 0;
    for (let list = 0; list < nLists; list++) if (this.#head(list) >= 0) size = this.#push(list, size);
    let n = 0;
    while (size > 0) {
      const list = this.#heap[0];
      const session = this.#head(list);
      if (n > 0 && this.session[n - 1] === session) this.similarity[n - 1] += this.#weight[list];
      else if (n === this.session.length) break;
      else {
        this.session[n] = session;
        this.similarity[n] = this.#weight[list];
        this.ago[n++] = this.#ago[list];
      }
      this.#cursor[list]--;
      size = this.#settle(size);
    }
    return n;
  }

  /** The most recent session of a list that is not read yet; −1 at its end. */
  #head(list: number): number {
    const cursor = this.#cursor[list];
    return cursor >= this.#holding.rowStart[this.#item[list]] ? this.#holding.columns[cursor] : -1;
  }

  /** Does list a come before list b: by the more recent head, then by its place (the later item of the session). */
  #isBefore(a: number, b: number): boolean {
    const difference = this.#head(a) - this.#head(b);
    return difference > 0 || (difference === 0 && a < b);
  }

  #push(list: number, size: number): number {
    let n = size;
    while (n > 0) {
      const parent = (n - 1) >> 1;
      if (this.#isBefore(this.#heap[parent], list)) break;
      this.#heap[n] = this.#heap[parent];
      n = parent;
    }
    this.#heap[n] = list;
    return size + 1;
  }

  /** Puts the first list, whose head has changed, in its place; removes it at its end. */
  #settle(size: number): number {
    const isDone = this.#head(this.#heap[0]) < 0;
    const left = isDone ? size - 1 : size;
    const list = isDone ? this.#heap[left] : this.#heap[0];
    let n = 0;
    for (let child = 1; child < left; child = 2 * n + 1) {
      const right = child + 1;
      const first = right < left && this.#isBefore(this.#heap[right], this.#heap[child]) ? right : child;
      if (this.#isBefore(list, this.#heap[first])) break;
      this.#heap[n] = this.#heap[first];
      n = first;
    }
    this.#heap[n] = list;
    return left;
  }

  #normalise(n: number, nLists: number): void {
    let squares = 0;
    for (let list = 0; list < nLists; list++) squares += this.#weight[list] ** 2;
    const { rowStart } = this.#sessions;
    for (let c = 0; c < n; c++) {
      const session = this.session[c];
      this.similarity[c] /= Math.sqrt(squares * (rowStart[session + 1] - rowStart[session]));
    }
  }

  /**
   * Keeps the k most similar of n; of equal ones the more recent, which stand first. Compared is in float32, so that sums
   * which differ by the rounding of their last bits (0.9 + 0.5, 0.8 + 0.6) count as equal.
   */
  #keepBest(n: number): number {
    const { k } = this.#options;
    if (n <= k) return n;
    const sorted = this.#sorted.subarray(0, n);
    sorted.set(this.similarity.subarray(0, n));
    sorted.sort();
    const least = sorted[n - k];
    let nEqual = k;
    for (let c = n - k; c < n; c++) if (sorted[c] > least) nEqual--;
    let kept = 0;
    for (let c = 0; c < n; c++) {
      const similarity = Math.fround(this.similarity[c]);
      if (similarity < least || (similarity === least && nEqual-- <= 0)) continue;
      this.session[kept] = this.session[c];
      this.similarity[kept] = this.similarity[c];
      this.ago[kept++] = this.ago[c];
    }
    return kept;
  }
}
