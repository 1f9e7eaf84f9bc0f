/**
 * The loss of UltraGCN, its slopes and its neighbours against float64 loops that are written here from the formulas. The oracle knows
 * nothing of expressions or of co-occurrences in blocks; its slopes are differences.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { gradientsOfMean } from '../../src/engine/gradient.ts';
import { table } from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { resolveTraining } from '../../src/examples/settings.ts';
import { weightedPairLeaves } from '../../src/examples/weighted-pairs.ts';
import { declaredAs } from '../../src/layers/declared-parameters.ts';
import { ultragcn } from '../../src/models/ultragcn.ts';
import { checkerboard, trainSmall } from './made-worlds.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
const two = new Engine({ threads: 2, blas: 'off' });
afterAll(() => {
  engine.close();
  two.close();
});

const sizes = { nUsers: 6, nItems: 7 };
const d = 3;
/** User 4 took nothing, item 6 was taken by nobody. */
const taken = [[0, 1, 2], [1, 2, 3], [0, 1], [4, 5], [], [5]];
const rows = sparseRows(
  sizes.nUsers,
  Int32Array.from(taken.flatMap((items, u) => items.map(() => u))),
  Int32Array.from(taken.flat()),
);
const degree = Array.from({ length: sizes.nItems }, (_, i) => taken.filter((items) => items.includes(i)).length);
const beta = (u: number, i: number) => Math.sqrt((taken[u].length + 1) / (degree[i] + 1)) / taken[u].length;
const both = (i: number, k: number) => taken.filter((items) => items.includes(i) && items.includes(k)).length;
const items = Array.from({ length: sizes.nItems }, (_, i) => i);
const total = items.map((i) => items.reduce((sum, k) => sum + both(i, k), 0));

/** The `count` items of the largest ω, of equal ones those with the smaller number. */
function near(i: number, count: number): { k: number; omega: number }[] {
  return items
    .filter((k) => both(i, k) > 0)
    .map((k) => ({ k, omega: (both(i, k) * Math.sqrt(total[i] + 1)) / (total[i] * Math.sqrt(total[k] + 1)) }))
    .sort((x, y) => y.omega - x.omega || x.k - y.k)
    .slice(0, count);
}

const pairs = [
  [0, 1],
  [3, 4],
  [0, 2],
  [5, 5],
];
const negatives = [6, 0, 3, 3, 1];
const changed = { factors: d, w1: 0.2, w2: 0.7, w3: 0.1, w4: 0.9, negativeWeight: 4, neighbourWeight: 0.6 };

function losses(p: ArrayLike<number>, q: ArrayLike<number>, neighbours: number): number[] {
  const softplus = (x: number) => Math.log1p(Math.exp(x));
  const score = (u: number, i: number) => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += p[u * d + k] * q[i * d + k];
    return sum;
  };
  return pairs.map(([u, i]) => {
    const positive = (changed.w1 + changed.w2 * beta(u, i)) * softplus(-score(u, i));
    const against = negatives.map((j) => (changed.w3 + changed.w4 * beta(u, j)) * softplus(score(u, j)));
    const mean = against.reduce((a, b) => a + b, 0) / negatives.length;
    const beside = near(i, neighbours).reduce((sum, { k, omega }) => sum + omega * softplus(-score(u, k)), 0);
    return positive + changed.negativeWeight * mean + changed.neighbourWeight * beside;
  });
}

describe.each([0, 1, 3, 7])('%i neighbours', (neighbours) => {
  const config = ultragcn.options.parse({ ...changed, neighbours });

  it('has the losses and slopes of the formula', () => {
    const declared = declaredAs(ultragcn.parameters(config, sizes));
    const made = ultragcn.weights({ sizes, rows }, config);
    const tables = Object.entries(made.tables).map(([name, { width, values }]) => ({
      tensor: table(name, values.length / width, width),
      values,
    }));
    const leaves = weightedPairLeaves(neighbours, negatives.length);
    const named = Object.fromEntries(tables.map(({ tensor }) => [tensor.attributes.name, tensor]));
    const loss = ultragcn.loss({ ...declared.tensors, ...named }, leaves, config);
    const random = new RandomStream(neighbours, 'weights');
    const [p, q] = [sizes.nUsers, sizes.nItems].map((n) => Float64Array.from({ length: n * d }, () => random.normal()));
    const given = new Map<Tensor, Float64Array>([
      [declared.list[0], p],
      [declared.list[1], q],
      [leaves.user, Float64Array.from(pairs, ([u]) => u)],
      [leaves.item, Float64Array.from(pairs, ([, i]) => i)],
      [leaves.negatives, Float64Array.from(negatives)],
      ...tables.map(({ tensor, values }): [Tensor, Float64Array] => [tensor, Float64Array.from(values)]),
      ...leaves.neighbours.map((leaf, k): [Tensor, Float64Array] => [
        leaf,
        Float64Array.from(pairs, ([, i]) => made.neighbours[i * neighbours + k]),
      ]),
    ]);
    const gradients = gradientsOfMean(loss).rows.filter(({ table: of }) => declared.list.includes(of));
    const values = evaluateReference([loss, ...gradients.map((each) => each.values)], given, pairs.length);
    Array.from(values.get(loss)!).forEach((value, k) => {
      expect(value).toBeCloseTo(losses(p, q, neighbours)[k], 6);
    });
    const slopes = [p, q].map((weights) => new Float64Array(weights.length));
    for (const { table: of, index, values: rowValues } of gradients) {
      const [places, found] = [given.get(index)!, values.get(rowValues)!];
      places.forEach((row, r) => {
        for (let k = 0; k < d; k++) slopes[declared.list.indexOf(of)][row * d + k] += found[r * d + k];
      });
    }
    const mean = () => losses(p, q, neighbours).reduce((a, b) => a + b, 0) / pairs.length;
    [p, q].forEach((weights, side) => {
      for (let k = 0; k < weights.length; k++) {
        const value = weights[k];
        weights[k] = value + 1e-5;
        const above = mean();
        weights[k] = value - 1e-5;
        const below = mean();
        weights[k] = value;
        expect(slopes[side][k]).toBeCloseTo((above - below) / 2e-5, 5);
      }
    });
  });

  it('finds the neighbours of the formula', () => {
    const { neighbours: listed, tables } = ultragcn.weights({ sizes, rows }, config);
    for (const i of items) {
      const found = Array.from({ length: neighbours }, (_, k) => ({
        k: listed[i * neighbours + k],
        omega: tables.omega.values[i * neighbours + k],
      })).filter(({ omega }) => omega > 0);
      const expected = near(i, neighbours).sort((x, y) => x.k - y.k);
      expect(found.map(({ k }) => k)).toEqual(expected.map(({ k }) => k));
      found.forEach(({ omega }, n) => void expect(omega).toBeCloseTo(expected[n].omega, 6));
    }
  });
});

it('takes every pair once an epoch, others after others in the next, and any step alone', () => {
  const config = ultragcn.options.parse({ factors: 4 });
  const settings = { epochs: 3, batchSize: 4, negatives: 5 };
  const { training } = resolveTraining(ultragcn, settings);
  const open = (on: Engine) =>
    ultragcn.learn.open({
      engine: on,
      config,
      training: training!,
      data: { sizes, rows },
      random: new RandomStream(1, 'examples'),
    });
  const [one, other] = [open(engine), open(two)];
  expect(one.nRows).toBe(11);
  expect(one.stepsPerEpoch).toBe(3);
  for (let epoch = 0; epoch < 3; epoch++) {
    const whole = one.run(epoch, 0, 3).lossSum;
    const steps = [0, 1, 2].map((step) => other.run(epoch, step, 1).lossSum);
    expect(steps.reduce((a, b) => a + b, 0)).toBeCloseTo(whole, 10);
  }
  for (const name of ['P', 'Q'])
    expect(one.store.read(one.store.named(name))).toEqual(other.store.read(other.store.named(name)));
  one.free();
  other.free();
});

it('somebody new with the items of a trained user gets nearly the same list', async () => {
  const { recommender } = await trainSmall(engine, checkerboard(), ultragcn);
  let shared = 0;
  for (let user = 0; user < 24; user++) {
    const known = recommender.recommend({ user: `user ${user}` }, { k: 12, includeSeen: true });
    const everything = Array.from({ length: 24 }, (_, i) => i);
    const own = everything.filter((i) => i % 2 === user % 2 && i !== user).map((i) => `item ${i}`);
    const fresh = recommender.recommend({ history: own }, { k: 12, includeSeen: true });
    const names = new Set(known.recommendations.map(({ item }) => item));
    shared += fresh.recommendations.filter(({ item }) => names.has(item)).length;
  }
  expect(shared / (24 * 12)).toBeGreaterThan(0.95);
  recommender.close();
});
