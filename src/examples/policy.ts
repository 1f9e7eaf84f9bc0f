/** Players by their present weights: what a generator gives to all targets, or to a few candidates of each person, and a discriminator to draws. */
import type { Tensor } from '../engine/expression.ts';
import { indexInput } from '../engine/ops/index.ts';
import { RowPlan } from '../engine/plan/row-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { PackedScores } from '../engine/runtime/packed-scores.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { Parameters } from '../layers/parameters.ts';
import { type Player, scoreOf } from './players.ts';

export interface PolicyOptions<C> {
  readonly engine: Engine;
  readonly store: ParameterStore;
  readonly tensors: Parameters;
  readonly config: C;
  readonly player: Player<C>;
  /** People of one call at most, or pairs. */
  readonly capacity: number;
}

export class Policy {
  readonly nTargets: number;
  readonly capacity: number;
  readonly #engine: Engine;
  readonly #store: ParameterStore;
  readonly #table: Tensor;
  readonly #user: Tensor;
  readonly #vector: Tensor;
  readonly #plan: RowPlan;
  readonly #vectors: Float32Array;
  readonly #scores: PackedScores;

  constructor({ engine, store, tensors, config, player, capacity }: PolicyOptions<unknown>) {
    this.#engine = engine;
    this.#store = store;
    this.capacity = capacity;
    this.#table = tensors[player.targets];
    this.nTargets = this.#table.shape[0];
    this.#user = indexInput('user');
    this.#vector = player.vector(tensors, this.#user, config);
    this.#plan = new RowPlan(engine, store, [this.#vector], [this.#user], capacity);
    this.#vectors = new Float32Array(capacity * this.#vector.size);
    this.#scores = new PackedScores(engine, store.read(this.#table), this.#vector.size, capacity);
  }

  /** Takes the weights as they are now. */
  refresh(): void {
    this.#scores.pack(this.#store.addressOf(this.#table), this.#store.strideOf(this.#table));
  }

  /** Scores of all targets, [people × targets], by the weights of the last `refresh`: a view that the next call writes over. */
  scoresOfAll(people: Int32Array): Float32Array {
    const vectors = this.#vectorsOf(people);
    this.#scores.vectors().set(vectors);
    return this.#scores.compute(people.length);
  }

  /** Scores of candidates, [people × n], by the present weights. @param candidates targets [people × n], −1 = none, scored −∞ */
  scoresOf(people: Int32Array, candidates: Int32Array): Float32Array {
    const n = candidates.length / people.length;
    const width = this.#vector.size;
    const stride = this.#store.strideOf(this.#table);
    const vectors = this.#vectorsOf(people);
    const rows = this.#engine.f32(this.#store.addressOf(this.#table), this.nTargets * stride);
    return Float32Array.from(candidates, (target, k) => {
      if (target < 0) return Number.NEGATIVE_INFINITY;
      const from = Math.floor(k / n) * width;
      let sum = 0;
      for (let j = 0; j < width; j++) sum += vectors[from + j] * rows[target * stride + j];
      return sum;
    });
  }

  #vectorsOf(people: Int32Array): Float32Array {
    this.#plan.feed(this.#user, people);
    this.#plan.run(people.length);
    const vectors = this.#vectors.subarray(0, people.length * this.#vector.size);
    this.#plan.read(this.#vector, people.length, vectors);
    return vectors;
  }

  free(): void {
    this.#plan.free();
    this.#scores.free();
  }
}

/** A player's scores of pairs, as many for each person. */
export class PairLogits {
  readonly #user = indexInput('user');
  readonly #target = indexInput('target');
  readonly #logit: Tensor;
  readonly #plan: RowPlan;
  readonly #logits: Float32Array;

  constructor({ engine, store, tensors, config, player, capacity }: PolicyOptions<unknown>) {
    this.#logit = scoreOf(player, tensors, this.#user, this.#target, config);
    this.#plan = new RowPlan(engine, store, [this.#logit], [this.#user, this.#target], capacity);
    this.#logits = new Float32Array(capacity);
  }

  /** @param targets [people × n] @returns [people × n], a view that the next call writes over */
  of(people: Int32Array, targets: Int32Array): Float32Array {
    const each = targets.length / people.length;
    this.#plan.feed(
      this.#user,
      targets.map((_, k) => people[Math.floor(k / each)]),
    );
    this.#plan.feed(this.#target, targets);
    this.#plan.run(targets.length);
    this.#plan.read(this.#logit, targets.length, this.#logits);
    return this.#logits.subarray(0, targets.length);
  }

  free(): void {
    this.#plan.free();
  }
}
