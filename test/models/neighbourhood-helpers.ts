/** What the tests of models of friends share: drawn weights, a small graph of people with ratings, columns of lists. */
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import type { NeighbourhoodModel } from '../../src/examples/neighbourhoods.ts';
import type { SurroundingSizes } from '../../src/scoring/surroundings.ts';
import { testRandom } from '../data/made-data.ts';
import type { Arrays } from './plain-layers.ts';

export const column = (rows: readonly (readonly number[])[], n: number): Int32Array =>
  Int32Array.from(rows, (row) => row[n]);

/** Float32 numbers between `low` and `low` + 2, so that engine and oracle start from the same. */
export function drawnWeights(model: NeighbourhoodModel, config: unknown, sizes: SurroundingSizes, low = -1) {
  const declarations = model.parameters(config, sizes);
  const below = testRandom(5);
  const weights: Record<string, Float32Array> = {};
  for (const { name, shape } of declarations)
    weights[name] = Float32Array.from({ length: shape.reduce((n, m) => n * m, 1) }, () => below(2000) / 1000 + low);
  const tensors: NamedTensors = new Map(declarations.map(({ name, shape }) => [name, { shape, data: weights[name] }]));
  return { declarations, weights: weights as Arrays, tensors };
}

/** User, item, rating. User 4 knows nobody, user 5 rated nothing, nobody rated item 4. */
export const ratings: readonly (readonly [number, number, number])[] = [
  [0, 0, 5],
  [0, 1, 3],
  [1, 1, 4],
  [1, 2, 2],
  [2, 0, 1],
  [2, 3, 5],
  [3, 2, 3],
  [3, 3, 4],
  [4, 0, 2],
  [4, 1, 2],
];
export const N = { nUsers: 6, nItems: 5 };
export const rated = sparseRows(N.nUsers, column(ratings, 0), column(ratings, 1));

/** The ratings, and edges as they are given. */
export function knownWith(friends: readonly (readonly [number, number])[]) {
  return {
    friends: sparseRows(N.nUsers, column(friends, 0), column(friends, 1)),
    rated,
    level: Int32Array.from(ratings, ([, , rating]) => rating - 1),
    levels: Float32Array.of(1, 2, 3, 4, 5),
  };
}

/** Pairs of all kinds: with and without ratings and friends, and unknown ones. */
export const askedPairs: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 2],
  [3, 1],
  [3, 3],
  [4, 1],
  [4, 3],
  [5, 0],
  [1, 4],
  [-1, 2],
  [2, -1],
  [-1, -1],
];

/** With the numbers of the rows that stand for the unknown. */
export const inTables = ([user, item]: readonly [number, number]): readonly [number, number] => [
  user < 0 ? N.nUsers : user,
  item < 0 ? N.nItems : item,
];
