/**
 * Scores, losses and gradients of the models against float64 loops that are written here from the papers' formulas. The oracle
 * knows nothing of expressions: it fills a plain record of arrays, and its gradients are derived by hand.
 */
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/engine/expression.ts';
import { gradientsOfMean } from '../../src/engine/gradient.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import type { PairModel } from '../../src/examples/pairs.ts';
import { lossExpression } from '../../src/examples/pairs.ts';
import { declaredAs } from '../../src/layers/declared-parameters.ts';
import { findModel } from '../../src/models/index.ts';

type Arrays = Record<string, Float64Array>;

/** One example: (user, item, label) or (user, taken item, other item). */
type Row = readonly [number, number, number];

interface Oracle {
  readonly config: object;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** ŷ(u, i); with `slope` it also adds slope · ∂ŷ/∂w to the gradients. */
  readonly score: (w: Arrays, user: number, item: number, slope?: number, gradients?: Arrays) => number;
}

const nUsers = 5;
const nItems = 6;
const f = 3;
const [x0, n1, n2] = [4, 5, 3];
const e = x0 / 2;

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** hᵀ (p ⊙ q) with ∂p = δ h ⊙ q, ∂q = δ h ⊙ p, ∂h = δ p ⊙ q. */
function weightedProduct(w: Arrays, names: readonly string[], user: number, item: number, slope: number, g?: Arrays) {
  const [P, Q, h] = names;
  let sum = 0;
  for (let d = 0; d < f; d++) {
    const [p, q] = [w[P][user * f + d], w[Q][item * f + d]];
    sum += w[h][d] * p * q;
    if (!g) continue;
    g[P][user * f + d] += slope * w[h][d] * q;
    g[Q][item * f + d] += slope * w[h][d] * p;
    g[h][d] += slope * p * q;
  }
  return sum;
}

/** hᵀ ReLU(W₂ᵀ ReLU(W₁ᵀ (p ⊕ q) + b₁) + b₂); W₁ is kept as its upper half (users) and lower half (items). */
function tower(w: Arrays, h: string, user: number, item: number, slope: number, g?: Arrays): number {
  const input = Array.from({ length: x0 }, (_, k) => (k < e ? w['mlp.P'][user * e + k] : w['mlp.Q'][item * e + k - e]));
  const firstWeight = (k: number, j: number): [string, number] =>
    k < e ? ['layer1.Wu', k * n1 + j] : ['layer1.Wi', (k - e) * n1 + j];
  const z1 = Array.from({ length: n1 }, (_, j) => {
    let z = w['layer1.b'][j];
    for (let k = 0; k < x0; k++) {
      const [name, at] = firstWeight(k, j);
      z += w[name][at] * input[k];
    }
    return z;
  });
  const x1 = z1.map((z) => Math.max(0, z));
  const z2 = Array.from({ length: n2 }, (_, j) => {
    let z = w['layer2.b'][j];
    for (let k = 0; k < n1; k++) z += w['layer2.W'][k * n2 + j] * x1[k];
    return z;
  });
  const x2 = z2.map((z) => Math.max(0, z));
  const output = x2.reduce((sum, x, j) => sum + w[h][j] * x, 0);
  if (!g) return output;
  const d1 = new Float64Array(n1);
  for (let j = 0; j < n2; j++) {
    g[h][j] += slope * x2[j];
    const d2 = z2[j] > 0 ? slope * w[h][j] : 0;
    g['layer2.b'][j] += d2;
    for (let k = 0; k < n1; k++) {
      g['layer2.W'][k * n2 + j] += d2 * x1[k];
      d1[k] += d2 * w['layer2.W'][k * n2 + j];
    }
  }
  for (let j = 0; j < n1; j++) {
    if (z1[j] <= 0) continue;
    g['layer1.b'][j] += d1[j];
    for (let k = 0; k < x0; k++) {
      const [name, at] = firstWeight(k, j);
      g[name][at] += d1[j] * input[k];
      if (k < e) g['mlp.P'][user * e + k] += d1[j] * w[name][at];
      else g['mlp.Q'][item * e + k - e] += d1[j] * w[name][at];
    }
  }
  return output;
}

/** One number of an array, with its gradient δ. */
function bias(w: Arrays, name: string, at: number, slope: number, g?: Arrays): number {
  if (g) g[name][at] += slope;
  return w[name][at];
}

/** pᵀ q with ∂p = δ q, ∂q = δ p. */
function dotProduct(w: Arrays, user: number, item: number, slope: number, g?: Arrays): number {
  let sum = 0;
  for (let d = 0; d < f; d++) {
    const [p, q] = [w.P[user * f + d], w.Q[item * f + d]];
    sum += p * q;
    if (!g) continue;
    g.P[user * f + d] += slope * q;
    g.Q[item * f + d] += slope * p;
  }
  return sum;
}

const towerShapes = {
  'mlp.P': [nUsers, e],
  'mlp.Q': [nItems, e],
  'layer1.Wu': [e, n1],
  'layer1.Wi': [e, n1],
  'layer1.b': [n1],
  'layer2.W': [n1, n2],
  'layer2.b': [n2],
};

const oracles: Readonly<Record<string, Oracle>> = {
  gmf: {
    config: { factors: f },
    shapes: { P: [nUsers, f], Q: [nItems, f], h: [f], b: [1] },
    score: (w, u, i, slope = 0, g) => weightedProduct(w, ['P', 'Q', 'h'], u, i, slope, g) + bias(w, 'b', 0, slope, g),
  },
  mlp: {
    config: { factors: x0 / 2, hidden: [n1, n2] },
    shapes: { ...towerShapes, h: [n2], b: [1] },
    score: (w, u, i, slope = 0, g) => tower(w, 'h', u, i, slope, g) + bias(w, 'b', 0, slope, g),
  },
  neumf: {
    config: { factors: f, mlpFactors: x0 / 2, hidden: [n1, n2] },
    shapes: { 'gmf.P': [nUsers, f], 'gmf.Q': [nItems, f], ...towerShapes, 'h.gmf': [f], 'h.mlp': [n2], b: [1] },
    score: (w, u, i, slope = 0, g) =>
      weightedProduct(w, ['gmf.P', 'gmf.Q', 'h.gmf'], u, i, slope, g) +
      tower(w, 'h.mlp', u, i, slope, g) +
      bias(w, 'b', 0, slope, g),
  },
  'bpr-mf': {
    config: { factors: f },
    shapes: { P: [nUsers, f], Q: [nItems, f], itemBias: [nItems, 1] },
    score: (w, u, i, slope = 0, g) => dotProduct(w, u, i, slope, g) + bias(w, 'itemBias', i, slope, g),
  },
  mf: {
    config: { factors: f },
    shapes: { P: [nUsers, f], Q: [nItems, f], userBias: [nUsers, 1], itemBias: [nItems, 1], b: [1] },
    score: (w, u, i, slope = 0, g) =>
      dotProduct(w, u, i, slope, g) +
      bias(w, 'userBias', u, slope, g) +
      bias(w, 'itemBias', i, slope, g) +
      bias(w, 'b', 0, slope, g),
  },
};

/** Loss of each row and gradients of their mean. */
function oracleLoss({ score }: Oracle, pairwise: boolean, w: Arrays, rows: readonly Row[]) {
  const gradients: Arrays = Object.fromEntries(Object.entries(w).map(([k, v]) => [k, new Float64Array(v.length)]));
  const losses = rows.map(([user, item, third]) => {
    if (pairwise) {
      const difference = score(w, user, item) - score(w, user, third);
      const slope = sigmoid(-difference) / rows.length;
      score(w, user, item, -slope, gradients);
      score(w, user, third, slope, gradients);
      return -Math.log(sigmoid(difference));
    }
    const probability = sigmoid(score(w, user, item));
    score(w, user, item, (probability - third) / rows.length, gradients);
    return -Math.log(third === 1 ? probability : 1 - probability);
  });
  return { losses, gradients };
}

/** Numbers in (−1, 1) from a generator of the test's own. */
function drawer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  };
}

// users, items and pairs that repeat, the same item as taken and as other one, users and items that do not occur
const pointwiseRows: readonly Row[] = [
  [0, 2, 1],
  [1, 2, 0],
  [0, 2, 1],
  [0, 1, 0],
  [4, 5, 1],
  [2, 0, 0],
  [1, 2, 1],
];
const pairwiseRows: readonly Row[] = [
  [0, 2, 1],
  [1, 1, 2],
  [0, 2, 1],
  [4, 5, 0],
  [2, 0, 5],
  [1, 3, 3],
  [0, 1, 2],
];

/** What the model's expressions give, by the names of its parameters. */
function modelLoss(model: PairModel, config: unknown, w: Arrays, rows: readonly Row[]) {
  const sizes = { nUsers, nItems };
  const declared = declaredAs(model.parameters(config, sizes));
  const { loss, leaves } = lossExpression(model, declared.tensors, config, sizes);
  const { dense, rows: rowGradients } = gradientsOfMean(loss);
  const given = new Map<Tensor, ArrayLike<number>>(declared.list.map((t) => [t, w[t.attributes.name as string]]));
  leaves.forEach((leaf, n) => {
    given.set(
      leaf,
      rows.map((row) => row[n]),
    );
  });
  const wanted = [loss, ...dense.values(), ...rowGradients.map(({ values }) => values)];
  const values = evaluateReference(wanted, given as never, rows.length);
  const gradients: Arrays = Object.fromEntries(Object.entries(w).map(([k, v]) => [k, new Float64Array(v.length)]));
  for (const [parameter, gradient] of dense)
    gradients[parameter.attributes.name as string].set(Array.from(values.get(gradient)!));
  for (const { table, index, values: rowValues } of rowGradients) {
    const [indices, slopes] = [given.get(index)!, values.get(rowValues)!];
    const target = gradients[table.attributes.name as string];
    for (let k = 0; k < slopes.length; k++) {
      const row = Math.floor(k / rowValues.size);
      target[indices[row] * rowValues.size + (k % rowValues.size)] += slopes[k];
    }
  }
  return { losses: Array.from(values.get(loss)!), gradients };
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  for (let k = 0; k < expected.length; k++)
    expect(Math.abs(actual[k] - expected[k]), `${what}[${k}]`).toBeLessThan(1e-12 * (1 + Math.abs(expected[k])));
}

describe.each(Object.entries(oracles))('%s', (name, oracle) => {
  const model = findModel(name) as PairModel;
  const config = model.options.parse(oracle.config);
  const rows = model.loss === 'pairwise' ? pairwiseRows : pointwiseRows;

  it('declares the parameters of the formula', () => {
    const declared = model.parameters(config, { nUsers, nItems });
    expect(Object.fromEntries(declared.map((p) => [p.name, p.shape]))).toEqual(oracle.shapes);
    for (const { name: parameter, shape, table } of declared) {
      const rowsOf = { [nUsers]: 'user', [nItems]: 'item' }[shape[0]];
      if (/P$|Q$|userBias|itemBias/.test(parameter)) expect(table, parameter).toBe(rowsOf);
      else expect(table, parameter).toBeUndefined();
    }
  });

  it.each([1, 2, 3])('has the losses and gradients of the formula (weights %i)', (seed) => {
    const draw = drawer(seed);
    const w: Arrays = Object.fromEntries(
      Object.entries(oracle.shapes).map(([parameter, shape]) => {
        const size = shape.reduce((product, n) => product * n, 1);
        return [parameter, Float64Array.from({ length: size }, draw)];
      }),
    );
    const expected = oracleLoss(oracle, model.loss === 'pairwise', w, rows);
    const actual = modelLoss(model, config, w, rows);
    expectClose(actual.losses, expected.losses, 'loss');
    for (const parameter of Object.keys(w)) {
      expectClose(actual.gradients[parameter], expected.gradients[parameter], parameter);
      expect(
        expected.gradients[parameter].some((slope) => slope !== 0),
        parameter,
      ).toBe(true);
    }
  });
});
