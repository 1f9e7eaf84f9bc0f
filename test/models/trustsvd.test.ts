/**
 * TrustSVD against float64 loops that are written here from the formula: predictions, the whole objective of the paper, and its gradients by
 * finite differences; made worlds of friends, and what it says where there are none.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { gradientsOfMean } from '../../src/engine/gradient.ts';
import { add, indexInput, input } from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { openPenalties } from '../../src/examples/rating-penalties.ts';
import { type RatingModel, ratingLoss, ratingSettings } from '../../src/examples/ratings.ts';
import { prediction } from '../../src/layers/forward-pass.ts';
import { findModel } from '../../src/models/index.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { keptFriends } from '../../src/scoring/kept-friends.ts';
import { declareRatingParameters } from '../../src/scoring/rating-scorer.ts';
import { testRandom } from '../data/made-data.ts';
import { ratingSplit, trainRatings } from './rating-world.ts';
import { tasteWorld, withFriends } from './social-world.ts';
import { thrownCode } from './thrown-code.ts';
import { weightBytes } from './weight-bytes.ts';

const engines = [1, 2].map((threads) => new Engine({ threads, blas: 'off' }));
const [, engine] = engines;
const folder = mkdtempSync(join(tmpdir(), 'trustsvd-'));
afterAll(() => {
  for (const each of engines) each.close();
  rmSync(folder, { recursive: true });
});

const model = findModel('trustsvd') as RatingModel;
type Arrays = Record<string, Float64Array>;
const [N_USERS, N_ITEMS, F] = [6, 5, 3];
const config = model.options.parse({ factors: F, regularization: 0.7, socialRegularization: 0.4 });
const [LAMBDA, LAMBDA_T] = [0.7, 0.4];

// a pair repeats; user 4 rated nothing and trusts, user 5 does neither but is trusted; nobody rated item 4
const ratings: readonly (readonly [number, number, number])[] = [
  [0, 0, 5],
  [0, 1, 3],
  [1, 1, 4],
  [1, 2, 2],
  [2, 0, 1],
  [0, 1, 4],
  [3, 3, 4],
];
const edges: readonly (readonly [number, number])[] = [
  [0, 1],
  [0, 5],
  [1, 0],
  [2, 0],
  [2, 3],
  [3, 1],
  [4, 1],
  [4, 2],
  [4, 5],
];
const column = (rows: readonly (readonly number[])[], n: number) => Int32Array.from(rows, (row) => row[n]);
const sizes = { nUsers: N_USERS, nItems: N_ITEMS };
const rows = sparseRows(N_USERS, column(ratings, 0), column(ratings, 1), true);
const friends = sparseRows(N_USERS, column(edges, 0), column(edges, 1));
const mean = ratings.reduce((sum, [, , r]) => sum + r, 0) / ratings.length;
const value = Float32Array.from(ratings, ([, , r]) => r);
const data = {
  sizes,
  rows,
  friends,
  ratings: { user: column(ratings, 0), item: column(ratings, 1), value, mean },
};

const I = (u: number) => [...new Set(ratings.filter(([user]) => user === u).map(([, item]) => item))];
const U = (i: number) => [...new Set(ratings.filter(([, item]) => item === i).map(([user]) => user))];
const T = (u: number) => edges.filter(([from]) => from === u).map(([, to]) => to);
const trusting = (v: number) => edges.filter(([, to]) => to === v).map(([from]) => from);
const row = (table: Float64Array, n: number) => Array.from(table.subarray(n * F, (n + 1) * F));
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, k) => sum + x * b[k], 0);
const root = (n: number) => (n === 0 ? 0 : 1 / Math.sqrt(n));

/** r̂(u, i) − μ. */
function score(w: Arrays, u: number, i: number): number {
  const z = row(w.P, u);
  for (const j of I(u)) row(w.Y, j).forEach((y, k) => void (z[k] += y * root(I(u).length)));
  for (const v of T(u)) row(w.W, v).forEach((x, k) => void (z[k] += x * root(T(u).length)));
  return w.userBias[u] + w.itemBias[i] + dot(row(w.Q, i), z);
}

/** Twice the objective of the paper (eq. 6). */
function objective(w: Arrays): number {
  let sum = 0;
  for (const [u, i, r] of ratings) sum += (score(w, u, i) + mean - r) ** 2;
  for (const [u, v] of edges) sum += LAMBDA_T * (dot(row(w.P, u), row(w.W, v)) - 1) ** 2;
  for (let u = 0; u < N_USERS; u++) {
    const [p, x] = [row(w.P, u), row(w.W, u)];
    sum += LAMBDA * root(I(u).length) * (w.userBias[u] ** 2 + dot(p, p));
    sum += LAMBDA_T * root(T(u).length) * dot(p, p) + LAMBDA * root(trusting(u).length) * dot(x, x);
  }
  for (let i = 0; i < N_ITEMS; i++) {
    const [q, y] = [row(w.Q, i), row(w.Y, i)];
    sum += LAMBDA * root(U(i).length) * (w.itemBias[i] ** 2 + dot(q, q) + dot(y, y));
  }
  return sum;
}

const shapes: Readonly<Record<string, readonly number[]>> = {
  P: [N_USERS + 1, F],
  Q: [N_ITEMS + 1, F],
  userBias: [N_USERS + 1, 1],
  itemBias: [N_ITEMS + 1, 1],
  Y: [N_ITEMS + 1, F],
  W: [N_USERS + 1, F],
};

/** Float32 numbers, so that engine and oracle start from the same. */
function drawn(): Arrays {
  const below = testRandom(5);
  return Object.fromEntries(
    Object.entries(shapes).map(([name, [n, width]]) => [
      name,
      Float64Array.from({ length: n * width }, () => Math.fround(below(2000) / 1000 - 1)),
    ]),
  );
}

it('minimises the objective of the paper, shared out among the ratings', () => {
  const weights = drawn();
  const declared = declareRatingParameters(model, config, data);
  expect(Object.fromEntries(declared.declarations.map(({ name, shape }) => [name, shape]))).toEqual(shapes);
  const leaves = { user: indexInput('user'), item: indexInput('item'), label: input('label', [1]) };
  // 9 edges on 7 ratings: two places a row, of which five are empty
  const { tables, edges: places, sources } = openPenalties(model.penalties, data, config);
  expect(places.length).toBe(2);
  const named = Object.fromEntries(tables.map(({ tensor }) => [String(tensor.attributes.name), tensor]));
  const penalty = model.penalties!.penalty({ ...declared.tensors, ...named }, { ...leaves, edges: places }, config);
  const loss = add(ratingLoss(model, declared.tensors, config, leaves, prediction, ratingSettings.parse({})), penalty);
  const given = new Map<Tensor, ArrayLike<number>>([
    ...declared.list.map((t) => [t, weights[String(t.attributes.name)]] as const),
    ...tables.map(({ tensor, values }) => [tensor, values] as const),
    [leaves.user, data.ratings.user],
    [leaves.item, data.ratings.item],
    [leaves.label, value.map((r) => r - mean)],
  ]);
  for (const { index, value: values, leaves: fed } of sources) {
    given.set(fed.index, index);
    if (fed.value) given.set(fed.value, values!);
  }
  const { dense, rows: ofRows } = gradientsOfMean(loss);
  const wanted = [loss, ...dense.values(), ...ofRows.map(({ values }) => values)];
  const values = evaluateReference(wanted, given as never, ratings.length);
  const whole = Array.from(values.get(loss)!).reduce((a, b) => a + b);
  // the weights of the norms are float32
  expect(whole).toBeCloseTo(objective(weights), 5);
  const found: Arrays = Object.fromEntries(
    Object.entries(weights).map(([name, { length }]) => [name, new Float64Array(length)]),
  );
  for (const [parameter, gradient] of dense)
    values.get(gradient)!.forEach((g, k) => void (found[String(parameter.attributes.name)][k] += g));
  for (const { table, index, values: slopes } of ofRows) {
    const name = String(table.attributes.name);
    if (!(name in found)) continue;
    const width = slopes.size;
    values.get(slopes)!.forEach((g, k) => {
      found[name][given.get(index)![Math.floor(k / width)] * width + (k % width)] += g;
    });
  }
  for (const [name, array] of Object.entries(weights))
    array.forEach((w, k) => {
      const at = (x: number) => objective({ ...weights, [name]: array.with(k, x) });
      const slope = (at(w + 1e-4) - at(w - 1e-4)) / 2e-4 / ratings.length;
      expect(Math.abs(found[name][k] - slope), `${name}[${k}]`).toBeLessThan(1e-6);
    });
});

it('predicts by the formula, of the unknown, and of somebody who only trusts, too', () => {
  const weights = drawn();
  const tensors: NamedTensors = new Map([
    ...Object.entries(shapes).map(
      ([name, shape]) => [name, { shape, data: Float32Array.from(weights[name]) }] as const,
    ),
    ...keptFriends(friends),
  ]);
  const about = { sizes, history: rows };
  const scorer = model.scorerOf(() => engine, { config, weights: tensors, about });
  const pairs = [...ratings.map(([u, i]) => [u, i]), [4, 0], [5, 4], [-1, 2], [1, -1], [-1, -1]];
  const predicted = scorer.values!(column(pairs, 0), column(pairs, 1));
  pairs.forEach(([u, i], n) => {
    expect(predicted[n], `${u}, ${i}`).toBeCloseTo(score(weights, u < 0 ? N_USERS : u, i < 0 ? N_ITEMS : i), 5);
  });
  const { vector } = scorer.foldIn!(Int32Array.of(1, 4));
  row(weights.Y, 1).forEach((y, k) => {
    expect(vector[k]).toBeCloseTo((y + row(weights.Y, 4)[k]) / Math.SQRT2, 5);
  });
  scorer.free();
});

it('refuses weights whose friends were altered', async () => {
  const weights = drawn();
  const all = new Map([
    ...Object.entries(shapes).map(
      ([name, shape]) => [name, { shape, data: Float32Array.from(weights[name]) }] as const,
    ),
    ...keptFriends(friends),
    ['known.friends', { shape: [9], data: Int32Array.of(1, 5, 0, 0, 3, 1, 1, 2, 99) }] as const,
  ]);
  const about = { sizes, history: rows };
  expect(await thrownCode(() => model.scorerOf(() => engine, { config, weights: all, about }))).toBe('artifact');
});

describe('in a world of circles of taste', () => {
  const settings = { factors: 8, deviation: 0.1, regularization: 0.5, socialRegularization: 0.5 };
  const training = { epochs: 60, batchSize: 256, optimizer: { learningRate: 0.01 } };
  const circle = tasteWorld('circle');
  const trained = trainRatings(engine, circle, model, { config: settings, training });

  it('predicts better where friends share their taste than where they are anybody', async () => {
    const near = (await trained).result!.metrics.rmse!;
    const { result } = await trainRatings(engine, tasteWorld('random'), model, { config: settings, training });
    // 1.6 is the best possible, biases have 2.07
    expect(near).toBeLessThan(1.75);
    expect(result!.metrics.rmse!).toBeGreaterThan(near + 0.05);
  });

  it('with the same bytes on one thread and on two', async () => {
    const bytes = async (each: Engine) => {
      const brief = { config: settings, training: { ...training, epochs: 2 } };
      const { recommender } = await trainRatings(each, circle, model, brief);
      recommender.close();
      return weightBytes(recommender.parts.weights);
    };
    expect(await bytes(engines[0])).toBe(await bytes(engines[1]));
  });

  it('predicts and ranks from its folder as before, without the data', async () => {
    const { recommender } = await trained;
    const path = join(folder, 'circles');
    await recommender.save(path);
    const loaded = await Recommender.load(path, { threads: 1, blas: 'off' });
    const asked = Array.from({ length: 60 }, (_, n) => ({ user: `user ${n * 5}`, item: `item ${n % 20}` }));
    expect(loaded.predict(asked)).toEqual(recommender.predict(asked));
    expect(loaded.recommend({ user: 'user 7' })).toEqual(recommender.recommend({ user: 'user 7' }));
    loaded.close();
  });
});

it('knows of held-out ratings nothing, whoever is trusted', async () => {
  const train = Array.from({ length: 24 }, (_, k) => [k % 6, Math.floor(k / 4), 1 + ((k * 7) % 5)] as const);
  const held = (rating: number) => [[0, 5, rating] as const, [3, 5, rating] as const];
  const bytes = async (rating: number) => {
    const parts = { train, validation: [[1, 4, 3] as const], test: held(rating) };
    const split = withFriends(ratingSplit(6, 6, parts), [
      [0, 1],
      [1, 2],
      [5, 0],
    ]);
    const { recommender } = await trainRatings(engine, split, model, { training: { epochs: 2 } });
    recommender.close();
    return weightBytes(recommender.parts.weights);
  };
  expect(await bytes(5)).toBe(await bytes(1));
});

it('needs edges, and says how to give them', async () => {
  const split = ratingSplit(2, 2, {
    train: [
      [0, 0, 4],
      [1, 1, 3],
    ],
  });
  const train = () => trainRatings(engine, { ...split, dataset: { ...split.dataset, social: null } }, model);
  expect(await thrownCode(train)).toBe('config');
  await expect(train()).rejects.toThrow('--social FILE');
});

it('draws nothing of who has no ratings and trusts nobody', async () => {
  const train = Array.from({ length: 12 }, (_, k) => [k % 4, Math.floor(k / 2), 1 + (k % 5)] as const);
  const split = withFriends(ratingSplit(6, 6, { train }), [[4, 1]]);
  const { recommender } = await trainRatings(engine, split, model, { config: { factors: 4 } });
  const P = recommender.parts.weights.get('P')!.data;
  expect(Array.from(P.subarray(4 * 4, 5 * 4)).some((x) => x !== 0)).toBe(true);
  expect(Array.from(P.subarray(5 * 4, 7 * 4)).every((x) => x === 0)).toBe(true);
  recommender.close();
});
