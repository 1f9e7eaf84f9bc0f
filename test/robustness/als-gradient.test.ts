/**
 * The exact gradient of a matrix factorisation by what fake people take, against finite differences of one that is solved anew: an alternation
 * written down here by itself, with dense matrices and Gaussian elimination.
 */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { Als, type AlsOptions } from '../../src/robustness/surrogates/als.ts';
import { exposureLoss } from '../../src/robustness/surrogates/exposure-loss.ts';

const [nReal, nItems, nFakes, d] = [24, 14, 3, 3];
const draws = new RandomStream(7, 'world');

/** Two groups of people and items; a few entries across. */
const taken = Array.from({ length: nReal }, (_, u) =>
  Array.from({ length: nItems }, (_, i) => draws.uniform() < ((u + i) % 2 === 0 ? 0.5 : 0.12)),
);
const ratings = taken.map((row, u) => row.map((_, i) => ((u + i) % 2 === 0 ? 1 : -1) * (0.5 + draws.uniform())));
const pairs = taken.flatMap((row, u) => row.flatMap((t, i) => (t ? [[u, i]] : [])));
const real = sparseRows(
  nReal,
  Int32Array.from(pairs, ([u]) => u),
  Int32Array.from(pairs, ([, i]) => i),
);
const start = Array.from({ length: nItems }, () => Array.from({ length: d }, () => 0.3 * draws.normal()));

type Matrix = number[][];
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, k) => sum + x * b[k], 0);

function solveLinear(a: Matrix, b: number[]): number[] {
  const rows = a.map((row, r) => [...row, b[r]]);
  for (let c = 0; c < rows.length; c++) {
    let best = c;
    for (let r = c; r < rows.length; r++) if (Math.abs(rows[r][c]) > Math.abs(rows[best][c])) best = r;
    [rows[c], rows[best]] = [rows[best], rows[c]];
    for (let r = 0; r < rows.length; r++) {
      if (r === c) continue;
      const s = rows[r][c] / rows[c][c];
      for (let k = c; k < rows[r].length; k++) rows[r][k] -= s * rows[c][k];
    }
  }
  return rows.map((row, r) => row[rows.length] / row[r]);
}

/** All rows for given features; w and y are [rows][features]. */
function half(
  w: Matrix,
  y: Matrix,
  features: Matrix,
  { unobservedWeight: a0, regularization, exponent }: AlsOptions,
): Matrix {
  return w.map((weights, r) => {
    const a = Array.from({ length: d }, (_, i) =>
      Array.from({ length: d }, (_, j) => features.reduce((sum, f, c) => sum + (weights[c] + a0) * f[i] * f[j], 0)),
    );
    const total = weights.reduce((sum, x) => sum + x, 0) + a0 * features.length;
    for (let i = 0; i < d; i++) a[i][i] += regularization * total ** exponent;
    return solveLinear(
      a,
      Array.from({ length: d }, (_, i) => features.reduce((sum, f, c) => sum + weights[c] * y[r][c] * f[i], 0)),
    );
  });
}

const turned = (m: Matrix): Matrix => m[0].map((_, c) => m.map((row) => row[c]));

/** Vectors at the solution: alternated until no score changes by more than 1e-13. */
function solution(w: Matrix, y: Matrix, options: AlsOptions, from: Matrix): { users: Matrix; items: Matrix } {
  let items = from;
  let users = half(w, y, items, options);
  let before = Number.POSITIVE_INFINITY;
  for (let sweep = 0; sweep < 3000; sweep++) {
    items = half(turned(w), turned(y), users, options);
    users = half(w, y, items, options);
    const after = users.reduce((sum, user, u) => sum + (u + 1) * dot(user, items[u % nItems]), 0);
    if (Math.abs(after - before) < 1e-13) break;
    before = after;
  }
  return { users, items };
}

const flat = (m: Matrix) => Float64Array.from(m.flat());

interface Case {
  readonly options: AlsOptions;
  /** [A][items] */
  readonly weight: Matrix;
  readonly value: Matrix;
  readonly isExplicit: boolean;
  loss(users: Matrix, items: Matrix): number;
}

/** The loss at the solution for the given fake entries. */
function lossAt({ options, isExplicit, loss }: Case, weight: Matrix, value: Matrix, from: Matrix): number {
  const w = [...taken.map((row) => row.map((t) => (t ? 1 : 0))), ...weight];
  const y = [...ratings.map((row) => row.map((r) => (isExplicit ? r : 1))), ...value];
  const { users, items } = solution(w, y, options, from);
  return loss(users, items);
}

function gradientOf(
  testCase: Case,
  toVectors: (users: Float64Array, items: Float64Array) => { users: Float64Array; items: Float64Array },
) {
  const { options, weight, value, isExplicit } = testCase;
  const own = isExplicit ? Float64Array.from(pairs, ([u, i]) => ratings[u][i]) : null;
  const fakes = { weight: flat(weight), value: isExplicit ? flat(value) : null };
  const als = new Als(real, nItems, own, fakes, options, flat(start));
  als.sweep(2000);
  const { users, items } = als.vectors;
  const base = Array.from({ length: nItems }, (_, i) => [...items.subarray(i * d, (i + 1) * d)]);
  return { ...als.gradient(toVectors(users, items), 3000), base };
}

function differences(
  testCase: Case,
  which: 'weight' | 'value',
  entries: readonly (readonly [number, number])[],
  base: Matrix,
): number[] {
  const h = 1e-4;
  return entries.map(([k, i]) => {
    const moved = (by: number) => {
      const changed = testCase[which].map((row) => [...row]);
      changed[k][i] += by;
      return which === 'weight'
        ? lossAt(testCase, changed, testCase.value, base)
        : lossAt(testCase, testCase.weight, changed, base);
    };
    return (moved(h) - moved(-h)) / (2 * h);
  });
}

const norm = (values: readonly number[]) => Math.hypot(...values);

describe('the gradient at the solution', () => {
  const targets = Int32Array.of(5, 8);
  const weight = Array.from({ length: nFakes }, (_, k) =>
    Array.from({ length: nItems }, (_, i) => (i === 5 || i === 8 ? 1 : (i + k) % 3 === 0 ? 0.4 + 0.2 * k : 0)),
  );
  // entries that are there; those that are not can only grow, and the formulas are the same
  const there = weight.flatMap((row, k) => row.flatMap((w, i) => (w > 0 ? [[k, i] as const] : [])));
  const entries = [...there, [0, 1], [1, 3], [2, 13]] as (readonly [number, number])[];

  it('of a factorisation of who took what, by the weights of entries: relative error below 1e-3', () => {
    const temperature = 0.3;
    const testCase: Case = {
      options: { factors: d, unobservedWeight: 0.2, regularization: 0.05, exponent: 1, deviation: 0.1 },
      weight,
      value: weight.map((row) => row.map(() => 1)),
      isExplicit: false,
      loss: (users, items) => {
        let loss = 0;
        for (const t of targets) {
          const open = [...Array(nReal).keys()].filter((u) => !taken[u][t]);
          for (const u of open) {
            const scores = items.map((item) => dot(users[u], item) / temperature);
            const log = scores[t] - Math.log(scores.reduce((sum, s) => sum + Math.exp(s), 0));
            loss -= log / (targets.length * open.length);
          }
        }
        return loss;
      },
    };
    const { weight: found, base } = gradientOf(testCase, (users, items) => {
      const exposure = exposureLoss({
        vectors: { users, items },
        factors: d,
        real,
        targets,
        objective: 'softmax',
        temperature,
        sign: 1,
      });
      const rows = (x: Float64Array) =>
        Array.from({ length: x.length / d }, (_, r) => [...x.subarray(r * d, (r + 1) * d)]);
      expect(exposure.loss).toBeCloseTo(testCase.loss(rows(users), rows(items)), 10);
      return exposure.gradient;
    });
    const expected = differences(testCase, 'weight', entries, base);
    const own = entries.map(([k, i]) => found[k * nItems + i]);
    expect(norm(expected)).toBeGreaterThan(1e-4);
    expect(norm(own.map((g, n) => g - expected[n])) / norm(expected)).toBeLessThan(1e-3);
  }, 60_000);

  it('of a factorisation of ratings, by the ratings of fake people: relative error below 1e-3', () => {
    const value = weight.map((row, k) => row.map((_, i) => ((i + k) % 2 === 0 ? 1 : -0.5)));
    const testCase: Case = {
      options: { factors: d, unobservedWeight: 0, regularization: 0.3, exponent: 0, deviation: 0.1 },
      weight: weight.map((row) => row.map((w) => (w > 0 ? 1 : 0))),
      value,
      isExplicit: true,
      loss: (users, items) =>
        -targets.reduce(
          (sum, t) => sum + [...Array(nReal).keys()].reduce((s, u) => s + dot(users[u], items[t]), 0),
          0,
        ) /
        (targets.length * nReal),
    };
    const { value: found, base } = gradientOf(testCase, (users, items) => {
      const gradient = { users: new Float64Array(users.length), items: new Float64Array(items.length) };
      const s = -1 / (targets.length * nReal);
      for (const t of targets)
        for (let u = 0; u < nReal; u++)
          for (let k = 0; k < d; k++) {
            gradient.users[u * d + k] += s * items[t * d + k];
            gradient.items[t * d + k] += s * users[u * d + k];
          }
      return gradient;
    });
    const expected = differences(testCase, 'value', there, base);
    const own = there.map(([k, i]) => found[k * nItems + i]);
    expect(norm(expected)).toBeGreaterThan(1e-4);
    expect(norm(own.map((g, n) => g - expected[n])) / norm(expected)).toBeLessThan(1e-3);
  }, 60_000);
});
