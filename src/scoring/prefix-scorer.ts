/** Models that score a sequence from the items it holds (counts, neighbours), as lanes: a lane is the list of its events. */
import type { RunningSequences, SequenceScorer } from './sequence-scorer.ts';

/**
 * Writes the scores of all items given the events so far.
 * @param prefix known dense item indices, oldest first; may be empty; a view, valid during the call
 * @param scores [nItems], to be written in full
 */
export type ScorePrefix = (prefix: Int32Array, scores: Float32Array) => void;

/** 1 for the items of which a model knows something after these events [nItems]; `scores` are what it gave them. */
export type KnownAfter = (prefix: Int32Array, scores: Float32Array) => Uint8Array;

/** For models that score 0 whatever nothing speaks for. */
export const whatScores: KnownAfter = (_, scores) => Uint8Array.from(scores, (score) => (score === 0 ? 0 : 1));

/**
 * The lanes of such a model share nothing, so that the number of lanes is of no consequence for speed.
 * @param knownAfter absent: the model knows something of every item
 */
export function prefixScorer(nItems: number, scorePrefix: ScorePrefix, knownAfter?: KnownAfter): SequenceScorer {
  const open = (nLanes: number) => new PrefixLanes(nItems, nLanes, scorePrefix, knownAfter);
  return { nItems, preferredLanes: 16, open, free() {} };
}

class PrefixLanes implements RunningSequences {
  readonly nLanes: number;
  readonly #nItems: number;
  readonly #scorePrefix: ScorePrefix;
  readonly knows: RunningSequences['knows'];
  readonly #events: Int32Array[];
  readonly #length: Int32Array;

  constructor(nItems: number, nLanes: number, scorePrefix: ScorePrefix, knownAfter: KnownAfter | undefined) {
    this.nLanes = nLanes;
    this.#nItems = nItems;
    this.#scorePrefix = scorePrefix;
    this.knows = knownAfter && ((lane, scores) => knownAfter(this.#prefix(lane), scores));
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
      this.#scorePrefix(this.#prefix(lanes[n]), scores.subarray(n * this.#nItems, (n + 1) * this.#nItems));
    }
  }

  #prefix(lane: number): Int32Array {
    return this.#events[lane].subarray(0, this.#length[lane]);
  }

  free(): void {
    this.#events.length = 0;
  }
}
