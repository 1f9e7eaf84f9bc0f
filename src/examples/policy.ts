/** A generator by its present weights: the scores that it gives to all targets, or to a few candidates of each person. */
import type { Tensor } from '../engine/expression.ts';
import { indexInput } from '../engine/ops/index.ts';
import { RowPlan } from '../engine/plan/row-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { PackedScores } from '../engine/runtime/packed-scores.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { Parameters } from '../layers/parameters.ts';
import type { Player } from './players.ts';

export interface PolicyOptions<C> {
  readonly engine: Engine;
  readonly store: ParameterStore;
  readonly tensors: Parameters;
  readonly config: C;
  readonly player: Player<C>;
  /** People of one call at most. */
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
  #scores: PackedScores | null = null;

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
  }

  /** Takes the weights as they are now. */
  refresh(): void {
    const address = this.#store.addressOf(this.#table);
    this.#scores ??= new PackedScores(this.#engine, this.#store.read(this.#table), this.#vector.size, this.capacity);
    this.#scores.pack(address, this.#store.strideOf(this.#table));
  }

  /** Scores of all targets, [people × targets], by the weights of the last `refresh`: a view that the next call writes over. */
  scoresOfAll(people: Int32Array): Float32Array {
    if (!this.#scores) throw new Error('internal: the policy takes the weights before it scores');
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
    this.#scores?.free();
  }
}
