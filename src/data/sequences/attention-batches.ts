/**
 * Batches of whole sequences for models that predict at every position (Kang & McAuley, ICDM 2018, §III-E): the last L + 1 events of
 * each sequence once an epoch, in an order of the epoch's own; sequences of a batch share windows of rows. What a step holds is a
 * function of (seed, epoch, step), so that a run can go on anywhere.
 */
import type { RandomStream } from '../../core/random.ts';
import { packWindows } from './pack-windows.ts';
import type { Sequences } from './sequences.ts';
import { trainableSequences } from './trainable-sequences.ts';

interface AttentionBatchOptions {
  /** Sequences of a step. */
  readonly batchSize: number;
  /** L, positions of a sequence. */
  readonly maxLength: number;
  /** Rows of a window, at least L. */
  readonly window: number;
  readonly positionsFrom: 'end' | 'start';
  /** Negatives of each position: uniform among the items that the sequence does not hold. */
  readonly negatives: number;
  readonly random: RandomStream;
}

/** Rows of one step; row r holds an event, its place, how far back its sequence begins, and what comes next; −1 = no event. */
interface AttentionRows {
  readonly item: Int32Array; // [capacity]
  readonly position: Int32Array; // [capacity]
  readonly back: Int32Array; // [capacity]
  /** The next item, then its negatives. */
  readonly candidates: Int32Array; // [capacity × (1 + negatives)]
  /** 1 where there is an event, else 0. */
  readonly weight: Float32Array; // [capacity]
}

/** Draws of a negative after which the last one is taken: sequences that hold nearly every item. */
const ATTEMPTS = 64;

export class AttentionBatches {
  /** Rows of the largest step. */
  readonly capacity: number;
  /** Positions of an epoch that are trained on. */
  readonly nRows: number;
  readonly stepsPerEpoch: number;
  readonly nSkipped: number;
  readonly rows: AttentionRows;
  readonly #sequences: Sequences;
  readonly #options: AttentionBatchOptions;
  readonly #usable: Int32Array;
  /** Number of the sequence that last claimed each item. */
  readonly #claimed: Int32Array;
  #order: { readonly epoch: number; readonly sequences: Int32Array } | null = null;

  /** @throws 'data' when no sequence has two events, or an item is unknown */
  constructor(sequences: Sequences, options: AttentionBatchOptions) {
    this.#sequences = sequences;
    this.#options = options;
    const { start, nItems } = sequences;
    const { batchSize, maxLength, window, negatives } = options;
    this.#usable = trainableSequences(sequences);
    this.nSkipped = start.length - 1 - this.#usable.length;
    this.nRows = this.#usable.reduce((sum, s) => sum + Math.min(maxLength, start[s + 1] - start[s] - 1), 0);
    this.stepsPerEpoch = Math.ceil(this.#usable.length / batchSize);
    const perWindow = Math.floor(window / maxLength);
    this.capacity = Math.ceil(Math.min(batchSize, this.#usable.length) / perWindow) * window;
    this.rows = {
      item: new Int32Array(this.capacity),
      position: new Int32Array(this.capacity),
      back: new Int32Array(this.capacity),
      candidates: new Int32Array(this.capacity * (1 + negatives)),
      weight: new Float32Array(this.capacity),
    };
    this.#claimed = new Int32Array(nItems).fill(-1);
  }

  /** Writes the rows of a step. @returns rows up to the end of the last window, and how many of them hold an event */
  fill(epoch: number, step: number): { readonly nRows: number; readonly nEvents: number } {
    const { batchSize, maxLength, window, random } = this.#options;
    const { start } = this.#sequences;
    const batch = this.#orderOf(epoch).subarray(step * batchSize, (step + 1) * batchSize);
    const lengths = Int32Array.from(batch, (s) => Math.min(maxLength, start[s + 1] - start[s] - 1));
    const { first, nWindows } = packWindows(lengths, window);
    const nRows = nWindows * window;
    const { item, position, back, candidates, weight } = this.rows;
    for (const values of [item, position, back]) values.fill(-1, 0, nRows);
    candidates.fill(-1, 0, (nRows * candidates.length) / item.length);
    weight.fill(0, 0, nRows);
    const draws = random.child(`${epoch}/${step}`);
    let nEvents = 0;
    batch.forEach((s, n) => {
      this.#write(s, first[n], lengths[n], draws);
      nEvents += lengths[n];
    });
    return { nRows, nEvents };
  }

  #orderOf(epoch: number): Int32Array {
    if (this.#order?.epoch !== epoch)
      this.#order = { epoch, sequences: this.#options.random.child(`order/${epoch}`).shuffle(this.#usable.slice()) };
    return this.#order.sequences;
  }

  #write(s: number, first: number, length: number, draws: RandomStream): void {
    const { start, items } = this.#sequences;
    const { maxLength, positionsFrom, negatives } = this.#options;
    const { item, position, back, candidates, weight } = this.rows;
    const from = start[s + 1] - 1 - length;
    const shift = positionsFrom === 'end' ? maxLength - length : 0;
    if (negatives > 0) for (let e = start[s]; e < start[s + 1]; e++) this.#claimed[items[e]] = s;
    for (let t = 0; t < length; t++) {
      const r = first + t;
      item[r] = items[from + t];
      position[r] = shift + t;
      back[r] = t;
      weight[r] = 1;
      const at = r * (1 + negatives);
      candidates[at] = items[from + t + 1];
      for (let n = 1; n <= negatives; n++) candidates[at + n] = this.#outside(s, draws);
    }
  }

  /** An item that sequence s does not hold. */
  #outside(s: number, draws: RandomStream): number {
    const { nItems } = this.#sequences;
    let item = 0;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      // 32 bits · nItems / 2³²: one value a draw
      item = Math.floor((draws.uint32() * nItems) / 4_294_967_296);
      if (this.#claimed[item] !== s) return item;
    }
    return item;
  }
}
