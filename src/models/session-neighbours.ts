/**
 * The past sessions most like a running one. For each item of the running session its latest past sessions are visited and
 * their similarity is added up; then the most recent of these are kept, then the most similar. The scratch arrays are used
 * again for the next session.
 */
import { type SparseRows, transposeRows } from '../data/sparse-rows.ts';
import { nthLargest } from './nth-largest.ts';

export interface NeighbourOptions {
  readonly k: number;
  readonly sample: number;
  /** Divide by ‖w‖ √|N|. */
  readonly cosine: boolean;
  /** Weight of an item `ago` events ago (1 = the last event) in a session of `length`; items of weight 0 count nowhere. */
  readonly weight: (ago: number, length: number) => number;
}

/** Buckets in which the recency of sessions is counted, at most. */
const nBuckets = 1024;

export class SessionNeighbours {
  /** The neighbours found last, in no particular order: [found] of each. */
  readonly session: Int32Array;
  readonly similarity: Float64Array;
  /** How many events ago the latest shared item stood. */
  readonly ago: Int32Array;

  readonly #options: NeighbourOptions;
  readonly #sessions: SparseRows;
  readonly #holding: SparseRows;
  /** Generation in which an item or a session was last met, so that nothing has to be cleared. */
  #generation = 0;
  readonly #itemMet: Int32Array; // [nItems]
  readonly #sessionMet: Int32Array; // [nSessions]
  readonly #sum: Float64Array; // [nSessions]
  readonly #agoOf: Int32Array; // [nSessions]
  readonly #met: Int32Array; // [nSessions] the sessions met, in the order of meeting
  readonly #bucket: Int32Array;
  readonly #shift: number;
  readonly #values: Float32Array;

  /** @param sessions the distinct items of past sessions, the most recent session last */
  constructor(sessions: SparseRows, nItems: number, options: NeighbourOptions) {
    const size = Math.min(options.sample, sessions.nRows);
    this.#options = options;
    this.#sessions = sessions;
    this.#holding = transposeRows(sessions, nItems);
    this.#itemMet = new Int32Array(nItems);
    this.#sessionMet = new Int32Array(sessions.nRows);
    this.#sum = new Float64Array(sessions.nRows);
    this.#agoOf = new Int32Array(sessions.nRows);
    this.#met = new Int32Array(sessions.nRows);
    this.#shift = Math.max(0, Math.ceil(Math.log2(Math.max(1, sessions.nRows) / nBuckets)));
    this.#bucket = new Int32Array(nBuckets);
    this.session = new Int32Array(size);
    this.similarity = new Float64Array(size);
    this.ago = new Int32Array(size);
    this.#values = new Float32Array(size);
  }

  /** Finds the neighbours of a running session (known items, oldest first); returns how many there are. */
  find(prefix: Int32Array): number {
    this.#generation++;
    const { length } = prefix;
    let nMet = 0;
    let squares = 0;
    for (let p = length - 1; p >= 0; p--) {
      const item = prefix[p];
      if (this.#itemMet[item] === this.#generation) continue;
      this.#itemMet[item] = this.#generation;
      const weight = this.#options.weight(length - p, length);
      if (weight <= 0) continue;
      squares += weight ** 2;
      nMet = this.#visit(item, weight, length - p, nMet);
    }
    const nSampled = this.#keepRecent(nMet);
    if (this.#options.cosine) this.#normalise(nSampled, squares);
    return this.#keepBest(nSampled);
  }

  /**
   * Adds an item's weight to its `sample` latest sessions. A session among the `sample` most recent of all that are met is
   * among the latest of each of its items, so that its sum is complete. Items come latest first, which fixes `ago`.
   */
  #visit(item: number, weight: number, ago: number, nMet: number): number {
    const { rowStart, columns } = this.#holding;
    const first = Math.max(rowStart[item], rowStart[item + 1] - this.#options.sample);
    let n = nMet;
    for (let c = rowStart[item + 1] - 1; c >= first; c--) {
      const session = columns[c];
      if (this.#sessionMet[session] === this.#generation) this.#sum[session] += weight;
      else {
        this.#sessionMet[session] = this.#generation;
        this.#sum[session] = weight;
        this.#agoOf[session] = ago;
        this.#met[n++] = session;
      }
    }
    return n;
  }

  /** Takes the `sample` most recent of the sessions met. */
  #keepRecent(nMet: number): number {
    const oldest = nMet > this.session.length ? this.#sampleStart(nMet) : 0;
    let n = 0;
    for (let m = 0; m < nMet; m++) {
      const session = this.#met[m];
      if (session < oldest) continue;
      this.session[n] = session;
      this.similarity[n] = this.#sum[session];
      this.ago[n++] = this.#agoOf[session];
    }
    return n;
  }

  /** The oldest session that belongs to the sample: its bucket by counting, its place in the bucket by sorting that. */
  #sampleStart(nMet: number): number {
    const met = this.#met.subarray(0, nMet);
    this.#bucket.fill(0);
    for (const session of met) this.#bucket[session >> this.#shift]++;
    let missing = this.session.length;
    let b = nBuckets - 1;
    while (this.#bucket[b] < missing) missing -= this.#bucket[b--];
    const inBucket = met.filter((session) => session >> this.#shift === b).sort();
    return inBucket[inBucket.length - missing];
  }

  #normalise(n: number, squares: number): void {
    const { rowStart } = this.#sessions;
    for (let c = 0; c < n; c++) {
      const session = this.session[c];
      this.similarity[c] /= Math.sqrt(squares * (rowStart[session + 1] - rowStart[session]));
    }
  }

  /**
   * Keeps the k most similar of n; of equal ones the more recent. Compared is in float32, so that sums which differ by the
   * rounding of their last bits (0.9 + 0.5, 0.8 + 0.6) count as equal.
   */
  #keepBest(n: number): number {
    const { k } = this.#options;
    if (n <= k) return n;
    const values = this.#values.subarray(0, n);
    values.set(this.similarity.subarray(0, n));
    const least = nthLargest(values, k);
    let nEqual = k;
    for (const similarity of values) if (similarity > least) nEqual--;
    const oldest = this.#oldestOfEqual(n, least, nEqual);
    let kept = 0;
    for (let c = 0; c < n; c++) {
      const similarity = Math.fround(this.similarity[c]);
      if (similarity < least || (similarity === least && this.session[c] < oldest)) continue;
      this.session[kept] = this.session[c];
      this.similarity[kept] = this.similarity[c];
      this.ago[kept++] = this.ago[c];
    }
    return kept;
  }

  /** The oldest of the `count` most recent sessions whose similarity is `least`. */
  #oldestOfEqual(n: number, least: number, count: number): number {
    const equal = this.session.subarray(0, n).filter((_, c) => Math.fround(this.similarity[c]) === least);
    equal.sort();
    return equal[equal.length - count];
  }
}
