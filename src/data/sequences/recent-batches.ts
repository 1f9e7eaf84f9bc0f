/**
 * Batches of short windows (Tang & Wang, WSDM 2018, §3.4): the last events before one, that event with those that follow it as
 * targets, and items that the sequence does not hold. Every event but the first of a sequence is once an epoch the first of the
 * targets, in an order of the epoch's own. What a step holds is a function of (seed, epoch, step).
 */
import type { RandomStream } from '../../core/random.ts';
import { entryOf, type SparseRows, sparseRows } from '../sparse-rows.ts';
import type { Sequences } from './sequences.ts';
import { trainableSequences } from './trainable-sequences.ts';

interface RecentBatchOptions {
  readonly batchSize: number;
  /** L, events that are looked at. */
  readonly maxLength: number;
  /** T, events that are to be predicted. */
  readonly targets: number;
  /** Negatives of an example; 0 = none are drawn. */
  readonly negatives: number;
  /** Of every event, what is said of the first target besides; absent = nothing. */
  readonly returns?: Float32Array;
  readonly random: RandomStream;
}

/** Rows of a step; −1 = no event there. */
interface RecentRows {
  /** The latest event last. */
  readonly item: Int32Array; // [batch × L]
  readonly user: Int32Array; // [batch]
  /** The targets, then the negatives. */
  readonly candidates: Int32Array; // [batch × (T + negatives)]
  /** What each counts for: 1 / T, 0 where there is no such event, 1 / negatives. */
  readonly weight: Float32Array; // [batch × (T + negatives)]
  /** Of the first target. */
  readonly returned: Float32Array; // [batch]
}

/** Draws of a negative after which the last one is taken: sequences that hold nearly every item. */
const ATTEMPTS = 64;

export class RecentBatches {
  readonly nRows: number;
  readonly nSkipped: number;
  /** Rows of a full step. */
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  readonly rows: RecentRows;
  readonly #sequences: Sequences;
  readonly #options: RecentBatchOptions;
  /** The first target of each example, and its sequence. */
  readonly #event: Int32Array;
  readonly #sequence: Int32Array;
  readonly #held: SparseRows;

  /** @throws 'data' when no sequence has two events, or an item is unknown */
  constructor(sequences: Sequences, options: RecentBatchOptions) {
    this.#sequences = sequences;
    this.#options = options;
    const { start, items } = sequences;
    const { maxLength, targets, negatives } = options;
    const usable = trainableSequences(sequences);
    this.nSkipped = start.length - 1 - usable.length;
    this.nRows = usable.reduce((sum, s) => sum + start[s + 1] - start[s] - 1, 0);
    this.batchSize = Math.min(options.batchSize, this.nRows);
    this.stepsPerEpoch = Math.ceil(this.nRows / this.batchSize);
    this.#event = new Int32Array(this.nRows);
    this.#sequence = new Int32Array(this.nRows);
    let row = 0;
    for (const s of usable)
      for (let event = start[s] + 1; event < start[s + 1]; event++) {
        this.#event[row] = event;
        this.#sequence[row++] = s;
      }
    const of = new Int32Array(items.length);
    for (let s = 0; s + 1 < start.length; s++) of.fill(s, start[s], start[s + 1]);
    this.#held = sparseRows(start.length - 1, of, items, true);
    this.rows = {
      item: new Int32Array(this.batchSize * maxLength),
      user: new Int32Array(this.batchSize),
      candidates: new Int32Array(this.batchSize * (targets + negatives)),
      weight: new Float32Array(this.batchSize * (targets + negatives)).fill(negatives > 0 ? 1 / negatives : 0),
      returned: new Float32Array(this.batchSize),
    };
  }

  /** Writes the rows of a step. @param order of the examples in this epoch @returns how many rows it has */
  fill(order: Int32Array, epoch: number, step: number): number {
    const examples = order.subarray(step * this.batchSize, (step + 1) * this.batchSize);
    const draws = this.#options.random.child(`${epoch}/${step}`);
    for (let r = 0; r < examples.length; r++) this.#write(r, examples[r], draws);
    return examples.length;
  }

  #write(r: number, example: number, draws: RandomStream): void {
    const { start, items, owner } = this.#sequences;
    const { maxLength, targets, negatives, returns } = this.#options;
    const { item, user, candidates, weight, returned } = this.rows;
    const [event, s] = [this.#event[example], this.#sequence[example]];
    for (let k = 0; k < maxLength; k++) {
      const at = event - maxLength + k;
      item[r * maxLength + k] = at < start[s] ? -1 : items[at];
    }
    user[r] = owner ? owner[s] : -1;
    if (returns) returned[r] = returns[event];
    const first = r * (targets + negatives);
    for (let k = 0; k < targets; k++) {
      const isThere = event + k < start[s + 1];
      candidates[first + k] = isThere ? items[event + k] : -1;
      weight[first + k] = isThere ? 1 / targets : 0;
    }
    for (let k = 0; k < negatives; k++) candidates[first + targets + k] = this.#outside(s, draws);
  }

  /** An item that sequence s does not hold. */
  #outside(s: number, draws: RandomStream): number {
    const { nItems } = this.#sequences;
    let item = 0;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      // 32 bits · nItems / 2³²: one value a draw
      item = Math.floor((draws.uint32() * nItems) / 4_294_967_296);
      if (entryOf(this.#held, s, item) < 0) return item;
    }
    return item;
  }
}
