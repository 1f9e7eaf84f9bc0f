/**
 * MHCN against dense float64 algebra that is written here from the paper's formulas, on people with triangles, somebody without
 * friends and somebody without items. The oracle knows nothing of expressions, sparse matrices or gradients; only how far the
 * corrupted copies are moved is taken from the engine.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { gradientsOfMean } from '../../src/engine/gradient.ts';
import { parameter, rotated } from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { declaredAs } from '../../src/layers/declared-parameters.ts';
import { trainingPass } from '../../src/layers/forward-pass.ts';
import { mhcn } from '../../src/models/mhcn.ts';
import { keptFriends } from '../../src/scoring/kept-friends.ts';
import { withConstants } from '../../src/scoring/pair-scorer.ts';
import { ownRow } from './own-row.ts';
import { scorerOf } from './scorer-of.ts';

const one = new Engine({ threads: 1, blas: 'off' });
const two = new Engine({ threads: 2, blas: 'off' });
afterAll(() => {
  one.close();
  two.close();
});

type Matrix = number[][];

const [nUsers, nItems, d] = [7, 8, 3];
/** User 4 took nothing; item 7 was taken by nobody. */
const taken = [[0, 1, 2], [1, 2, 3], [0, 1, 2], [4, 5], [], [5, 1, 2], [0, 3, 4]];
/** User 6 knows nobody. Triangles 0 1 2 and 0 1 5. */
const edges = [
  [0, 1],
  [1, 2],
  [2, 0],
  [1, 0],
  [0, 5],
  [5, 1],
  [3, 4],
];

const filled = (n: number, m: number, f: (r: number, c: number) => number): Matrix =>
  Array.from({ length: n }, (_, r) => Array.from({ length: m }, (_, c) => f(r, c)));
const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0].map((_, c) => row.reduce((sum, x, k) => sum + x * b[k][c], 0)));
const turned = (a: Matrix): Matrix => a[0].map((_, c) => a.map((row) => row[c]));
const plus = (a: Matrix, b: Matrix): Matrix => a.map((row, r) => row.map((x, c) => x + b[r][c]));
const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, v, k) => sum + v * y[k], 0);
const sigma = (x: number) => 1 / (1 + Math.exp(-x));
const penalty = (margin: number) => Math.log1p(Math.exp(-margin));

const R = filled(nUsers, nItems, (u, i) => Number(taken[u].includes(i)));
const S = filled(nUsers, nUsers, (u, v) =>
  Number(edges.some(([a, b]) => (a === u && b === v) || (a === v && b === u))),
);
const common = times(R, turned(R));
const triangles = times(S, S);
const means = (a: Matrix): Matrix =>
  a.map((row) => {
    const sum = row.reduce((total, x) => total + x, 0);
    return row.map((x) => (sum === 0 ? 0 : x / sum));
  });
const H: Record<string, Matrix> = {
  social: means(filled(nUsers, nUsers, (u, v) => triangles[u][v] * S[u][v])),
  joint: means(filled(nUsers, nUsers, (u, v) => common[u][v] * S[u][v])),
  purchase: means(filled(nUsers, nUsers, (u, v) => (u !== v && S[u][v] === 0 && common[u][v] >= 2 ? common[u][v] : 0))),
};
const takers = nItemsOf();
function nItemsOf(): number[] {
  return turned(R).map((column) => column.reduce((sum, x) => sum + x, 0));
}
const scaled = filled(nUsers, nItems, (u, i) => (R[u][i] === 0 ? 0 : 1 / Math.sqrt(taken[u].length * takers[i])));

const channels = ['social', 'joint', 'purchase'];
const gates = [...channels, 'simple', ...channels.map((name) => `${name}.supervised`)];
/** Values of all parameters side by side, in the order of their declaration. */
const shapes: readonly (readonly [string, number, number])[] = [
  ['E', nUsers + nItems, d],
  ...gates.flatMap((name): [string, number, number][] => [
    [`W.${name}`, d, d],
    [`b.${name}`, 1, d],
  ]),
  ['M', d, d],
  ['a', d, 1],
];

function parametersOf(values: ArrayLike<number>): Record<string, Matrix> {
  let at = 0;
  return Object.fromEntries(
    shapes.map(([name, n, m]) => {
      const from = at;
      at += n * m;
      return [name, filled(n, m, (r, c) => values[from + r * m + c])];
    }),
  );
}

const gate = (x: Matrix, w: Matrix, [b]: Matrix): Matrix =>
  times(x, w).map((row, r) => row.map((z, c) => x[r][c] * sigma(z + b[c])));
const unit = (x: Matrix): Matrix => x.map((row) => row.map((v) => v / Math.sqrt(dot(row, row) + 1e-12)));

function attend(xs: readonly Matrix[], simple: Matrix, p: Record<string, Matrix>): Matrix {
  const scores = xs.map((x) => times(times(x, p.M), p.a));
  return simple.map((row, u) => {
    const weights = scores.map((score) => Math.exp(score[u][0]));
    const sum = weights.reduce((total, w) => total + w, 0);
    return row.map((s, k) => s / 2 + xs.reduce((total, x, c) => total + (weights[c] / sum) * x[u][k], 0));
  });
}

function embeddings(p: Record<string, Matrix>, layers: number): { users: Matrix; items: Matrix } {
  const P = p.E.slice(0, nUsers);
  let xs = channels.map((name) => gate(P, p[`W.${name}`], p[`b.${name}`]));
  let simple = gate(P, p['W.simple'], p['b.simple']);
  let items = p.E.slice(nUsers);
  let [sums, sumSimple, sumItems] = [xs, simple, items];
  for (let layer = 0; layer < layers; layer++) {
    const mixed = attend(xs, simple, p);
    xs = xs.map((x, c) => times(H[channels[c]], x));
    simple = times(scaled, items);
    items = times(turned(scaled), mixed);
    sums = sums.map((sum, c) => plus(sum, unit(xs[c])));
    sumSimple = plus(sumSimple, unit(simple));
    sumItems = plus(sumItems, unit(items));
  }
  return { users: attend(sums, sumSimple, p), items: sumItems };
}

type Corrupt = (channel: string, what: string, x: Matrix) => Matrix;

function supervision(users: Matrix, p: Record<string, Matrix>, corrupt: Corrupt): number {
  let total = 0;
  for (const channel of channels) {
    const x = gate(users, p[`W.${channel}.supervised`], p[`b.${channel}.supervised`]);
    const around = times(H[channel], x);
    const whole = turned(around).map((column) => column.reduce((sum, v) => sum + v, 0) / nUsers);
    const [people, edgesAround, graph] = [
      corrupt(channel, 'users', x),
      corrupt(channel, 'hyperedges', around),
      corrupt(channel, 'graph', around),
    ];
    for (let u = 0; u < nUsers; u++) {
      const [agreement, another] = [dot(x[u], around[u]), dot(people[u], around[u])];
      total += penalty(agreement - another) + penalty(another - dot(x[u], edgesAround[u]));
      total += penalty(dot(around[u], whole) - dot(graph[u], whole));
    }
  }
  return total / nUsers;
}

const triples = [
  [0, 1, 5],
  [0, 1, 3],
  [3, 4, 0],
  [5, 5, 6],
  [6, 3, 7],
  [1, 3, 6],
];

function losses(values: ArrayLike<number>, layers: number, beta: number, lambda: number, corrupt: Corrupt): number[] {
  const p = parametersOf(values);
  const { users, items } = embeddings(p, layers);
  const shared = beta === 0 ? 0 : beta * supervision(users, p, corrupt);
  return triples.map(([u, i, j]) => {
    const squares = [u, nUsers + i, nUsers + j].reduce((sum, node) => sum + dot(p.E[node], p.E[node]), 0);
    return penalty(dot(users[u], items[i]) - dot(users[u], items[j])) + (lambda / 2) * squares + shared;
  });
}

const sizes = { nUsers, nItems };
const rows = sparseRows(
  nUsers,
  Int32Array.from(taken.flatMap((items, u) => items.map(() => u))),
  Int32Array.from(taken.flat()),
);
const friends = sparseRows(
  nUsers,
  Int32Array.from(edges, ([from]) => from),
  Int32Array.from(edges, ([, to]) => to),
);
const length = shapes.reduce((sum, [, n, m]) => sum + n * m, 0);

function drawn(seed: number): Float64Array {
  const random = new RandomStream(seed, 'weights');
  return Float64Array.from({ length }, () => 0.7 * random.normal());
}

/** Moves rows and columns as the engine's copies are moved in the first step. */
function corruptedAs(random: RandomStream): Corrupt {
  return (channel, what, x) => {
    const w = parameter('x', [nUsers, d]);
    const y = rotated(w, random.child(channel).child(what).key, { columns: what !== 'users' });
    const places = Float64Array.from({ length: nUsers * d }, (_, k) => k);
    const moved = evaluateReference([y], new Map([[w, places]]), 1).get(y)!;
    return filled(nUsers, d, (r, c) => {
      const from = moved[r * d + c];
      return x[Math.floor(from / d)][from % d];
    });
  };
}

describe.each([
  [1, 0],
  [2, 0.3],
  [3, 0],
])('%i layers, β = %f', (layers, beta) => {
  const config = mhcn.options.parse({ factors: d, layers, selfSupervision: beta, regularization: 0.3 });

  it('has the losses and slopes of the dense formulas', () => {
    const random = new RandomStream(9, 'noise');
    const declared = declaredAs(mhcn.parameters(config, sizes));
    expect(declared.declarations.map(({ name, shape }) => [name, ...shape])).toEqual(shapes);
    const given0 = withConstants(mhcn, declared.tensors, config, { sizes, rows, friends });
    const { loss, leaves } = ownRow(mhcn, given0, config, sizes, trainingPass(random));
    const gradients = gradientsOfMean(loss).dense;
    const values = drawn(layers);
    const given = new Map<Tensor, Float64Array>();
    let at = 0;
    for (const tensor of declared.list) {
      given.set(tensor, values.slice(at, at + tensor.size));
      at += tensor.size;
    }
    leaves.forEach((leaf, k) => {
      given.set(
        leaf,
        Float64Array.from(triples, (triple) => triple[k]),
      );
    });
    const found = evaluateReference([loss, ...gradients.values()], given, triples.length);
    const corrupt = corruptedAs(random);
    const expected = losses(values, layers, beta, 0.3, corrupt);
    Array.from(found.get(loss)!).forEach((value, k) => void expect(value).toBeCloseTo(expected[k], 5));
    const mean = (at: Float64Array) =>
      losses(at, layers, beta, 0.3, corrupt).reduce((sum, x) => sum + x, 0) / triples.length;
    let from = 0;
    for (const tensor of declared.list) {
      const gradient = gradients.get(tensor);
      for (let k = 0; k < tensor.size; k++) {
        const place = from + k;
        const moved = (by: number) => mean(values.map((x, m) => (m === place ? x + by : x)));
        const slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        // only the self-supervised loss depends on its gates
        if (gradient) expect(found.get(gradient)![k]).toBeCloseTo(slope, 5);
        else expect(slope).toBe(0);
      }
      from += tensor.size;
    }
  });

  it('scores by the vectors of the formulas, on any number of threads alike, with the friends that it keeps', () => {
    const values = Float32Array.from(drawn(layers + 5));
    let at = 0;
    const weights = new Map(
      shapes.map(([name, n, m]) => {
        at += n * m;
        return [name, { shape: [n, m], data: values.slice(at - n * m, at) }];
      }),
    );
    const kept = new Map([...weights, ...keptFriends(friends)]);
    const forms = [one, two].map((engine) => {
      const scorer = scorerOf(engine, { model: mhcn, config, sizes, weights: kept }, rows);
      scorer.free();
      return scorer.form;
    });
    if (forms[0].form !== 'dot' || forms[1].form !== 'dot') throw new Error('it has vectors');
    expect(forms[0]).toEqual(forms[1]);
    const expected = embeddings(parametersOf(values), layers);
    const { users, items } = forms[0];
    expected.users.flat().forEach((x, k) => void expect(users[k]).toBeCloseTo(x, 4));
    expected.items.flat().forEach((x, k) => void expect(items[k]).toBeCloseTo(x, 4));
  });
});
