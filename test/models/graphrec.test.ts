/** GraphRec against its formula in plain numbers, and what it is shown of a rating. */
import { afterAll, describe, expect, it } from 'vitest';
import { DrawnEntries } from '../../src/data/social/drawn-entries.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { NeighbourhoodModel } from '../../src/examples/neighbourhoods.ts';
import { findModel } from '../../src/models/index.ts';
import { indexLists } from '../../src/scoring/neighbourhood-scorer.ts';
import { keptSurroundings, surroundingsOf } from '../../src/scoring/surroundings.ts';
import { askedPairs, column, drawnWeights, inTables, knownWith, N, rated, ratings } from './neighbourhood-helpers.ts';
import { type Arrays, affine, attended, relu, row } from './plain-layers.ts';
import { trainRatings } from './rating-world.ts';
import { tasteWorld } from './social-world.ts';

const engine = new Engine({ threads: 2, blas: 'off' });
afterAll(() => engine.close());

const model = findModel('graphrec') as NeighbourhoodModel;
const D = 3;
const friends: readonly (readonly [number, number])[] = [
  [0, 1],
  [0, 2],
  [1, 0],
  [2, 3],
  [3, 0],
  [3, 1],
  [5, 1],
];
const known = knownWith(friends);

/** Parts that are left out to see what they tell. */
interface Form {
  readonly biases: boolean;
  readonly attention?: boolean;
  readonly friends?: boolean;
}

/** r̂(u, i) − μ, of what everybody but u says of i and of what u says of all but i. */
function graphrecScore(w: Arrays, user: number, item: number, form: Form): number {
  const { biases, attention = true } = form;
  const [p, q] = [row(w.P, user, D), row(w.Q, item, D)];
  const opinion = (name: string, vector: readonly number[], rating: number): number[] => {
    const W1 = [...Array.from(w[`${name}.vector`]), ...Array.from(w[`${name}.level`])];
    const inner = relu(affine([...vector, ...row(w.E, rating - 1, D)], W1, w[`${name}.b1`]));
    return relu(affine(inner, w[`${name}.W2`], w[`${name}.b2`]));
  };
  const pooled = (name: string, vectors: readonly number[][], query: readonly number[]): number[] => {
    if (vectors.length === 0) return Array(D).fill(0);
    if (attention) return attended(w, name, vectors, query);
    return vectors[0].map((_, k) => vectors.reduce((sum, v) => sum + v[k], 0) / vectors.length);
  };
  const layer = (name: string, x: readonly number[]): number[] => relu(affine(x, w[`${name}.W`], w[`${name}.b`]));
  const own = ratings.filter(([u, i]) => u === user && i !== item);
  const others = ratings.filter(([u, i]) => i === item && u !== user);
  const ofItems = own.map(([, i, rating]) => opinion('rated', row(w.Q, i, D), rating));
  const ofRaters = others.map(([u, , rating]) => opinion('raters', row(w.P, u, D), rating));
  const ofFriends = friends.filter(([from]) => from === user).map(([, to]) => row(w.P, to, D));
  const h = layer('user', [
    ...layer('ofItems', [...p, ...pooled('rated', ofItems, p)]),
    ...(form.friends === false ? [] : layer('ofFriends', [...p, ...pooled('friends', ofFriends, p)])),
  ]);
  const z = layer('item', [...q, ...pooled('raters', ofRaters, q)]);
  const inner = relu(
    affine(relu(affine([...h, ...z], w['hidden1.W'], w['hidden1.b'])), w['hidden2.W'], w['hidden2.b']),
  );
  const [output] = affine(inner, w['out.W'], w['out.b']);
  return biases ? output + w.userBias[user] + w.itemBias[item] : output;
}

describe('predictions', () => {
  it.each([{ biases: true }, { biases: false }, { biases: true, attention: false }, { biases: true, friends: false }])(
    'are those of the formula, for the unknown too, with $biases, $attention, $friends',
    (form) => {
      const config = model.options.parse({ factors: D, hidden: [9, 8], cap: 3, bothWays: false, ...form });
      const drawn = drawnWeights(model, config, surroundingsOf(known, N).sizes, -0.8);
      const { weights } = drawn;
      const tensors = new Map([...drawn.tensors, ...keptSurroundings(known)]);
      const scorer = model.scorerOf(() => engine, { config, weights: tensors, about: { sizes: N, history: rated } });
      const pairs = askedPairs;
      const values = scorer.values!(column(pairs, 0), column(pairs, 1));
      const expected = pairs.map((pair) => graphrecScore(weights, ...inTables(pair), form));
      pairs.forEach((pair, n) => {
        expect(Math.abs(values[n] - expected[n]), pair.join()).toBeLessThan(1e-5 * (1 + Math.abs(expected[n])));
      });
      expect(new Set(expected).size).toBe(pairs.length);
      scorer.free();
    },
  );
});

it('draws of long lists evenly, none twice, and without the rating of the pair', () => {
  const size = 10;
  const rows = sparseRows(
    1,
    new Int32Array(size),
    Int32Array.from({ length: size }, (_, n) => 2 * n),
  );
  const drawn = new DrawnEntries([1, 2], 4);
  const counts = new Int32Array(2 * size);
  const rounds = 4000;
  for (let n = 0; n < rounds; n++) {
    const seen: number[] = [];
    drawn.visit(rows, { row: 0, without: 6 }, [n, 0, 0], (entry, place) => {
      expect(place).toBe(seen.length);
      seen.push(rows.columns[entry]);
    });
    expect(new Set(seen).size).toBe(4);
    for (const column of seen) counts[column]++;
  }
  expect(counts[6]).toBe(0);
  // 4 of the 9 others each time: within five standard deviations
  for (let n = 0; n < size; n++)
    if (n !== 3) expect(Math.abs(counts[2 * n] - (rounds * 4) / 9)).toBeLessThan(5 * Math.sqrt((rounds * 20) / 81));
});

it('never shows the rating that is to be predicted, on either side', () => {
  const surroundings = surroundingsOf(known, N);
  const config = model.options.parse({ factors: D, cap: 3 });
  const fill = model.neighbours(surroundings, config)([5, 6]);
  const lists = indexLists(model.lists(config), 2);
  for (const [user, item] of ratings) {
    fill(user, item, [user, item], lists, 1);
    const shown = Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, [...list.subarray(3)]]));
    const [own, others] = [
      ratings.filter(([u, i]) => u === user && i !== item),
      ratings.filter(([u, i]) => i === item && u !== user),
    ];
    const padded = (list: readonly number[]) => [0, 1, 2].map((n) => list[n] ?? -1);
    expect(shown.ratedItems).toEqual(padded(own.map(([, i]) => i)));
    expect(shown.ratedLevels).toEqual(padded(own.map(([, , rating]) => rating - 1)));
    expect(shown.raters).toEqual(padded(others.map(([u]) => u)));
    expect(shown.raterLevels).toEqual(padded(others.map(([, , rating]) => rating - 1)));
  }
});

it('predicts by what people said of other items, where that tells their taste', async () => {
  const regularization = { userRegularization: 100, itemRegularization: 100 };
  const { result } = await trainRatings(engine, tasteWorld('circle', false), model, {
    config: { factors: 8, hidden: [16], cap: 20, dropout: 0, deviation: 0.5, ...regularization },
    training: { epochs: 25, batchSize: 64, optimizer: { learningRate: 0.003 }, patience: 0 },
  });
  // ratings are 1 or 5, and biases say nothing
  expect(result!.metrics.rmse).toBeLessThan(0.6);
});
