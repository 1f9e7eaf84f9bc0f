/** Models that score a sequence from the items it holds (counts, neighbours), as lanes: a lane is the list of its events. */
import type { RunningSequences, SequenceScorer } from './sequence-scorer.ts';

/**
 * Writes the scores of all items given the events so far.
 * @param prefix known dense item indices, oldest first; may be empty; a view, valid during the call
 * @param scores [nItems], to be written in full
 */
export type ScorePrefix = (prefix: Int32Array, scores: Float32Array) => void;

/** The lanes of such a model share nothing, so that the number of lanes is of no consequence for speed. */
export function prefixScorer(nItems: number, scorePrefix: ScorePrefix): SequenceScorer {
  return { nItems, preferredLanes: 16, open: (nLanes) => new PrefixLanes(nItems, nLanes, scorePrefix), free() {} };
}

class PrefixLanes implements RunningSequences {
  readonly nLanes: number;
  readonly #nItems: number;
  readonly #scorePrefix: ScorePrefix;
  readonly #events: Int32Array[];
  readonly #length: Int32Array;

  constructor(nItems: number, nLanes: number, scorePrefix: ScorePrefix) {
    this.nLanes = nLanes;
    this.#nItems = nItems;
    this.#scorePrefix = scorePrefix;
    this.#events = Array.from({ length: nLanes }, () => new Int32Array(16));
    this.#length = new Int32Array(nLanes);
  }

  reset(lanes: Int32Array): void {
    for (const lane of lanes) this.#length[lane] = 0;
  }

  feed(lanes: Int32Array, items: Int32Array): void {
    for (let n = 0; n < lanes.length; n++) if (items[n] >= 0) this.#append(lanes[n], items[n]);
  }

  #append(lane: number, item: number): void {
    const length = this.#length[lane]++;
    if (length === this.#events[lane].length) {
      const longer = new Int32Array(2 * length);
      longer.set(this.#events[lane]);
      this.#events[lane] = longer;
    }
    this.#events[lane][length] = item;
  }

  score(lanes: Int32Array, scores: Float32Array): void {
    for (let n = 0; n < lanes.length; n++) {
      const prefix = this.#events[lanes[n]].subarray(0, this.#length[lanes[n]]);
      this.#scorePrefix(prefix, scores.subarray(n * this.#nItems, (n + 1) * this.#nItems));
    }
  }

  free(): void {
    this.#events.length = 0;
  }
}
