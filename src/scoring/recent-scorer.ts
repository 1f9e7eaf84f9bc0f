/** Scores of a model that looks at a fixed number of last events side by side in a row, and at whose they are. */
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
import { scorerBytes, withBias } from './recurrent-scorer.ts';
import type { RunningSequences, SequenceScorer } from './sequence-scorer.ts';

/** Sequences that are computed at a time. */
const CAPACITY = 256;
/** Numbers (64 MiB) of scores that are made at a time: fewer sequences where there are many items. */
const SCORES_AT_A_TIME = 2 ** 24;

/** Items, and users whose whole histories are trained on: 0 where sequences are nobody's. */
export interface RecentSizes {
  readonly nItems: number;
  readonly nUsers: number;
}

/** Index leaves of a row. */
export interface RecentLeaves {
  /** The last events, the latest at the end, −1 before the first one; [B, maxLength]. */
  readonly item: Tensor;
  /** −1 = nobody that the training knows. */
  readonly user: Tensor;
}

/** What a model declares in order to look at the last events side by side. */
export interface RecentScoring<C> {
  parameters(config: C, sizes: RecentSizes): readonly ParameterDeclaration[];
  /** Events that are looked at. */
  maxLength(config: C): number;
  /** Length of the vector that is scored against items. */
  width(config: C, sizes: Pick<RecentSizes, 'nUsers'>): number;
  /** What is known of the row, [B, width]. */
  represent(
    parameters: Parameters,
    leaves: RecentLeaves,
    config: C,
    sizes: Pick<RecentSizes, 'nUsers'>,
    pass: ForwardPass,
  ): Tensor;
  /** Name of the table of users, which is there where the training knows users; absent = the model has none. */
  readonly users?: string;
  /** Scores of items: representation · weights + bias; tables [nItems, width] and, where there is a bias, [nItems, 1]. */
  readonly output: { readonly weights: string; readonly bias?: string };
}

/** @throws 'artifact' when the weights are not those of the model and its options */
export function trainedRecentScorer<C>(
  engine: Engine,
  model: RecentScoring<C>,
  config: C,
  nItems: number,
  weights: NamedTensors,
): RecentScorer {
  const sizes = { nItems, nUsers: (model.users === undefined ? undefined : weights.get(model.users)?.shape[0]) ?? 0 };
  const declared = declaredAs(model.parameters(config, sizes));
  return new RecentScorer(engine, model, config, sizes, declared, storeOf(engine, declared, weights), true);
}

/** Bytes that a scorer takes: vectors of items, scores, and the rows. */
export function recentScorerBytes(width: number, maxLength: number, nItems: number): number {
  return scorerBytes(width, nItems) + 4 * CAPACITY * (maxLength + 1 + width);
}

export class RecentScorer implements SequenceScorer, LastEventsScorer {
  readonly nItems: number;
  readonly preferredLanes = CAPACITY;
  readonly maxLength: number;
  readonly itemVectors: () => { values: Float32Array; width: number };
  readonly #nUsers: number;
  readonly #store: ParameterStore | null;
  readonly #leaves: RecentLeaves;
  readonly #represented: Tensor;
  readonly #plan: RowPlan;
  readonly #scores: PackedScores;
  readonly #lanes = new OpenLanes();

  /** @param ownsStore whether the store is freed with the scorer; the item table is copied as it is now */
  constructor(
    engine: Engine,
    model: RecentScoring<unknown>,
    config: unknown,
    sizes: RecentSizes,
    declared: DeclaredParameters,
    store: ParameterStore,
    ownsStore = false,
  ) {
    const { nItems, nUsers } = sizes;
    this.nItems = nItems;
    this.#nUsers = nUsers;
    this.maxLength = model.maxLength(config);
    this.#store = ownsStore ? store : null;
    this.#leaves = { item: indexInput('item', this.maxLength), user: indexInput('user') };
    this.#represented = model.represent(declared.tensors, this.#leaves, config, sizes, prediction);
    const leaves = nUsers > 0 ? [this.#leaves.item, this.#leaves.user] : [this.#leaves.item];
    this.#plan = new RowPlan(engine, store, [this.#represented], leaves, CAPACITY);
    const width = model.width(config, sizes);
    const { weights, bias } = model.output;
    this.itemVectors = () => ({ values: store.read(declared.tensors[weights]), width });
    const capacity = Math.max(1, Math.min(CAPACITY, Math.floor(SCORES_AT_A_TIME / nItems)));
    const ofItems = bias === undefined ? new Float32Array(nItems) : store.read(declared.tensors[bias]);
    const rows = withBias(store.read(declared.tensors[weights]), ofItems);
    this.#scores = new PackedScores(engine, rows, width + 1, capacity);
  }

  open(nLanes: number): RunningSequences {
    return this.#lanes.make(this, nLanes);
  }

  scoresOf(prefixes: readonly Int32Array[], scores: Float32Array, owners: Int32Array): void {
    scores.fill(0, 0, prefixes.length * this.nItems);
    const written = [...prefixes.keys()].filter((n) => prefixes[n].length > 0);
    for (let from = 0; from < written.length; from += this.#scores.capacity)
      this.#compute(written.slice(from, from + this.#scores.capacity), prefixes, scores, owners);
  }

  #compute(places: readonly number[], prefixes: readonly Int32Array[], scores: Float32Array, owners: Int32Array): void {
    const { maxLength, nItems } = this;
    const items = new Int32Array(places.length * maxLength).fill(-1);
    places.forEach((place, r) => {
      items.set(prefixes[place], (r + 1) * maxLength - prefixes[place].length);
    });
    this.#plan.feed(this.#leaves.item, items);
    if (this.#nUsers > 0)
      this.#plan.feed(
        this.#leaves.user,
        Int32Array.from(places, (place) => (owners[place] < this.#nUsers ? owners[place] : -1)),
      );
    this.#plan.run(places.length);
    const width = this.#represented.size;
    const values = new Float32Array(places.length * width);
    this.#plan.read(this.#represented, places.length, values);
    const vectors = this.#scores.vectors();
    places.forEach((_, r) => {
      vectors.set(values.subarray(r * width, (r + 1) * width), r * (width + 1));
      vectors[r * (width + 1) + width] = 1;
    });
    const all = this.#scores.compute(places.length);
    places.forEach((place, r) => {
      scores.set(all.subarray(r * nItems, (r + 1) * nItems), place * nItems);
    });
  }

  free(): void {
    this.#lanes.requireNone();
    this.#plan.free();
    this.#scores.free();
    this.#store?.free();
  }
}
