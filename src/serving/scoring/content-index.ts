/**
 * Likeness of items by what describes them: each item is a vector of its words and categories, weighted by tf-idf (a value that few
 * items have says more), and two items are as alike as the cosine of their vectors. It serves items that no training has seen and
 * people whose items are such.
 */
import type { Field, FieldTable } from '../../data/dataset.ts';

/** Values of numbers are too many to be alike; titles and other texts count by their words. */
type WordyField = Exclude<Field, { kind: 'numeric' }>;

export class ContentIndex {
  /** Words of item i: [start[i], start[i + 1]). */
  readonly #start: Int32Array;
  readonly #word: Int32Array;
  /** Of unit length for each item. */
  readonly #weight: Float32Array;
  readonly #nWords: number;

  constructor({ nRows, fields }: FieldTable) {
    const wordy = fields.filter((field): field is WordyField => field.kind !== 'numeric');
    const words = new Map<string, number>();
    const start = new Int32Array(nRows + 1);
    const found: number[] = [];
    for (let item = 0; item < nRows; item++) {
      for (const field of wordy)
        for (const value of valuesOf(field, item)) {
          const name = `${field.name}\u0000${value}`;
          const known = words.get(name);
          if (known === undefined) words.set(name, words.size);
          found.push(known ?? words.size - 1);
        }
      start[item + 1] = found.length;
    }
    this.#start = start;
    this.#word = Int32Array.from(found);
    this.#nWords = words.size;
    this.#weight = weighted(this.#start, this.#word, words.size);
  }

  /** Whether nothing is known of any item. */
  get isEmpty(): boolean {
    return this.#nWords === 0;
  }

  /**
   * Cosine of every item with what some items have in common, the sum of their vectors [nRows]; null where nothing describes these.
   */
  likeness(items: readonly number[]): Float32Array | null {
    const profile = new Float32Array(this.#nWords);
    for (const item of items)
      for (let n = this.#start[item]; n < this.#start[item + 1]; n++) profile[this.#word[n]] += this.#weight[n];
    let square = 0;
    for (const value of profile) square += value * value;
    if (square === 0) return null;
    const scale = 1 / Math.sqrt(square);
    const scores = new Float32Array(this.#start.length - 1);
    for (let item = 0; item < scores.length; item++) {
      let sum = 0;
      for (let n = this.#start[item]; n < this.#start[item + 1]; n++) sum += this.#weight[n] * profile[this.#word[n]];
      scores[item] = sum * scale;
    }
    return scores;
  }

  /** Cosine of two items. */
  between(a: number, b: number): number {
    let sum = 0;
    for (let n = this.#start[a]; n < this.#start[a + 1]; n++)
      for (let m = this.#start[b]; m < this.#start[b + 1]; m++)
        if (this.#word[n] === this.#word[m]) sum += this.#weight[n] * this.#weight[m];
    return sum;
  }
}

/** Distinct words of an item's cell. */
function valuesOf(field: WordyField, item: number): Iterable<string> {
  const cell = field.values[item] ?? null;
  if (cell === null) return [];
  if (typeof cell !== 'string') return new Set(cell);
  if (field.kind === 'categorical') return [cell];
  return new Set(cell.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu));
}

/** idf = ln(items / items with the word), scaled to unit length within each item; what all items have weighs nothing. */
function weighted(start: Int32Array, word: Int32Array, nWords: number): Float32Array {
  const nItems = start.length - 1;
  const frequency = new Int32Array(nWords);
  for (const each of word) frequency[each]++;
  const weight = Float32Array.from(word, (each) => Math.log(nItems / frequency[each]));
  for (let item = 0; item < nItems; item++) {
    const own = weight.subarray(start[item], start[item + 1]);
    const length = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) for (let n = 0; n < own.length; n++) own[n] /= length;
  }
  return weight;
}
