/** Scores of a model by self-attention, which looks at the last events of a sequence anew for every answer. */
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Tensor } from '../engine/expression.ts';
import { indexInput } from '../engine/ops/index.ts';
import { RowPlan } from '../engine/plan/row-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { PackedScores } from '../engine/runtime/packed-scores.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { type DeclaredParameters, declaredAs, storeOf } from '../layers/declared-parameters.ts';
import { type ForwardPass, prediction } from '../layers/forward-pass.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import { type LastEventsScorer, OpenLanes } from './last-events.ts';
import type { RunningSequences, SequenceScorer } from './sequence-scorer.ts';

/** Sequences of an evaluation: so many that several are due at a time. */
const LANES = 1024;
/** Windows that are computed at a time. */
const WINDOWS = 16;
/** Numbers (64 MiB) of scores that are made at a time. */
const SCORES_AT_A_TIME = 2 ** 24;

/** What the rows of a batch are. −1 everywhere: a row without event. */
export interface PositionLeaves {
  /** Item of the event, an index. */
  readonly item: Tensor;
  /** Its place among the `maxLength` positions, an index. */
  readonly position: Tensor;
  /** How many rows before it its sequence begins, an index. */
  readonly back: Tensor;
  /** Rows of a window. */
  readonly window: number;
}

/** What a model declares in order to look at the last events of a sequence all at once. */
export interface AttentionScoring<C> {
  parameters(config: C, sizes: { readonly nItems: number }): readonly ParameterDeclaration[];
  /** Events that are looked at. */
  maxLength(config: C): number;
  /** Whether the last event always has the last position, or the first event the first one. */
  positionsFrom(config: C): 'end' | 'start';
  /** Length of the vector that is scored against items. */
  width(config: C): number;
  /** What is known after each position, [B, width]. */
  represent(parameters: Parameters, leaves: PositionLeaves, config: C, pass: ForwardPass): Tensor;
  /** Scores of items: representation · weights; a table [nItems, width]. */
  readonly output: { readonly weights: string };
}

/** Rows of a window: room for the longest sequence, and for several where they are short. */
export function windowRows(maxLength: number): number {
  return maxLength * Math.max(1, Math.ceil(64 / maxLength));
}

/** @throws 'artifact' when the weights are not those of the model and its options */
export function trainedAttentionScorer<C>(
  engine: Engine,
  model: AttentionScoring<C>,
  config: C,
  nItems: number,
  weights: NamedTensors,
): AttentionScorer {
  const declared = declaredAs(model.parameters(config, { nItems }));
  const store = storeOf(engine, declared, weights);
  return new AttentionScorer(engine, model, config, nItems, declared, store, true);
}

/** Bytes that a scorer takes: the items twice while they are packed, scores, the rows of its windows, and activations of a tile. */
export function attentionScorerBytes(model: AttentionScoring<unknown>, config: unknown, nItems: number): number {
  const window = windowRows(model.maxLength(config));
  const width = model.width(config);
  const sequences = Math.max(1, Math.min(LANES, WINDOWS * window, Math.floor(SCORES_AT_A_TIME / nItems)));
  return 4 * (nItems * (2 * width + sequences) + WINDOWS * window * (3 + 2 * width));
}

export class AttentionScorer implements SequenceScorer, LastEventsScorer {
  readonly nItems: number;
  readonly preferredLanes = LANES;
  /** Last events that are looked at. */
  readonly maxLength: number;
  readonly #fromEnd: boolean;
  readonly #window: number;
  readonly #store: ParameterStore | null;
  readonly itemVectors: () => { values: Float32Array; width: number };
  readonly #plan: RowPlan;
  readonly #leaves: readonly Tensor[];
  readonly #represented: Tensor;
  readonly #scores: PackedScores;
  readonly #lanes = new OpenLanes();
  /** Item, position and steps back of every row. */
  readonly #rows: readonly Int32Array[];
  readonly #values: Float32Array;

  /** @param ownsStore whether the store is freed with the scorer; the item table is copied as it is now */
  constructor(
    engine: Engine,
    model: AttentionScoring<unknown>,
    config: unknown,
    nItems: number,
    declared: DeclaredParameters,
    store: ParameterStore,
    ownsStore = false,
  ) {
    this.nItems = nItems;
    this.maxLength = model.maxLength(config);
    this.#fromEnd = model.positionsFrom(config) === 'end';
    this.#window = windowRows(this.maxLength);
    this.#store = ownsStore ? store : null;
    const [item, position, back] = ['item', 'position', 'back'].map((name) => indexInput(name));
    this.#leaves = [item, position, back];
    this.itemVectors = () => ({
      values: store.read(declared.tensors[model.output.weights]),
      width: model.width(config),
    });
    const leaves = { item, position, back, window: this.#window };
    this.#represented = model.represent(declared.tensors, leaves, config, prediction);
    const capacity = WINDOWS * this.#window;
    this.#plan = new RowPlan(engine, store, [this.#represented], this.#leaves, capacity);
    this.#rows = this.#leaves.map(() => new Int32Array(capacity));
    this.#values = new Float32Array(capacity * this.#represented.size);
    const sequences = Math.max(1, Math.min(LANES, capacity, Math.floor(SCORES_AT_A_TIME / nItems)));
    this.#scores = new PackedScores(
      engine,
      store.read(declared.tensors[model.output.weights]),
      model.width(config),
      sequences,
    );
  }

  open(nLanes: number): RunningSequences {
    return this.#lanes.make(this, nLanes);
  }

  scoresOf(prefixes: readonly Int32Array[], scores: Float32Array): void {
    scores.fill(0, 0, prefixes.length * this.nItems);
    for (let from = 0; from < prefixes.length; ) {
      const last = this.#place(prefixes, from);
      const written = last.flatMap((row, n) => (row < 0 ? [] : [n]));
      if (written.length > 0) this.#compute(last, written, scores.subarray(from * this.nItems));
      from += last.length;
    }
  }

  /** Puts prefixes from `from` on into windows while there is room; the row of each one's last event, −1 for an empty one. */
  #place(prefixes: readonly Int32Array[], from: number): number[] {
    const [item, position, back] = this.#rows;
    for (const values of this.#rows) values.fill(-1);
    const last: number[] = [];
    let next = 0;
    while (from + last.length < prefixes.length && last.length < this.#scores.capacity) {
      const prefix = prefixes[from + last.length];
      const n = prefix.length;
      // a prefix lies in one window as a whole
      if ((next % this.#window) + n > this.#window) next = Math.ceil(next / this.#window) * this.#window;
      if (next + n > item.length) break;
      for (let t = 0; t < n; t++) {
        item[next + t] = prefix[t];
        position[next + t] = this.#fromEnd ? this.maxLength - n + t : t;
        back[next + t] = t;
      }
      last.push(n === 0 ? -1 : next + n - 1);
      next += n;
    }
    return last;
  }

  #compute(last: readonly number[], written: readonly number[], scores: Float32Array): void {
    const nRows = Math.ceil((Math.max(...last) + 1) / this.#window) * this.#window;
    const width = this.#represented.size;
    this.#leaves.forEach((leaf, n) => {
      this.#plan.feed(leaf, this.#rows[n].subarray(0, nRows));
    });
    this.#plan.run(nRows);
    const values = this.#values.subarray(0, nRows * width);
    this.#plan.read(this.#represented, nRows, values);
    const vectors = this.#scores.vectors();
    written.forEach((n, k) => {
      vectors.set(values.subarray(last[n] * width, (last[n] + 1) * width), k * width);
    });
    const all = this.#scores.compute(written.length);
    written.forEach((n, k) => {
      scores.set(all.subarray(k * this.nItems, (k + 1) * this.nItems), n * this.nItems);
    });
  }

  free(): void {
    this.#lanes.requireNone();
    this.#plan.free();
    this.#scores.free();
    this.#store?.free();
  }
}
