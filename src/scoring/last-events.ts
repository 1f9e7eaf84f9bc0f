/** Running sequences of a model that looks at the last events anew for every answer: these are kept, and nothing else. */
import { DeepTasteError } from '../core/errors.ts';
import type { RunningSequences } from './sequence-scorer.ts';

/** What scores them. */
export interface LastEventsScorer {
  readonly nItems: number;
  /** Last events that are looked at. */
  readonly maxLength: number;
  /**
   * Scores of all items after each prefix; 0 after an empty one.
   * @param prefixes last events, oldest first, at most `maxLength`
   * @param scores [prefixes × nItems], written over
   * @param owners user of each prefix, −1 = nobody
   */
  scoresOf(prefixes: readonly Int32Array[], scores: Float32Array, owners: Int32Array): void;
}

export class LastEvents implements RunningSequences {
  readonly nLanes: number;
  readonly #scorer: LastEventsScorer;
  /** [nLanes × maxLength]: the latest events in the order of time, from the beginning of a lane's row on. */
  readonly #events: Int32Array;
  readonly #length: Int32Array;
  readonly #owner: Int32Array;
  readonly #close: (lanes: LastEvents) => void;

  constructor(scorer: LastEventsScorer, nLanes: number, close: (lanes: LastEvents) => void) {
    this.nLanes = nLanes;
    this.#scorer = scorer;
    this.#events = new Int32Array(nLanes * scorer.maxLength);
    this.#length = new Int32Array(nLanes);
    this.#owner = new Int32Array(nLanes).fill(-1);
    this.#close = close;
  }

  reset(lanes: Int32Array, owners?: Int32Array): void {
    lanes.forEach((lane, n) => {
      this.#length[lane] = 0;
      this.#owner[lane] = owners ? owners[n] : -1;
    });
  }

  feed(lanes: Int32Array, items: Int32Array): void {
    const { nItems, maxLength } = this.#scorer;
    for (const item of items)
      if (item >= nItems) throw new DeepTasteError('data', `sequence: an item must be below ${nItems}, got ${item}`);
    for (let n = 0; n < lanes.length; n++) {
      if (items[n] < 0) continue;
      const first = lanes[n] * maxLength;
      const length = this.#length[lanes[n]];
      if (length === maxLength) this.#events.copyWithin(first, first + 1, first + maxLength);
      else this.#length[lanes[n]]++;
      this.#events[first + Math.min(length, maxLength - 1)] = items[n];
    }
  }

  score(lanes: Int32Array, scores: Float32Array): void {
    const { maxLength } = this.#scorer;
    const prefixes = Array.from(lanes, (lane) =>
      this.#events.subarray(lane * maxLength, lane * maxLength + this.#length[lane]),
    );
    const owners = lanes.map((lane) => this.#owner[lane]);
    this.#scorer.scoresOf(prefixes, scores, owners);
  }

  free(): void {
    this.#close(this);
  }
}

/** The running sequences of a scorer that are not freed yet. */
export class OpenLanes {
  readonly #open = new Set<LastEvents>();

  make(scorer: LastEventsScorer, nLanes: number): LastEvents {
    const lanes = new LastEvents(scorer, nLanes, (closed) => this.#open.delete(closed));
    this.#open.add(lanes);
    return lanes;
  }

  /** @throws 'usage' when some are left */
  requireNone(): void {
    if (this.#open.size > 0)
      throw new DeepTasteError(
        'usage',
        `scorer: ${this.#open.size} of its running sequences are still open; free them first`,
      );
  }
}
