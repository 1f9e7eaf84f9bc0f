/**
 * A feed of examples over feature fields, from factorised storage: who and what an example is about, and tables of slots that
 * say which rows of an embedding table describe each user, item or example. Example number e of epoch t is a pure function of
 * (key, t, e); slots are fetched inside the tiles, on all threads.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { indexInput } from '../ops/index.ts';
import type { Feed } from '../plan/feed.ts';
import type { Engine } from './engine.ts';
import { type EdgeSampler, SamplerRecord } from './sampler.ts';

export interface ExampleRows {
  readonly nRows: number;
  /** Row of the users' and of the items' tables for each example; null where there is no such table. */
  readonly users: Int32Array | null;
  readonly items: Int32Array | null;
  /** Given labels; null when negatives are drawn: then each example has label 1, and its drawn companions label 0. */
  readonly labels: Float32Array | null;
  /** Draws `negatives` other items for each example, which keep its user and its own slots. */
  readonly sampler: EdgeSampler | null;
  /** Philox key of the order: (seed, stream). */
  readonly key: readonly [number, number];
}

/** A table of slots and the leaves that receive its rows. */
export interface SlotSource {
  /** By what a row is found. */
  readonly by: 'user' | 'item' | 'example';
  readonly index: Int32Array; // [n × slots]
  readonly value: Float32Array | null; // [n × slots]
  readonly leaves: { readonly index: Tensor; readonly value: Tensor | null };
}

export class ExampleFeed {
  /** Rows of an epoch: examples and drawn companions. */
  readonly rows: number;
  readonly feed: Feed;
  /** Leaves that receive the user, the item and the number of each example. */
  readonly drawn = { user: indexInput('user'), item: indexInput('item'), example: indexInput('example') };
  readonly #engine: Engine;
  readonly #allocations: number[] = [];
  readonly #sampler: SamplerRecord | null;

  /** @param label leaf [B, 1] that receives the labels */
  constructor(engine: Engine, examples: ExampleRows, sources: readonly SlotSource[], label: Tensor) {
    this.#engine = engine;
    const { nRows, sampler } = examples;
    if (nRows === 0) throw new DeepTasteError('data', 'training: there is no example to learn from');
    this.rows = nRows * ((sampler?.negatives ?? 0) + 1);
    if (this.rows >= 2 ** 32)
      throw new DeepTasteError('memory', `training: ${this.rows} examples an epoch exceed 2³² − 1`);
    checkExamples(examples, sources);
    this.#sampler = sampler && new SamplerRecord(engine, sampler);
    const { drawn } = this;
    const fetches = sources.reduceRight<Feed | undefined>(
      (next, source) => ({ ...this.#fetch(source, drawn[source.by]), next }),
      undefined,
    );
    const record = this.#examplesRecord(examples);
    const outputs = [drawn.user, drawn.item, drawn.example, label];
    this.feed = { opcode: code.DRAW_ROWS, record, outputs, next: fetches };
  }

  #keep(address: number): number {
    this.#allocations.push(address);
    return address;
  }

  #place(values: Int32Array | Float32Array | null): number {
    return values ? this.#keep(this.#engine.place(values)) : 0;
  }

  #examplesRecord(examples: ExampleRows): number {
    const words = new Int32Array(code.EXAMPLES_WORDS);
    words[code.EXAMPLES_N_ROWS] = examples.nRows;
    words[code.EXAMPLES_USERS] = this.#place(examples.users);
    words[code.EXAMPLES_ITEMS] = this.#place(examples.items);
    words[code.EXAMPLES_LABELS] = this.#place(examples.labels);
    words[code.EXAMPLES_N_NEGATIVES] = examples.sampler?.negatives ?? 0;
    words[code.EXAMPLES_KEY_0] = examples.key[0];
    words[code.EXAMPLES_KEY_1] = examples.key[1];
    words[code.EXAMPLES_SAMPLER] = this.#sampler?.address ?? 0;
    return this.#place(words);
  }

  #fetch({ index, value, leaves }: SlotSource, rowNumbers: Tensor): Feed {
    const words = new Int32Array(code.SLOTS_WORDS);
    words[code.SLOTS_INDEX] = this.#place(index);
    words[code.SLOTS_VALUE] = this.#place(value);
    words[code.SLOTS_WIDTH] = leaves.index.size;
    const outputs = [leaves.index, ...(leaves.value ? [leaves.value] : [])];
    return { opcode: code.FETCH_SLOTS, record: this.#place(words), inputs: [rowNumbers], outputs };
  }

  free(): void {
    for (const address of this.#allocations.splice(0)) this.#engine.free(address);
    this.#sampler?.free();
  }
}

/** What the kernels trust: every row number lies inside its table, and arrays fit one another. */
function checkExamples({ nRows, users, items, labels, sampler }: ExampleRows, sources: readonly SlotSource[]): void {
  for (const [what, values] of Object.entries({ users, items, labels }))
    if (values && values.length !== nRows)
      throw new DeepTasteError('shape', `training: ${nRows} examples need as many ${what}, got ${values.length}`);
  if ((labels === null) !== (sampler !== null))
    throw new DeepTasteError('config', 'training: examples have given labels or drawn negatives, one of the two');
  if (sampler && (highest(users, 'user') >= sampler.nUsers || highest(items, 'item') >= sampler.nItems))
    throw new DeepTasteError(
      'data',
      `training: examples must lie in ${sampler.nUsers} users and ${sampler.nItems} items, from which others are drawn`,
    );
  for (const { by, index, value, leaves } of sources) {
    const n = index.length / leaves.index.size;
    const fits = Number.isInteger(n) && (value === null) === (leaves.value === null);
    if (!fits || (value && value.length !== index.length))
      throw new DeepTasteError(
        'shape',
        `training: the slots of each ${by} must fill ${leaves.index}, got ${index.length}`,
      );
    const last = by === 'example' ? nRows - 1 : highest(by === 'user' ? users : items, by);
    const drawn = by === 'item' && sampler ? sampler.nItems - 1 : 0;
    if (Math.max(last, drawn) >= n)
      throw new DeepTasteError('data', `training: there are slots of ${n} ${by}s, but an example has ${by} ${last}`);
  }
}

/** The largest row number. */
function highest(rows: Int32Array | null, by: string): number {
  if (!rows)
    throw new DeepTasteError('config', `training: there are ${by}s to look up or draw, but no example names its ${by}`);
  let last = -1;
  for (const row of rows) {
    if (row < 0) throw new DeepTasteError('data', `training: an example must have a ${by} from 0 on, got ${row}`);
    if (row > last) last = row;
  }
  return last;
}
