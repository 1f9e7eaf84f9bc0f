/**
 * Models of ratings against float64 loops that are written here from the papers' formulas: predictions, losses, gradients derived by
 * hand, and the exact ridge regression whose solution the biases are.
 */
import { afterAll, describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { silent } from '../../src/core/progress.ts';
import { RandomStream } from '../../src/core/random.ts';
import { type SparseRows, sparseRows } from '../../src/data/sparse-rows.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { gradientsOfMean } from '../../src/engine/gradient.ts';
import { indexInput, input } from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { Model } from '../../src/examples/model.ts';
import { type RatingModel, ratingLoss, ratingSettings } from '../../src/examples/ratings.ts';
import { prediction } from '../../src/layers/forward-pass.ts';
import { findModel } from '../../src/models/index.ts';
import { declareRatingParameters } from '../../src/scoring/rating-scorer.ts';
import { testRandom } from '../data/made-data.ts';

const engine = new Engine({ threads: 2, blas: 'off' });
afterAll(() => engine.close());

type Arrays = Record<string, Float64Array>;

const [N_USERS, N_ITEMS, F] = [5, 6, 3];
// user 3 and item 4 have no row, and pairs repeat
const pairs: readonly (readonly [number, number])[] = [
  ...([
    [0, 2],
    [1, 2],
    [0, 2],
    [0, 1],
    [4, 5],
    [2, 0],
    [1, 0],
    [1, 3],
    [4, 0],
  ] as const),
];
const value = [4, 1, 5, 3, 2, 5, 1, 4, 3.5];
const mean = value.reduce((sum, r) => sum + r, 0) / value.length;
const rated = sparseRows(
  N_USERS,
  Int32Array.from(pairs, ([user]) => user),
  Int32Array.from(pairs, ([, item]) => item),
  true,
);
const itemsOf = (user: number) => [...new Set(pairs.filter(([u]) => u === user).map(([, item]) => item))];

interface Oracle {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** r̂(u, i) − μ; with `slope` it also adds slope · ∂r̂/∂w to the gradients. */
  readonly score: (w: Arrays, user: number, item: number, slope?: number, gradients?: Arrays) => number;
}

/** |N(u)|^(−1/2), of which the model keeps float32. */
const share = (n: number) => Math.fround(1 / Math.sqrt(n));

// one row more than there are users and items, for the unknown
const tables = { P: [N_USERS + 1, F], Q: [N_ITEMS + 1, F], userBias: [N_USERS + 1, 1], itemBias: [N_ITEMS + 1, 1] };

function biases(w: Arrays, u: number, i: number, slope: number, g?: Arrays): number {
  if (g) {
    g.userBias[u] += slope;
    g.itemBias[i] += slope;
  }
  return w.userBias[u] + w.itemBias[i];
}

const oracles: Readonly<Record<string, Oracle>> = {
  'biased-mf': {
    shapes: tables,
    score: (w, u, i, slope = 0, g) => {
      let sum = biases(w, u, i, slope, g);
      for (let d = 0; d < F; d++) {
        const [p, q] = [w.P[u * F + d], w.Q[i * F + d]];
        sum += p * q;
        if (!g) continue;
        g.P[u * F + d] += slope * q;
        g.Q[i * F + d] += slope * p;
      }
      return sum;
    },
  },
  svdpp: {
    shapes: { ...tables, Y: [N_ITEMS + 1, F] },
    score: (w, u, i, slope = 0, g) => {
      let sum = biases(w, u, i, slope, g);
      const own = itemsOf(u);
      for (let d = 0; d < F; d++) {
        const q = w.Q[i * F + d];
        let z = w.P[u * F + d];
        for (const j of own) z += w.Y[j * F + d] * share(own.length);
        sum += q * z;
        if (!g) continue;
        g.P[u * F + d] += slope * q;
        g.Q[i * F + d] += slope * z;
        for (const j of own) g.Y[j * F + d] += slope * q * share(own.length);
      }
      return sum;
    },
  },
};

function drawn(shapes: Oracle['shapes']): Arrays {
  const below = testRandom(5);
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const size = shape.reduce((n, m) => n * m, 1);
      // float32 numbers, so that the engine and the oracle start from the same
      return [name, Float64Array.from({ length: size }, () => Math.fround(below(2000) / 1000 - 1))];
    }),
  );
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string, tolerance = 1e-12): void {
  expect(actual.length, what).toBe(expected.length);
  for (let k = 0; k < expected.length; k++)
    expect(Math.abs(actual[k] - expected[k]), `${what}[${k}]`).toBeLessThan(tolerance * (1 + Math.abs(expected[k])));
}

describe.each(Object.entries(oracles))('%s', (name, { shapes, score }) => {
  const model = findModel(name) as RatingModel;
  const config = model.options.parse({ factors: F });
  const sizes = { nUsers: N_USERS, nItems: N_ITEMS };
  const weights = drawn(shapes);

  it('has the loss and the gradients of the formula', () => {
    const declared = declareRatingParameters(model, config, { sizes, rows: rated });
    expect(Object.fromEntries(declared.declarations.map(({ name, shape }) => [name, shape]))).toEqual(shapes);
    const leaves = { user: indexInput('user'), item: indexInput('item'), label: input('label', [1]) };
    const loss = ratingLoss(model, declared.tensors, config, leaves, prediction, ratingSettings.parse({}));
    const { dense, rows } = gradientsOfMean(loss);
    const given = new Map<Tensor, ArrayLike<number>>(declared.list.map((t) => [t, weights[String(t.attributes.name)]]));
    given.set(
      leaves.user,
      pairs.map(([user]) => user),
    );
    given.set(
      leaves.item,
      pairs.map(([, item]) => item),
    );
    given.set(
      leaves.label,
      value.map((r) => r - mean),
    );
    const wanted = [loss, ...dense.values(), ...rows.map(({ values }) => values)];
    const values = evaluateReference(wanted, given as never, pairs.length);
    const zeros = (): Arrays =>
      Object.fromEntries(Object.entries(weights).map(([key, { length }]) => [key, new Float64Array(length)]));
    const [found, expected] = [zeros(), zeros()];
    for (const [parameter, gradient] of dense)
      found[String(parameter.attributes.name)].set(Array.from(values.get(gradient)!));
    for (const { table, index, values: ofRows } of rows) {
      const [at, slopes] = [given.get(index)!, values.get(ofRows)!];
      for (let k = 0; k < slopes.length; k++)
        found[String(table.attributes.name)][at[Math.floor(k / ofRows.size)] * ofRows.size + (k % ofRows.size)] +=
          slopes[k];
    }
    const losses = pairs.map(([user, item], row) => {
      const error = score(weights, user, item) + mean - value[row];
      score(weights, user, item, (2 * error) / pairs.length, expected);
      return error ** 2;
    });
    expectClose(values.get(loss)!, losses, 'loss');
    for (const key of Object.keys(shapes)) expectClose(found[key], expected[key], key);
  });

  it('predicts and ranks by the formula, with and without users and items', () => {
    const tensors: NamedTensors = new Map(
      Object.entries(shapes).map(([key, shape]) => [key, { shape, data: Float32Array.from(weights[key]) }]),
    );
    const scorer = model.scorerOf(() => engine, { config, weights: tensors, about: { sizes, history: rated } });
    const asked = [...pairs, [3, 4], [-1, 2], [1, -1], [-1, -1]] as const;
    const predicted = scorer.values!(
      Int32Array.from(asked, ([user]) => user),
      Int32Array.from(asked, ([, item]) => item),
    );
    const row = (index: number, unknown: number) => (index < 0 ? unknown : index);
    const expected = asked.map(([user, item]) => score(weights, row(user, N_USERS), row(item, N_ITEMS)));
    expectClose(predicted, expected, 'prediction', 1e-5);
    const { form } = scorer;
    expect(form.form === 'pair' && form.items.length / form.itemWidth).toBe(N_ITEMS);
    scorer.free();
  });
});

describe('svdpp for somebody new', () => {
  it('is the sum over the items that were taken', () => {
    const model = findModel('svdpp') as RatingModel;
    const config = model.options.parse({ factors: F });
    const w = drawn(oracles.svdpp.shapes);
    const tensors: NamedTensors = new Map(
      Object.entries(oracles.svdpp.shapes).map(([key, shape]) => [key, { shape, data: Float32Array.from(w[key]) }]),
    );
    const about = { sizes: { nUsers: N_USERS, nItems: N_ITEMS }, history: rated };
    const scorer = model.scorerOf(() => engine, { config, weights: tensors, about });
    const { vector } = scorer.foldIn!(Int32Array.of(1, 4));
    const expected = Array.from({ length: F }, (_, d) => (w.Y[F + d] + w.Y[4 * F + d]) / Math.SQRT2);
    expectClose(vector, [...expected, 0], 'vector', 1e-6);
    scorer.free();
  });
});

describe('bias', () => {
  const model = findModel('bias') as Model<unknown, 'pairs'>;

  async function fitted(config: object): Promise<NamedTensors> {
    if (model.learn.by !== 'solver') throw new Error('a solver');
    const ratings = {
      user: Int32Array.from(pairs, ([user]) => user),
      item: Int32Array.from(pairs, ([, item]) => item),
      value: Float32Array.from(value),
      mean,
    };
    const data = { sizes: { nUsers: N_USERS, nItems: N_ITEMS }, rows: rated as SparseRows, ratings };
    const context = { engine, random: new RandomStream(1, 'bias'), progress: silent };
    return model.learn.fit(data, model.options.parse(config), context);
  }

  /** The normal equations of all biases at once, solved by elimination. */
  function exact(userRegularization: number, itemRegularization: number): Float64Array {
    const n = N_USERS + N_ITEMS;
    const rows = Array.from({ length: n }, (_, r) => {
      const row = new Float64Array(n + 1);
      row[r] = r < N_USERS ? userRegularization : itemRegularization;
      return row;
    });
    pairs.forEach(([user, item], k) => {
      for (const a of [user, N_USERS + item]) {
        for (const b of [user, N_USERS + item]) rows[a][b]++;
        rows[a][n] += value[k] - mean;
      }
    });
    for (let pivot = 0; pivot < n; pivot++)
      for (let r = 0; r < n; r++) {
        if (r === pivot) continue;
        const factor = rows[r][pivot] / rows[pivot][pivot];
        for (let c = pivot; c <= n; c++) rows[r][c] -= factor * rows[pivot][c];
      }
    return Float64Array.from(rows, (row, r) => row[n] / row[r]);
  }

  it.each([
    [4, 3],
    [0.1, 7],
    [0.02, 0.02],
  ])('solves the ridge regression with λ_u = %d, λ_i = %d', async (userRegularization, itemRegularization) => {
    const weights = await fitted({ userRegularization, itemRegularization });
    const solution = exact(userRegularization, itemRegularization);
    expectClose(weights.get('userBias')!.data, solution.subarray(0, N_USERS), 'b_u', 1e-5);
    expectClose(weights.get('itemBias')!.data, solution.subarray(N_USERS), 'b_i', 1e-5);
    expect(weights.get('userBias')!.data[3]).toBe(0);
    expect(weights.get('itemBias')!.data[4]).toBe(0);
  });

  it('without regularisation explains what can be explained', async () => {
    const weights = await fitted({ userRegularization: 0, itemRegularization: 0 });
    const [users, items] = ['userBias', 'itemBias'].map((name) => weights.get(name)!.data);
    // the rest of every user and of every item is 0 in the mean
    const rest = pairs.map(([user, item], k) => value[k] - mean - users[user] - items[item]);
    for (let user = 0; user < N_USERS; user++)
      expect(pairs.reduce((sum, [u], k) => sum + (u === user ? rest[k] : 0), 0)).toBeCloseTo(0, 5);
    for (let item = 0; item < N_ITEMS; item++)
      expect(pairs.reduce((sum, [, i], k) => sum + (i === item ? rest[k] : 0), 0)).toBeCloseTo(0, 5);
  });
});
