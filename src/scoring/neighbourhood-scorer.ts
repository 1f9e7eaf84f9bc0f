/**
 * Predicted ratings of users and items with what surrounds them: lists of indices that are drawn or looked up for each pair. Since they
 * depend on both, nothing of a score can be computed for the user or the item alone: scores are those of listed pairs, a block at a time.
 */
import type { NamedTensors } from '../core/named-tensors.ts';
import { RandomStream } from '../core/random.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { indexInput, input } from '../engine/ops/index.ts';
import { RowPlan } from '../engine/plan/row-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { type DeclaredParameters, declaredAs, storeOf } from '../layers/declared-parameters.ts';
import { type ForwardPass, prediction } from '../layers/forward-pass.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import type { Scorer, Sizes } from './scorer.ts';
import { loadedSurroundings, type SurroundingSizes, type Surroundings } from './surroundings.ts';

/** Index lists by name, row below row: [rows × length] each; −1 where a list has ended. */
export type IndexLists = Readonly<Record<string, Int32Array>>;

/**
 * Fills one row of the lists for a pair. The numbers of the unknown are those of the rows that stand for it.
 * @param number what draws depend on beside the key, e.g. the number of the example and of the epoch
 */
export type Neighbours = (
  user: number,
  item: number,
  number: readonly [number, number],
  lists: IndexLists,
  row: number,
) => void;

export type KeyedNeighbours = (key: readonly [number, number]) => Neighbours;

/** What a model declares in order to predict ratings by what surrounds a pair; its score is the difference to the mean rating. */
export interface NeighbourhoodScoring<C> {
  parameters(config: C, sizes: SurroundingSizes): readonly ParameterDeclaration[];
  /** The lists that a pair needs, and how long each is. */
  lists(config: C): Readonly<Record<string, number>>;
  /**
   * What fills the lists, by the Philox key (seed, stream) of what is drawn. Never shows the rating of the pair itself. What does not
   * depend on the key is made once.
   */
  neighbours(surroundings: Surroundings, config: C): KeyedNeighbours;
  /** The score of each row, [B, 1]. */
  score(parameters: Parameters, leaves: PairLeaves, config: C, pass: ForwardPass): Tensor;
  /** The parameter whose rows are vectors of the items. */
  readonly itemVectors: string;
  /** Whether the score reads the biases of the pair: rows of the parameters `userBias` and `itemBias` [n, 1], which no step changes. */
  biases(config: C): boolean;
}

/** Leaves of a row: indices, and the biases. */
export interface PairLeaves {
  readonly user: Tensor;
  readonly item: Tensor;
  /** (b_u, b_i), [B, 2]; null where the score reads none. */
  readonly biases: Tensor | null;
  /** By the names of the lists. */
  readonly lists: Parameters;
}

export function pairLeaves<C>(model: NeighbourhoodScoring<C>, config: C): PairLeaves {
  const lists = Object.entries(model.lists(config)).map(([name, length]) => [name, indexInput(name, length)] as const);
  const biases = model.biases(config) ? input('biases', [2]) : null;
  return { user: indexInput('user'), item: indexInput('item'), biases, lists: Object.fromEntries(lists) };
}

/** All leaves, which whoever runs a step feeds. */
export function leavesOf({ user, item, biases, lists }: PairLeaves): Tensor[] {
  return [user, item, ...(biases ? [biases] : []), ...Object.values(lists)];
}

/** Empty lists of so many rows. */
export function indexLists(lengths: Readonly<Record<string, number>>, rows: number): IndexLists {
  return Object.fromEntries(Object.entries(lengths).map(([name, length]) => [name, new Int32Array(rows * length)]));
}

/** Pairs that are computed at a time: many enough for all threads, few enough for the sequences of each. */
export const PAIR_BLOCK = 256;

/** How it predicts with given weights. @throws 'artifact' when they are not those of the model and its options */
export function trainedNeighbourhoodScorer<C>(
  engine: Engine,
  model: NeighbourhoodScoring<C>,
  config: C,
  { sizes, history }: { readonly sizes: Sizes; readonly history: SparseRows },
  weights: NamedTensors,
): Scorer {
  const surroundings = loadedSurroundings(weights, sizes, history);
  const declared = declaredAs(model.parameters(config, surroundings.sizes));
  const store = storeOf(engine, declared, weights);
  // nothing is looked for before the first question
  const neighbours: KeyedNeighbours = (key) => model.neighbours(surroundings, config)(key);
  const scorer = neighbourhoodScorer(engine, model, config, { sizes: surroundings.sizes, neighbours }, declared, store);
  const free = (): void => {
    scorer.free();
    store.free();
  };
  return { ...scorer, free };
}

/** How it predicts with the weights that a store holds now. What is drawn for a pair depends on the user alone. */
export function neighbourhoodScorer<C>(
  engine: Engine,
  model: NeighbourhoodScoring<C>,
  config: C,
  { sizes, neighbours }: { readonly sizes: SurroundingSizes; readonly neighbours: KeyedNeighbours },
  declared: DeclaredParameters,
  store: ParameterStore,
): Scorer {
  const { nUsers, nItems } = sizes;
  const pairs = new ListedPairs(engine, model, config, neighbours, declared, store);
  const vectors = store.named(model.itemVectors);
  const width = vectors.shape[1];
  return {
    form: { form: 'listed' },
    itemVectors: { values: store.read(vectors).subarray(0, (nItems - 1) * width), width },
    values: (users, items) =>
      pairs.scores(
        users.map((user) => (user < 0 ? nUsers - 1 : user)),
        items.map((item) => (item < 0 ? nItems - 1 : item)),
      ),
    foldIn: () => ({
      vector: new Float32Array(0),
      how: 'no rating of the person is known: as somebody of whom nothing is known',
      ignoresHistory: true,
    }),
    free: () => pairs.free(),
  };
}

/** Scores of listed pairs; what all need is made with the first of them. */
class ListedPairs<C> {
  readonly #engine: Engine;
  readonly #store: ParameterStore;
  readonly #leaves: PairLeaves;
  readonly #lists: IndexLists;
  readonly #score: Tensor;
  readonly #keyed: KeyedNeighbours;
  readonly #biases: { readonly users: Float32Array; readonly items: Float32Array } | null;
  #neighbours: Neighbours | null = null;
  #plan: RowPlan | null = null;

  constructor(
    engine: Engine,
    model: NeighbourhoodScoring<C>,
    config: C,
    neighbours: KeyedNeighbours,
    { tensors }: DeclaredParameters,
    store: ParameterStore,
  ) {
    this.#engine = engine;
    this.#store = store;
    this.#leaves = pairLeaves(model, config);
    this.#lists = indexLists(model.lists(config), PAIR_BLOCK);
    this.#score = model.score(tensors, this.#leaves, config, prediction);
    this.#keyed = neighbours;
    const ofTable = (name: string): Float32Array => store.read(store.named(name));
    this.#biases = this.#leaves.biases && { users: ofTable('userBias'), items: ofTable('itemBias') };
  }

  scores(users: Int32Array, items: Int32Array): Float32Array {
    const { user, item, lists } = this.#leaves;
    this.#plan ??= new RowPlan(this.#engine, this.#store, [this.#score], leavesOf(this.#leaves), PAIR_BLOCK);
    this.#neighbours ??= this.#keyed(new RandomStream(0, 'neighbourhoods/predicted').key);
    const out = new Float32Array(users.length);
    for (let from = 0; from < out.length; from += PAIR_BLOCK) {
      const n = Math.min(PAIR_BLOCK, out.length - from);
      for (let row = 0; row < n; row++) {
        const person = users[from + row];
        this.#neighbours(person, items[from + row], [person, 0], this.#lists, row);
      }
      this.#plan.feed(user, users.subarray(from, from + n));
      this.#plan.feed(item, items.subarray(from, from + n));
      this.#feedBiases(this.#plan, users.subarray(from, from + n), items.subarray(from, from + n));
      for (const [name, leaf] of Object.entries(lists))
        this.#plan.feed(leaf, this.#lists[name].subarray(0, n * leaf.size));
      this.#plan.run(n);
      this.#plan.read(this.#score, n, out.subarray(from));
    }
    return out;
  }

  #feedBiases(plan: RowPlan, users: Int32Array, items: Int32Array): void {
    if (!this.#leaves.biases || !this.#biases) return;
    const values = new Float32Array(2 * users.length);
    for (let row = 0; row < users.length; row++) {
      values[2 * row] = this.#biases.users[users[row]];
      values[2 * row + 1] = this.#biases.items[items[row]];
    }
    plan.feed(this.#leaves.biases, values);
  }

  free(): void {
    this.#plan?.free();
    this.#plan = null;
  }
}
