/** Running sequences of a recurrent model: their states are kept, an event is one step, and scores are one product. */
import { DeepTasteError } from '../core/errors.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Tensor } from '../engine/expression.ts';
import { indexInput, input } from '../engine/ops/index.ts';
import { RowPlan } from '../engine/plan/row-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { PackedScores } from '../engine/runtime/packed-scores.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { type DeclaredParameters, declaredAs, storeOf } from '../layers/declared-parameters.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import type { RunningSequences, SequenceScorer } from './sequence-scorer.ts';

/** Sequences that are stepped at a time. */
const CAPACITY = 256;
/** Numbers (64 MiB) of scores that are made at a time: fewer sequences where there are many items. */
const SCORES_AT_A_TIME = 2 ** 24;

/** Bytes that scores of all items by vectors of a width take: the items twice while they are packed, and scores. */
export function scorerBytes(width: number, nItems: number): number {
  return 4 * nItems * (2 * (width + 1) + Math.max(1, Math.min(CAPACITY, Math.floor(SCORES_AT_A_TIME / nItems))));
}

/** What a model declares in order to run through sequences event by event. */
export interface RecurrentScoring<C> {
  parameters(config: C, sizes: { readonly nItems: number }): readonly ParameterDeclaration[];
  /** Length of each state that a sequence carries from event to event. */
  stateSizes(config: C): readonly number[];
  /** Length of the vector that is scored against items: the last state. */
  width(config: C): number;
  /** The states after an event, without anything that belongs to training only. */
  states(parameters: Parameters, item: Tensor, before: readonly Tensor[], config: C): readonly Tensor[];
  /** Scores of items: last state · weights + bias; tables [nItems, width] and [nItems, 1]. */
  readonly output: { readonly weights: string; readonly bias: string };
}

/** @throws 'artifact' when the weights are not those of the model and its options */
export function trainedRecurrentScorer<C>(
  engine: Engine,
  model: RecurrentScoring<C>,
  config: C,
  nItems: number,
  weights: NamedTensors,
): RecurrentScorer {
  const declared = declaredAs(model.parameters(config, { nItems }));
  const store = storeOf(engine, declared, weights);
  return new RecurrentScorer(engine, model, config, nItems, declared, store, true);
}

export class RecurrentScorer implements SequenceScorer {
  readonly nItems: number;
  readonly preferredLanes = CAPACITY;
  readonly #store: ParameterStore | null;
  readonly itemVectors: () => { values: Float32Array; width: number };
  readonly #item: Tensor;
  readonly #before: readonly Tensor[];
  readonly #after: readonly Tensor[];
  readonly #plan: RowPlan;
  readonly #scores: PackedScores;
  readonly #open = new Set<Lanes>();

  /** @param ownsStore whether the store is freed with the scorer; the item table is copied as it is now */
  constructor(
    engine: Engine,
    model: RecurrentScoring<unknown>,
    config: unknown,
    nItems: number,
    declared: DeclaredParameters,
    store: ParameterStore,
    ownsStore = false,
  ) {
    this.nItems = nItems;
    this.#store = ownsStore ? store : null;
    this.#item = indexInput('item');
    this.#before = model.stateSizes(config).map((n, l) => input(`state ${l + 1}`, [n]));
    this.#after = model.states(declared.tensors, this.#item, this.#before, config);
    this.#plan = new RowPlan(engine, store, this.#after, [this.#item, ...this.#before], CAPACITY);
    const weights = store.read(declared.tensors[model.output.weights]);
    this.itemVectors = () => ({
      values: store.read(declared.tensors[model.output.weights]),
      width: model.width(config),
    });
    const bias = store.read(declared.tensors[model.output.bias]);
    const capacity = Math.max(1, Math.min(CAPACITY, Math.floor(SCORES_AT_A_TIME / nItems)));
    this.#scores = new PackedScores(engine, withBias(weights, bias), model.width(config) + 1, capacity);
  }

  /** Sequences that `scoresOf` takes at most. */
  get scoreCapacity(): number {
    return this.#scores.capacity;
  }

  open(nLanes: number): RunningSequences {
    const sizes = this.#before.map(({ size }) => size);
    const lanes = new Lanes(this, nLanes, sizes, (closed) => this.#open.delete(closed));
    this.#open.add(lanes);
    return lanes;
  }

  /** New states of n ≤ CAPACITY sequences, read from and written to `states`, [n × size] each. */
  step(items: Int32Array, states: readonly Float32Array[]): void {
    this.#plan.feed(this.#item, items);
    this.#before.forEach((leaf, l) => {
      this.#plan.feed(leaf, states[l].subarray(0, items.length * leaf.size));
    });
    this.#plan.run(items.length);
    this.#after.forEach((state, l) => {
      this.#plan.read(state, items.length, states[l]);
    });
  }

  /** Scores of all items after the last states [n × width] of n ≤ scoreCapacity sequences; a view, written over by the next call. */
  scoresOf(states: Float32Array, n: number): Float32Array {
    const width = this.#scores.width - 1;
    const vectors = this.#scores.vectors();
    for (let r = 0; r < n; r++) {
      vectors.set(states.subarray(r * width, (r + 1) * width), r * (width + 1));
      vectors[r * (width + 1) + width] = 1;
    }
    return this.#scores.compute(n);
  }

  free(): void {
    if (this.#open.size > 0)
      throw new DeepTasteError(
        'usage',
        `scorer: ${this.#open.size} of its running sequences are still open; free them first`,
      );
    this.#plan.free();
    this.#scores.free();
    this.#store?.free();
  }
}

/** The states of running sequences, row by row. */
class Lanes implements RunningSequences {
  readonly nLanes: number;
  readonly #scorer: RecurrentScorer;
  readonly #sizes: readonly number[];
  /** [nLanes × size] of each state. */
  readonly #states: readonly Float32Array[];
  readonly #gathered: readonly Float32Array[];
  readonly #items: Int32Array;
  readonly #close: (lanes: Lanes) => void;

  constructor(scorer: RecurrentScorer, nLanes: number, sizes: readonly number[], close: (lanes: Lanes) => void) {
    this.nLanes = nLanes;
    this.#scorer = scorer;
    this.#sizes = sizes;
    this.#states = sizes.map((size) => new Float32Array(nLanes * size));
    this.#gathered = sizes.map((size) => new Float32Array(Math.min(nLanes, CAPACITY) * size));
    this.#items = new Int32Array(Math.min(nLanes, CAPACITY));
    this.#close = close;
  }

  reset(lanes: Int32Array): void {
    this.#sizes.forEach((size, l) => {
      for (const lane of lanes) this.#states[l].fill(0, lane * size, (lane + 1) * size);
    });
  }

  feed(lanes: Int32Array, items: Int32Array): void {
    const known = lanes.filter((_, n) => items[n] >= 0);
    const knownItems = items.filter((item) => item >= 0);
    for (const item of knownItems)
      if (item >= this.#scorer.nItems)
        throw new DeepTasteError('data', `sequence: an item must be below ${this.#scorer.nItems}, got ${item}`);
    for (let from = 0; from < known.length; from += CAPACITY) {
      const rows = known.subarray(from, from + CAPACITY);
      this.#items.set(knownItems.subarray(from, from + CAPACITY));
      this.#gather(rows);
      this.#scorer.step(this.#items.subarray(0, rows.length), this.#gathered);
      this.#scatter(rows);
    }
  }

  #gather(lanes: Int32Array): void {
    this.#sizes.forEach((size, l) => {
      for (let r = 0; r < lanes.length; r++)
        this.#gathered[l].set(this.#states[l].subarray(lanes[r] * size, (lanes[r] + 1) * size), r * size);
    });
  }

  #scatter(lanes: Int32Array): void {
    this.#sizes.forEach((size, l) => {
      for (let r = 0; r < lanes.length; r++)
        this.#states[l].set(this.#gathered[l].subarray(r * size, (r + 1) * size), lanes[r] * size);
    });
  }

  score(lanes: Int32Array, scores: Float32Array): void {
    const { nItems, scoreCapacity } = this.#scorer;
    const last = this.#sizes.length - 1;
    for (let from = 0; from < lanes.length; from += scoreCapacity) {
      const rows = lanes.subarray(from, from + scoreCapacity);
      this.#gather(rows);
      scores.set(this.#scorer.scoresOf(this.#gathered[last], rows.length), from * nItems);
    }
  }

  free(): void {
    this.#close(this);
  }
}

/** Rows (w_j, b_j): the score is then one product with (h, 1). */
export function withBias(weights: Float32Array, bias: Float32Array): Float32Array {
  const width = weights.length / bias.length;
  const rows = new Float32Array(bias.length * (width + 1));
  for (let j = 0; j < bias.length; j++) {
    rows.set(weights.subarray(j * width, (j + 1) * width), j * (width + 1));
    rows[j * (width + 1) + width] = bias[j];
  }
  return rows;
}
