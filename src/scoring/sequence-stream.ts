/** One running sequence: takes event after event and answers with the best next items, without going through the past again. */
import { DeepTasteError } from '../core/errors.ts';
import type { RunningSequences, SequenceScorer } from './sequence-scorer.ts';

export interface BestItems {
  /** Dense item indices, best first; equal scores in the order of the items. */
  readonly items: Int32Array;
  readonly scores: Float32Array;
}

const lane = Int32Array.of(0);

export class SequenceStream {
  readonly #running: RunningSequences;
  readonly #scores: Float32Array;
  #length = 0;

  constructor(scorer: SequenceScorer) {
    this.#running = scorer.open(1);
    this.#scores = new Float32Array(scorer.nItems);
  }

  /** Events taken since the beginning. */
  get length(): number {
    return this.#length;
  }

  /**
   * Takes one event.
   * @param item dense item index; −1 = unknown to training
   * @returns false for an unknown item: it is skipped, the sequence stays as it was
   */
  add(item: number): boolean {
    if (!Number.isInteger(item) || item < -1)
      throw new DeepTasteError('data', `sequence: an item must be a dense index or −1 for an unknown one, got ${item}`);
    if (item === -1) return false;
    this.#running.feed(lane, Int32Array.of(item));
    this.#length++;
    return true;
  }

  /**
   * The best k next items, fewer where there are no more; NaN and −∞ are in no list.
   * @param excluded items that are no candidates
   * @throws 'data' before the first known event: nothing is known of an empty sequence
   */
  top(k: number, excluded: ReadonlySet<number> = new Set()): BestItems {
    if (!Number.isInteger(k) || k < 1) throw new DeepTasteError('usage', `sequence: k must be at least 1, got ${k}`);
    if (this.#length === 0)
      throw new DeepTasteError(
        'data',
        'sequence: at least one event of a known item is needed, found none; add events first',
      );
    this.#running.score(lane, this.#scores);
    return bestOf(this.#scores, k, excluded);
  }

  /** Begins a new sequence. */
  restart(): void {
    this.#running.reset(lane);
    this.#length = 0;
  }

  free(): void {
    this.#running.free();
  }
}

/** The k highest of `scores`, highest first. */
function bestOf(scores: Float32Array, k: number, excluded: ReadonlySet<number>): BestItems {
  const size = Math.min(k, scores.length);
  const items = new Int32Array(size);
  const best = new Float32Array(size).fill(Number.NEGATIVE_INFINITY);
  let found = 0;
  let threshold = Number.NEGATIVE_INFINITY;
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item];
    // false for NaN too
    if (!(score > threshold) || (excluded.size > 0 && excluded.has(item))) continue;
    let n = found < size ? found++ : size - 1;
    for (; n > 0 && best[n - 1] < score; n--) {
      best[n] = best[n - 1];
      items[n] = items[n - 1];
    }
    best[n] = score;
    items[n] = item;
    if (found === size) threshold = best[size - 1];
  }
  return { items: items.subarray(0, found), scores: best.subarray(0, found) };
}
