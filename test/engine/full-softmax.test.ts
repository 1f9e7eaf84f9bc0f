/** Softmax cross-entropy over all rows of a matrix: value and gradients against loops of this file that import nothing. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { type Tensor, topologicalOrder } from '../../src/engine/expression.ts';
import { gradientsOfMean } from '../../src/engine/gradient.ts';
import { fullSoftmaxOps } from '../../src/engine/ops/full-softmax.ts';
import * as o from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { coversFamily } from './covers-family.ts';
import { runExpression } from './run-expression.ts';
import { thrownCode } from './thrown-code.ts';
import { wideEngines } from './wide-engines.ts';

const engines = [
  new Engine({ threads: 1, kernels: 'relaxed', blas: 'off' }),
  new Engine({ threads: 1, kernels: 'simd', blas: 'off' }),
  new Engine({ threads: 3, blas: 'off' }),
  new Engine({ threads: 2 }),
  ...wideEngines(),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const random = new RandomStream(11, 'full softmax');
const real = (n: number, scale = 1) => Float64Array.from({ length: n }, () => Math.fround(scale * random.normal()));

interface Problem {
  readonly loss: Tensor;
  readonly x: Tensor;
  readonly w: Tensor;
  readonly target: Tensor;
  readonly dy: Tensor;
  readonly given: Map<Tensor, Float64Array>;
  readonly dx: Tensor;
  readonly dw: Tensor;
}

function problemOf(n: number, d: number, rows: number, scale = 1, isTable = true, keepBytes?: number): Problem {
  const x = o.input('x', [d]);
  const w = isTable ? o.table('w', n, d) : o.parameter('w', [n, d]);
  const target = o.indexInput('a');
  const dy = o.input('dy', [1]);
  const loss = o.fullSoftmaxCrossEntropy(x, w, target, rows + 3, { keepBytes });
  const [dx, dw] = loss.op.gradient(loss, dy) as [Tensor, Tensor];
  const given = new Map([
    [x, real(rows * d, scale)],
    [w, real(n * d, scale)],
    [target, Float64Array.from({ length: rows }, () => random.below(n))],
    [dy, real(rows)],
  ]);
  return { loss, x, w, target, dy, given, dx, dw };
}

/** −log softmax and its gradients, by hand. */
function byHand({ x, w, target, dy, given }: Problem, n: number, d: number, rows: number) {
  const [xs, ws, ts, seeds] = [x, w, target, dy].map((tensor) => given.get(tensor) as Float64Array);
  const losses: number[] = [];
  const dx = new Float64Array(rows * d);
  const dw = new Float64Array(n * d);
  for (let r = 0; r < rows; r++) {
    const logits = Array.from({ length: n }, (_, j) => {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += xs[r * d + k] * ws[j * d + k];
      return sum;
    });
    const top = Math.max(...logits);
    const z = logits.reduce((sum, v) => sum + Math.exp(v - top), 0);
    losses.push(top + Math.log(z) - logits[ts[r]]);
    for (let j = 0; j < n; j++) {
      const p = seeds[r] * (Math.exp(logits[j] - top) / z - (j === ts[r] ? 1 : 0));
      for (let k = 0; k < d; k++) {
        dx[r * d + k] += p * ws[j * d + k];
        dw[j * d + k] += p * xs[r * d + k];
      }
    }
  }
  return { losses: Float64Array.from(losses), dx, dw };
}

const worst = (got: ArrayLike<number>, want: Float64Array) =>
  want.reduce((most, v, k) => Math.max(most, Math.abs(v - got[k])), 0) /
  want.reduce((m, v) => Math.max(m, Math.abs(v)), 1);

const sizes = [
  { n: 1, d: 1, rows: 1 },
  { n: 3, d: 5, rows: 2 },
  { n: 17, d: 8, rows: 5 },
  { n: 100, d: 7, rows: 33 },
  { n: 600, d: 32, rows: 40 },
  // several tiles a share
  { n: 2500, d: 3, rows: 900 },
];

describe.each(engines)('$build, $threads threads, blas $blas.title', (engine) => {
  it.each(sizes)('has the value and the gradients of loops ($n × $d, $rows rows)', ({ n, d, rows }) => {
    for (const [isTable, keepBytes] of [
      [true, 0],
      [false, undefined],
      [true, undefined],
    ] as const) {
      const problem = problemOf(n, d, rows, 1, isTable, keepBytes);
      const want = byHand(problem, n, d, rows);
      expect(worst(runExpression(engine, problem.loss, problem.given, rows), want.losses)).toBeLessThan(2e-6);
      expect(worst(runExpression(engine, problem.dx, problem.given, rows), want.dx)).toBeLessThan(5e-6);
      for (const inBlocks of [false, true])
        expect(worst(runExpression(engine, problem.dw, problem.given, rows, inBlocks), want.dw)).toBeLessThan(5e-6);
    }
  });

  it('is finite where logits are far apart, and NaN where something is', () => {
    const [n, d, rows] = [300, 4, 5];
    for (const keepBytes of [0, undefined]) {
      const problem = problemOf(n, d, rows, 12, true, keepBytes);
      const want = byHand(problem, n, d, rows);
      expect(worst(runExpression(engine, problem.loss, problem.given, rows), want.losses)).toBeLessThan(2e-6);
      expect(worst(runExpression(engine, problem.dw, problem.given, rows), want.dw)).toBeLessThan(1e-4);
      (problem.given.get(problem.x) as Float64Array)[2 * d] = Number.NaN;
      (problem.given.get(problem.target) as Float64Array).set([n, 0, 0, -1, 0]);
      const losses = [...runExpression(engine, problem.loss, problem.given, rows)];
      expect(losses.map(Number.isNaN)).toEqual([true, false, true, true, false]);
    }
  });
});

it.each(sizes.slice(0, 4))('has a float64 reference that agrees ($n × $d, $rows rows)', ({ n, d, rows }) => {
  const problem = problemOf(n, d, rows);
  const want = byHand(problem, n, d, rows);
  const exact = evaluateReference([problem.loss, problem.dx, problem.dw], problem.given, rows);
  expect(worst(exact.get(problem.loss) as Float64Array, want.losses)).toBeLessThan(1e-12);
  expect(worst(exact.get(problem.dx) as Float64Array, want.dx)).toBeLessThan(1e-12);
  expect(worst(exact.get(problem.dw) as Float64Array, want.dw)).toBeLessThan(1e-12);
});

it('has the derivative of its value in float64 (≤ 1e-6), reward and shared table included', () => {
  const [n, d, rows, history] = [7, 3, 4, 2];
  const w = o.table('w', n, d);
  const [past, target] = [o.indexInput('past', history), o.indexInput('a')];
  const reward = o.input('reward', [1]);
  const state = o.tanh(o.lookupFields(w, past, [history]));
  const loss = o.multiply(reward, o.fullSoftmaxCrossEntropy(state, w, target, rows));
  const given = new Map([
    [w, real(n * d)],
    [past, Float64Array.from({ length: rows * history }, () => random.below(n))],
    [target, Float64Array.from({ length: rows }, () => random.below(n))],
    [reward, real(rows)],
  ]);
  const { rows: gradients } = gradientsOfMean(loss);
  const exact = new Float64Array(n * d);
  for (const { table, index, values } of gradients) {
    expect(table).toBe(w);
    const found = evaluateReference([values, index], given, rows);
    const at = found.get(index) as Float64Array;
    (found.get(values) as Float64Array).forEach((v, k) => {
      exact[at[Math.floor(k / d)] * d + (k % d)] += v;
    });
  }
  const weights = given.get(w) as Float64Array;
  weights.forEach((kept, k) => {
    const at = (shift: number) => {
      weights[k] = kept + shift;
      const values = evaluateReference([loss], given, rows).get(loss) as Float64Array;
      weights[k] = kept;
      return values.reduce((sum, v) => sum + v, 0) / rows;
    };
    const slope = (8 * (at(1e-4) - at(-1e-4)) - (at(2e-4) - at(-2e-4))) / 12e-4;
    expect(Math.abs(slope - exact[k])).toBeLessThan(1e-6);
  });
});

it('never holds all logits where there is no room', () => {
  const { dw } = problemOf(5000, 8, 64, 1, true, 1e6);
  const largest = Math.max(...topologicalOrder([dw]).map(({ size }) => size));
  expect(largest).toBeLessThan(5000 * 64);
});

it('refuses what does not fit', () => {
  const [x, w, a] = [o.input('x', [3]), o.table('w', 5, 3), o.indexInput('a')];
  const codes = [
    () => o.fullSoftmaxCrossEntropy(o.input('x', [4]), w, a, 2),
    () => o.fullSoftmaxCrossEntropy(x, x, a, 2),
    () => o.fullSoftmaxCrossEntropy(x, w, o.indexInput('a', 2), 2),
    () => o.fullSoftmaxCrossEntropy(x, w, a, 0),
    () => {
      const given = new Map([
        [x, real(9)],
        [w, real(15)],
        [a, Float64Array.of(0, 1, 2)],
      ]);
      runExpression(engines[0], o.fullSoftmaxCrossEntropy(x, w, a, 2), given, 3);
    },
    () => fullSoftmaxOps.fullSoftmaxGradient.gradient(x, x),
  ].map(thrownCode);
  expect(new Set(codes)).toEqual(new Set(['shape']));
});

coversFamily(fullSoftmaxOps);
