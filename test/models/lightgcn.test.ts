/**
 * LightGCN against dense float64 algebra that is written here from the paper's formulas, on a graph with a user without items, an item
 * without users and two components. The oracle knows nothing of expressions, sparse matrices or gradients: its slopes are differences.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { gradientsOfMean } from '../../src/engine/gradient.ts';
import { lookup, rowDot } from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { pairModel } from '../../src/examples/pairs.ts';
import { resolveTraining } from '../../src/examples/settings.ts';
import { declaredAs } from '../../src/layers/declared-parameters.ts';
import { normal } from '../../src/layers/initializer.ts';
import { lightgcn } from '../../src/models/lightgcn.ts';
import { keptFriends } from '../../src/scoring/kept-friends.ts';
import { withConstants } from '../../src/scoring/pair-scorer.ts';
import { checkerboard, trainSmall } from './made-worlds.ts';
import { ownRow } from './own-row.ts';
import { scorerOf } from './scorer-of.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
const two = new Engine({ threads: 2, blas: 'off' });
afterAll(() => {
  engine.close();
  two.close();
});

const sizes = { nUsers: 6, nItems: 7 };
const n = sizes.nUsers + sizes.nItems;
const d = 3;
/** User 4 took nothing, item 6 was taken by nobody; users 3 and 5 with items 4 and 5 are a component of their own. */
const taken = [[0, 1, 2], [1, 2, 3], [0], [4, 5], [], [5]];
const rows = sparseRows(
  sizes.nUsers,
  Int32Array.from(taken.flatMap((items, u) => items.map(() => u))),
  Int32Array.from(taken.flat()),
);
const data = { sizes, rows };
const triples = [
  [0, 1, 5],
  [0, 1, 3],
  [3, 4, 0],
  [5, 5, 6],
  [1, 3, 6],
];

type Matrix = number[][];
type Pair = readonly [number, number];

/** D^−½ A D^−½ @param social edges between users, both ways, of weight w */
function normalised(lists: readonly (readonly number[])[], social: readonly Pair[] = [], w = 0): Matrix {
  const size = lists.length + sizes.nItems;
  const a: Matrix = Array.from({ length: size }, () => Array<number>(size).fill(0));
  lists.forEach((items, u) => {
    for (const i of items) a[u][lists.length + i] = a[lists.length + i][u] = 1;
  });
  for (const [u, v] of social) a[u][v] = a[v][u] = w;
  const degree = a.map((row) => row.reduce((sum, x) => sum + x, 0));
  return a.map((row, r) => row.map((x, c) => (x === 0 ? 0 : x / Math.sqrt(degree[r] * degree[c]))));
}

const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0].map((_, j) => row.reduce((sum, x, k) => sum + x * b[k][j], 0)));

function propagated(a: Matrix, e: Matrix, layers: number): Matrix {
  let layer = e;
  let sum = e;
  for (let k = 1; k <= layers; k++) {
    layer = product(a, layer);
    sum = sum.map((row, r) => row.map((x, j) => x + layer[r][j]));
  }
  return sum.map((row) => row.map((x) => x / (layers + 1)));
}

const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, v, k) => sum + v * y[k], 0);
const asMatrix = (values: ArrayLike<number>): Matrix =>
  Array.from({ length: values.length / d }, (_, r) => Array.from({ length: d }, (_, k) => values[r * d + k]));

/** Losses of the triples. */
function losses(e0: ArrayLike<number>, layers: number, regularization: number): number[] {
  const first = asMatrix(e0);
  const e = propagated(normalised(taken), first, layers);
  return triples.map(([u, i, j]) => {
    const nodes = [u, sizes.nUsers + i, sizes.nUsers + j];
    const margin = dot(e[nodes[0]], e[nodes[1]]) - dot(e[nodes[0]], e[nodes[2]]);
    const squares = nodes.reduce((sum, node) => sum + dot(first[node], first[node]), 0);
    return Math.log1p(Math.exp(-margin)) + (regularization / 2) * squares;
  });
}

function drawn(seed: number): Float64Array {
  const random = new RandomStream(seed, 'weights');
  return Float64Array.from({ length: n * d }, () => random.normal());
}

describe.each([0, 1, 2, 3])('%i layers', (layers) => {
  const config = lightgcn.options.parse({ factors: d, layers, regularization: 0.3 });

  it('has the losses and slopes of the dense formula', () => {
    const declared = declaredAs(lightgcn.parameters(config, sizes));
    const constants = withConstants(lightgcn, declared.tensors, config, data);
    const { loss, leaves } = ownRow(lightgcn, constants, config, sizes);
    const gradient = gradientsOfMean(loss).dense.get(declared.list[0])!;
    const e0 = drawn(layers);
    const given = new Map<Tensor, Float64Array>([[declared.list[0], e0]]);
    leaves.forEach(
      (leaf, k) =>
        void given.set(
          leaf,
          Float64Array.from(triples, (triple) => triple[k]),
        ),
    );
    const values = evaluateReference([loss, gradient], given, triples.length);
    const expected = losses(e0, layers, 0.3);
    Array.from(values.get(loss)!).forEach((value, k) => void expect(value).toBeCloseTo(expected[k], 6));
    const mean = (at: Float64Array) => losses(at, layers, 0.3).reduce((sum, x) => sum + x, 0) / triples.length;
    for (let k = 0; k < e0.length; k++) {
      const step = 1e-5;
      const moved = (by: number) => mean(e0.map((x, m) => (m === k ? x + by : x)));
      expect(values.get(gradient)![k]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 6);
    }
  });

  it('scores by the propagated vectors, on any number of threads alike', () => {
    const e0 = drawn(7 + layers);
    const weights = new Map([['E', { shape: [n, d], data: Float32Array.from(e0) }]]);
    const e = propagated(normalised(taken), asMatrix(Float32Array.from(e0)), layers);
    const forms = [engine, two].map((on) => {
      const scorer = scorerOf(on, { model: lightgcn, config, sizes, weights }, rows);
      scorer.free();
      return scorer.form;
    });
    if (forms[0].form !== 'dot' || forms[1].form !== 'dot') throw new Error('it has vectors');
    expect(forms[0].users).toEqual(forms[1].users);
    expect(forms[0].items).toEqual(forms[1].items);
    const { users, items, width } = forms[0];
    expect(width).toBe(d);
    asMatrix(users).forEach((vector, u) => {
      vector.forEach((x, k) => void expect(x).toBeCloseTo(e[u][k], 5));
    });
    asMatrix(items).forEach((vector, i) => {
      vector.forEach((x, k) => void expect(x).toBeCloseTo(e[sizes.nUsers + i][k], 5));
    });
  });
});

it('scores by vectors propagated over friends too, by the weight of an edge', () => {
  const edges: Pair[] = [
    [0, 3],
    [3, 0],
    [4, 5],
    [1, 0],
  ];
  const friends = sparseRows(
    sizes.nUsers,
    Int32Array.from(edges, ([from]) => from),
    Int32Array.from(edges, ([, to]) => to),
  );
  for (const [w, layers] of [
    [1, 3],
    [0.25, 2],
    [7, 1],
  ]) {
    const config = lightgcn.options.parse({ factors: d, layers, socialWeight: w });
    const e0 = Float32Array.from(drawn(w));
    const weights = new Map([['E', { shape: [n, d], data: e0 }], ...keptFriends(friends)]);
    const { form } = scorerOf(engine, { model: lightgcn, config, sizes, weights }, rows);
    if (form.form !== 'dot') throw new Error('it has vectors');
    const e = propagated(normalised(taken, edges, w), asMatrix(e0), layers).flat();
    [...form.users, ...form.items].forEach((x, k) => void expect(x).toBeCloseTo(e[k], 5));
  }
});

/** Matrix factorisation by BPR without item biases, as bpr-mf declares it, with the options of LightGCN. */
const bpr = pairModel({
  name: 'bpr',
  title: 'BPR',
  paper: null,
  options: lightgcn.options,
  loss: 'pairwise',
  trainingDefaults: lightgcn.trainingDefaults,
  parameters: ({ factors }, { nUsers, nItems }) => [
    { name: 'P', shape: [nUsers, factors], table: 'user', initializer: normal(0.1) },
    { name: 'Q', shape: [nItems, factors], table: 'item', initializer: normal(0.1) },
  ],
  userParts: ({ P }, user) => [lookup(P, user)],
  itemParts: ({ Q }, item) => [lookup(Q, item)],
  score: (_, [u], [i]) => rowDot(u, i),
});

// rows that occur more than once in a batch are added up in another order
it.each([
  ['sgd', { name: 'sgd', learningRate: 0.05 }, 1],
  ['adam on all rows', { name: 'adam', learningRate: 0.01, dense: true }, 1],
  ['sgd', { name: 'sgd', learningRate: 0.5 }, 100],
  ['adam on all rows', { name: 'adam', learningRate: 0.01, dense: true }, 100],
])('without layers it is matrix factorisation by BPR: %s, batch %#', (_, optimizer, batchSize) => {
  const { train } = checkerboard();
  const board = {
    sizes: { nUsers: 24, nItems: 24 },
    rows: sparseRows(24, train.userIndex, train.itemIndex),
  };
  const config = lightgcn.options.parse({ factors: 5, layers: 0, regularization: 0 });
  const { training } = resolveTraining(lightgcn, { epochs: 4, batchSize, optimizer });
  const random = new RandomStream(5, 'start');
  const start = Float32Array.from({ length: 48 * 5 }, () => 0.1 * random.normal());
  const trained = (model: typeof lightgcn | typeof bpr, names: readonly string[]) => {
    const examples = model.learn.open({
      engine: two,
      config,
      training: training!,
      data: board,
      random: new RandomStream(3, 'same'),
    });
    const { store, stepsPerEpoch } = examples;
    names.forEach((name, part) => {
      const { size } = store.named(name);
      store.write(store.named(name), start.subarray(part * size, (part + 1) * size));
    });
    const lossSums = [0, 1, 2, 3].map((epoch) => examples.run(epoch, 0, stepsPerEpoch).lossSum);
    const weights = names.flatMap((name) => Array.from(store.read(store.named(name))));
    examples.free();
    return { lossSums, weights };
  };
  const graph = trained(lightgcn, ['E']);
  const other = trained(bpr, ['P', 'Q']);
  if (batchSize === 1) expect(graph).toEqual(other);
  else graph.weights.forEach((weight, k) => void expect(weight).toBeCloseTo(other.weights[k], 5));
  expect(graph.weights).not.toEqual(Array.from(start));
});

it('somebody new with the items of a trained user gets nearly the same list', async () => {
  const { recommender } = await trainSmall(engine, checkerboard(), lightgcn, { config: { factors: 8, layers: 2 } });
  let shared = 0;
  for (let user = 0; user < 24; user++) {
    const known = recommender.recommend({ user: `user ${user}` }, { k: 12, includeSeen: true });
    const history = Array.from({ length: 24 }, (_, i) => i).filter((i) => i % 2 === user % 2 && i !== user);
    const fresh = recommender.recommend({ history: history.map((i) => `item ${i}`) }, { k: 12, includeSeen: true });
    const items = new Set(known.recommendations.map(({ item }) => item));
    shared += fresh.recommendations.filter(({ item }) => items.has(item)).length;
    expect(fresh.how).toContain('a new node of the graph');
  }
  expect(shared / (24 * 12)).toBeGreaterThan(0.95);
  recommender.close();
});
