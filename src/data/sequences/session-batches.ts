/**
 * Session-parallel mini-batches (Hidasi, Karatzoglou, Baltrunas, Tikk: Session-based Recommendations with Recurrent Neural
 * Networks. ICLR 2016, §3.1.1): every row of a batch is a lane that runs through one sequence, event by event, and then takes
 * the next unused one. When none is left the lane is dropped and the batch shrinks.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { Sequences } from './sequences.ts';

/** Where the rows of steps are written: row r of step s at s × batchSize + r. */
interface BatchWindow {
  readonly items: Int32Array;
  readonly targets: Int32Array;
  /** Row of the lane in the step before, −1 where a sequence begins. */
  readonly sources: Int32Array;
  readonly stepRows: Int32Array;
}

/**
 * The sequences of at least two events in the order of training: oldest first event first, so that the last updates see the
 * newest data; those of one time, and all where times are unknown, keep their order.
 */
export function trainingOrder({ start, time }: Sequences): Int32Array {
  const usable = Int32Array.from({ length: start.length - 1 }, (_, s) => s).filter((s) => start[s + 1] - start[s] >= 2);
  return time ? usable.sort((a, b) => time[start[a]] - time[start[b]] || a - b) : usable;
}

/** Runs through an epoch; the same in every epoch. */
export class SessionBatches {
  /** Pairs (event, next event) of an epoch that are trained on. */
  readonly nRows: number;
  readonly stepsPerEpoch: number;
  /** Sequences of fewer than two events: there is nothing to predict in them. */
  readonly nSkipped: number;
  readonly #sequences: Sequences;
  readonly #order: Int32Array;
  readonly #batchSize: number;
  readonly #minRows: number;
  /** Of every lane: place of its next input event, and of the last event of its sequence. */
  readonly #at: Int32Array;
  readonly #last: Int32Array;
  readonly #source: Int32Array;
  #rows = 0;
  #next = 0;

  /**
   * @param minRows a step of fewer rows ends the epoch: 2 where the other rows' targets are the only negatives, else 1
   * @throws 'data' when no sequence has two events, or an item is unknown
   */
  constructor(sequences: Sequences, batchSize: number, minRows: 1 | 2) {
    this.#sequences = sequences;
    this.#order = trainingOrder(sequences);
    this.#batchSize = batchSize;
    this.#minRows = minRows;
    this.nSkipped = sequences.start.length - 1 - this.#order.length;
    if (this.#order.length === 0)
      throw new DeepTasteError('data', 'sequences: training needs one of two events or more, found none');
    const unknown = sequences.items.findIndex((item) => !(item >= 0 && item < sequences.nItems));
    if (unknown >= 0)
      throw new DeepTasteError('data', `sequences: event ${unknown} of the training part is of no known item`);
    this.#at = new Int32Array(batchSize);
    this.#last = new Int32Array(batchSize);
    this.#source = new Int32Array(batchSize);
    let rows = 0;
    let steps = 0;
    this.restart();
    while (this.#rows >= this.#minRows) {
      // as many steps as no lane ends in
      let run = 0x7fffffff;
      for (let r = 0; r < this.#rows; r++) run = Math.min(run, this.#last[r] - this.#at[r]);
      for (let r = 0; r < this.#rows; r++) this.#at[r] += run;
      rows += run * this.#rows;
      steps += run;
      this.#replaceFinished();
    }
    this.nRows = rows;
    this.stepsPerEpoch = steps;
    this.restart();
  }

  /** Back to the first step. */
  restart(): void {
    this.#next = 0;
    this.#rows = 0;
    while (this.#rows < this.#batchSize && this.#next < this.#order.length) this.#begin(this.#rows++);
  }

  /** Gives row r the next unused sequence. */
  #begin(r: number): void {
    const { start } = this.#sequences;
    const s = this.#order[this.#next++];
    this.#at[r] = start[s];
    this.#last[r] = start[s + 1] - 1;
    this.#source[r] = -1;
  }

  /** Lanes at the last event of their sequence take the next one, or are dropped; the others keep their order. */
  #replaceFinished(): void {
    let kept = 0;
    for (let r = 0; r < this.#rows; r++) {
      const isFinished = this.#at[r] >= this.#last[r];
      if (isFinished && this.#next >= this.#order.length) continue;
      this.#at[kept] = this.#at[r];
      this.#last[kept] = this.#last[r];
      this.#source[kept] = r;
      if (isFinished) this.#begin(kept);
      kept++;
    }
    this.#rows = kept;
  }

  /** Writes the next `count` steps (fewer at the end of the epoch) and returns how many there were. */
  fill(window: BatchWindow, count: number): number {
    const { items } = this.#sequences;
    let step = 0;
    for (; step < count && this.#rows >= this.#minRows; step++) {
      const base = step * this.#batchSize;
      for (let r = 0; r < this.#rows; r++) {
        const at = this.#at[r]++;
        window.items[base + r] = items[at];
        window.targets[base + r] = items[at + 1];
        window.sources[base + r] = this.#source[r];
      }
      window.stepRows[step] = this.#rows;
      this.#replaceFinished();
    }
    return step;
  }
}
