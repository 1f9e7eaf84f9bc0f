/** Scores of some items for one person as a function of what the model knows of the person, with their slopes. */
import type { NamedTensors } from '../core/named-tensors.ts';
import { float32Tensor } from '../core/named-tensors.ts';
import { type Tensor, topologicalOrder } from '../engine/expression.ts';
import { backward } from '../engine/gradient.ts';
import { indexInput, input, lookup, slice, table } from '../engine/ops/index.ts';
import { RowPlan } from '../engine/plan/row-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { ScoreForm } from '../engine/runtime/ranking.ts';
import { declaredAs } from '../layers/declared-parameters.ts';
import { prediction } from '../layers/forward-pass.ts';
import type { PairScoring } from '../scoring/pair-scorer.ts';
import type { Sizes } from '../scoring/scorer.ts';

export interface RowScores {
  /** Numbers that stand for a person: a row of the scorer's user table. */
  readonly width: number;
  /** Chooses the items of the rows. */
  choose(items: Int32Array): void;
  /** Scores of the chosen items for the person z, into `scores`. */
  at(z: Float64Array, scores: Float64Array): void;
  /** Adds Σ weight[r] ∂score[r]/∂z at the last z to `gradient`. */
  addSlopes(weight: Float64Array, gradient: Float64Array): void;
  free(): void;
}

/** Dot products: slopes are the item vectors. */
export class DotScores implements RowScores {
  readonly width: number;
  readonly #items: Float32Array;
  #rows: Float64Array = new Float64Array(0);
  #n = 0;

  constructor({ items, width }: Extract<ScoreForm, { form: 'dot' }>) {
    this.#items = items;
    this.width = width;
  }

  choose(items: Int32Array): void {
    const { width } = this;
    this.#n = items.length;
    if (this.#rows.length < items.length * width) this.#rows = new Float64Array(items.length * width);
    for (let r = 0; r < items.length; r++)
      for (let k = 0; k < width; k++) this.#rows[r * width + k] = this.#items[items[r] * width + k];
  }

  at(z: Float64Array, scores: Float64Array): void {
    const { width } = this;
    const rows = this.#rows;
    for (let r = 0, at = 0; r < this.#n; r++) {
      let sum = 0;
      for (let k = 0; k < width; k++, at++) sum += rows[at] * z[k];
      scores[r] = sum;
    }
  }

  addSlopes(weight: Float64Array, gradient: Float64Array): void {
    const { width } = this;
    const rows = this.#rows;
    for (let r = 0, at = 0; r < this.#n; r++) {
      const w = weight[r];
      for (let k = 0; k < width; k++, at++) gradient[k] += w * rows[at];
    }
  }

  free(): void {}
}

/** Rows of a run of the plan. */
const CAPACITY = 256;

/** Any other score: a plan computes scores and slopes, made once and kept. */
export class PlannedScores implements RowScores {
  readonly width: number;
  readonly #itemWidth: number;
  readonly #items: Float32Array;
  readonly #store: ParameterStore;
  readonly #person: Tensor;
  readonly #score: Tensor;
  readonly #slopes: Tensor;
  readonly #leaves: readonly Tensor[];
  readonly #plan: RowPlan;
  #chosen: Int32Array = new Int32Array(0);
  #slopeValues: Float32Array = new Float32Array(0);
  #scoreValues: Float32Array = new Float32Array(0);

  constructor(
    engine: Engine,
    model: PairScoring<unknown>,
    config: unknown,
    sizes: Sizes,
    weights: NamedTensors,
    form: Extract<ScoreForm, { form: 'pair' }>,
  ) {
    this.width = form.userWidth;
    this.#itemWidth = form.itemWidth;
    this.#items = form.items;
    const declared = declaredAs(model.parameters(config, sizes));
    const index = indexInput('person');
    const userParts = model.userParts(declared.tensors, index, config);
    const itemParts = model.itemParts(declared.tensors, index, config);
    this.#person = table('person', 1, this.width);
    const row = lookup(this.#person, index);
    let from = 0;
    const users = userParts.map((part) => {
      from += part.size;
      return slice(row, from - part.size, from);
    });
    this.#leaves = itemParts.map((part, n) => input(`item part ${n}`, part.shape));
    this.#score = model.score(declared.tensors, users, this.#leaves, config, prediction);
    const one = input('one', [1]);
    this.#slopes = backward(this.#score, one).rows[0].values;
    const read = new Set(topologicalOrder([this.#score]));
    const shared = declared.list.filter((tensor) => read.has(tensor));
    this.#store = new ParameterStore(engine, [...shared, this.#person]);
    declared.declarations.forEach(({ name, shape }, n) => {
      if (read.has(declared.list[n])) this.#store.write(declared.list[n], float32Tensor(weights, name, shape));
    });
    const leaves = [...this.#leaves, index, one];
    this.#plan = new RowPlan(engine, this.#store, [this.#score, this.#slopes], leaves, CAPACITY);
    this.#plan.feed(index, new Int32Array(CAPACITY));
    this.#plan.feed(one, new Float32Array(CAPACITY).fill(1));
  }

  choose(items: Int32Array): void {
    this.#chosen = items;
    if (this.#scoreValues.length < items.length) {
      this.#scoreValues = new Float32Array(items.length);
      this.#slopeValues = new Float32Array(items.length * this.width);
    }
    if (items.length <= CAPACITY) this.#feed(0, items.length);
  }

  /** Item parts of the chosen rows [from, to). */
  #feed(from: number, to: number): void {
    let first = 0;
    for (const leaf of this.#leaves) {
      const values = new Float32Array((to - from) * leaf.size);
      for (let r = from; r < to; r++) {
        const at = this.#chosen[r] * this.#itemWidth + first;
        values.set(this.#items.subarray(at, at + leaf.size), (r - from) * leaf.size);
      }
      this.#plan.feed(leaf, values);
      first += leaf.size;
    }
  }

  at(z: Float64Array, scores: Float64Array): void {
    const n = this.#chosen.length;
    this.#store.write(this.#person, z);
    for (let from = 0; from < n; from += CAPACITY) {
      const to = Math.min(n, from + CAPACITY);
      if (n > CAPACITY) this.#feed(from, to);
      this.#plan.run(to - from);
      this.#plan.read(this.#score, to - from, this.#scoreValues.subarray(from));
      this.#plan.read(this.#slopes, to - from, this.#slopeValues.subarray(from * this.width));
    }
    for (let r = 0; r < n; r++) scores[r] = this.#scoreValues[r];
  }

  addSlopes(weight: Float64Array, gradient: Float64Array): void {
    const { width } = this;
    for (let r = 0, at = 0; r < this.#chosen.length; r++) {
      const w = weight[r];
      for (let k = 0; k < width; k++, at++) gradient[k] += w * this.#slopeValues[at];
    }
  }

  free(): void {
    this.#plan.free();
    this.#store.free();
  }
}
