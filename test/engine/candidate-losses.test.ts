/**
 * The losses over candidates against their formulas in the papers, written out here in float64, and their gradients against
 * central differences of these. Nothing of the engine's own formulas is used.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { backward } from '../../src/engine/gradient.ts';
import { type CandidateLossName, candidateLossNames as lossNames } from '../../src/engine/ops/candidate-formulas.ts';
import { candidateOps } from '../../src/engine/ops/candidates.ts';
import * as o from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { coversFamily } from './covers-family.ts';
import { runExpression } from './run-expression.ts';
import { thrownCode } from './thrown-code.ts';
import { wideEngines } from './wide-engines.ts';

const engines = [
  new Engine({ threads: 1, kernels: 'relaxed' }),
  new Engine({ threads: 1, kernels: 'simd' }),
  ...wideEngines(),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const sigma = (x: number) => 1 / (1 + Math.exp(-x));
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
function softmax(values: readonly number[]): number[] {
  const top = Math.max(...values);
  const z = sum(values.map((v) => Math.exp(v - top)));
  return values.map((v) => Math.exp(v - top) / z);
}
const lambda = 0.7;

/** The papers' losses of one row: the score of the target and those of its negatives. */
const papers: Record<CandidateLossName, (t: number, x: readonly number[]) => number> = {
  softmaxCrossEntropy: (t, x) => -Math.log(softmax([t, ...x])[0]),
  bprMax: (t, x) => {
    const w = softmax(x);
    return -Math.log(sum(w.map((v, j) => v * sigma(t - x[j]))) + 1e-24) + lambda * sum(w.map((v, j) => v * x[j] ** 2));
  },
  top1Max: (t, x) => sum(softmax(x).map((v, j) => v * (sigma(x[j] - t) + sigma(x[j] ** 2)))),
  bpr: (t, x) => sum(x.map((v) => -Math.log(sigma(t - v)))) / x.length,
  top1: (t, x) => sum(x.map((v) => sigma(v - t) + sigma(v ** 2))) / x.length,
};

interface Case {
  readonly n: number;
  readonly rows: number;
  /** Columns from here to nTargets hold no candidate: lanes that are gone. */
  readonly live: number;
  readonly nTargets: number;
  readonly maskEqual: boolean;
  readonly logQ: number;
}

const alpha = 0.5;

class Problem {
  readonly spec: Case;
  readonly scores: Tensor;
  readonly list: Tensor;
  readonly offsets: Tensor;
  readonly loss: Tensor;
  readonly given = new Map<Tensor, Float64Array>();
  readonly #support: readonly number[];
  readonly #name: CandidateLossName;

  constructor(name: CandidateLossName, spec: Case, spread = 1) {
    const { n, rows, live, nTargets, maskEqual, logQ } = spec;
    const random = new RandomStream(n * 1000 + rows, name);
    this.spec = spec;
    this.#name = name;
    const nItems = 9;
    this.scores = o.input('scores', [n]);
    this.list = o.listInput('candidates', n);
    const logSupport = o.table('ln support', nItems, 1);
    const weights = logQ === 0 ? null : o.listLookup(logSupport, this.list);
    this.offsets = o.candidateOffsets(this.list, weights, { nTargets, targetScale: logQ, sampleScale: logQ * alpha });
    const regularization = name === 'bprMax' ? lambda : 0;
    this.loss = o.candidateLoss(name, this.scores, this.list, this.offsets, { maskEqual, regularization });
    this.#support = Array.from({ length: nItems }, () => 1 + random.below(50));
    const fround = (values: Float64Array) => values.map(Math.fround);
    this.given.set(logSupport, fround(Float64Array.from(this.#support, Math.log)));
    this.given.set(this.scores, fround(Float64Array.from({ length: rows * n }, () => spread * random.normal())));
    this.given.set(
      this.list,
      Float64Array.from({ length: n }, (_, j) => (j >= live && j < nTargets ? -1 : random.below(nItems))),
    );
  }

  /** The paper's loss of row r when its scores are `x`. */
  paper(r: number, x: readonly number[]): number {
    const { n, nTargets, logQ, maskEqual } = this.spec;
    const list = this.given.get(this.list) as Float64Array;
    const logSupport = (j: number) => Math.fround(Math.log(this.#support[list[j]]));
    const value = (j: number) => x[j] - logQ * (j < nTargets ? 1 : alpha) * logSupport(j);
    const negatives = Array.from({ length: n }, (_, j) => j).filter(
      (j) => j !== r && list[j] >= 0 && !(maskEqual && list[j] === list[r]),
    );
    return papers[this.#name](value(r), negatives.map(value));
  }

  row(r: number): number[] {
    const { n } = this.spec;
    return [...(this.given.get(this.scores) as Float64Array).subarray(r * n, (r + 1) * n)];
  }

  /** Derivatives of the paper's loss of row r, by column: all of them, or in long rows some, the target's among them. */
  slopes(r: number): [column: number, slope: number][] {
    const x = this.row(r);
    const { n } = this.spec;
    const columns = x.map((_, j) => j).filter((j) => n < 50 || j === r || (j + 7 * r) % 131 === 0 || j >= n - 2);
    return columns.map((j) => {
      const kept = x[j];
      const at = (shift: number) => {
        const moved = x.slice();
        moved[j] = kept + shift * 1e-4;
        return this.paper(r, moved);
      };
      return [j, (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / 12e-4];
    });
  }

  /** dy[r] ∂loss/∂scores as an expression. */
  gradient(): Tensor {
    const table = o.table('scores', this.spec.rows, this.spec.n);
    const index = o.indexInput('row');
    const dy = o.input('dy', [1]);
    const { maskEqual } = this.spec;
    const regularization = this.#name === 'bprMax' ? lambda : 0;
    const y = o.candidateLoss(this.#name, o.lookup(table, index), this.list, this.offsets, {
      maskEqual,
      regularization,
    });
    this.given.set(table, this.given.get(this.scores) as Float64Array);
    this.given.set(
      index,
      Float64Array.from({ length: this.spec.rows }, (_, r) => r),
    );
    this.given.set(dy, dyOf(this.spec.rows));
    return backward(y, dy).rows[0].values;
  }
}

const dyOf = (rows: number) => Float64Array.from({ length: rows }, (_, r) => Math.fround(0.3 + 0.1 * r));

const cases: readonly Case[] = [
  { n: 2, rows: 2, live: 2, nTargets: 2, maskEqual: false, logQ: 0 },
  { n: 5, rows: 1, live: 1, nTargets: 1, maskEqual: false, logQ: 0 },
  { n: 9, rows: 3, live: 3, nTargets: 5, maskEqual: false, logQ: 1 },
  { n: 13, rows: 4, live: 4, nTargets: 4, maskEqual: true, logQ: 0.5 },
  { n: 40, rows: 7, live: 7, nTargets: 8, maskEqual: false, logQ: 1 },
  { n: 523, rows: 35, live: 35, nTargets: 37, maskEqual: true, logQ: 0 },
  { n: 1100, rows: 18, live: 18, nTargets: 18, maskEqual: false, logQ: 1 },
];

const close = (got: number, want: number, tolerance: number, scale = 1) =>
  Math.abs(got - want) <= tolerance * Math.max(scale, Math.abs(want));

describe.each(lossNames)('%s', (name) => {
  it.each(cases)(
    'is the paper’s loss and has its gradient, in float64 and in the kernels: $n candidates, $rows rows',
    (spec) => {
      const problem = new Problem(name, spec);
      const gradient = problem.gradient();
      const exact = evaluateReference([problem.loss, gradient], problem.given, spec.rows);
      const losses = engines.map((engine) => runExpression(engine, problem.loss, problem.given, spec.rows));
      const gradients = engines.map((engine) => runExpression(engine, gradient, problem.given, spec.rows));
      const dy = dyOf(spec.rows);
      for (let r = 0; r < spec.rows; r++) {
        const want = problem.paper(r, problem.row(r));
        expect(close((exact.get(problem.loss) as Float64Array)[r], want, 1e-12)).toBe(true);
        for (const loss of losses) expect(close(loss[r], want, 3e-6)).toBe(true);
        const slopes = problem.slopes(r).map(([j, v]) => ({ j, slope: v * dy[r] }));
        const scale = Math.max(1e-3, ...slopes.map(({ slope }) => Math.abs(slope)));
        slopes.forEach(({ j, slope }) => {
          const at = r * spec.n + j;
          expect(close((exact.get(gradient) as Float64Array)[at], slope, 1e-6, scale)).toBe(true);
          for (const values of gradients) expect(close(values[at], slope, 1e-5, scale)).toBe(true);
        });
      }
    },
  );

  it('is finite where scores are far apart, and gives dead candidates no gradient', () => {
    const spec = { n: 24, rows: 3, live: 3, nTargets: 8, maskEqual: false, logQ: 0 };
    const problem = new Problem(name, spec, 40);
    const gradient = problem.gradient();
    for (const engine of engines) {
      expect(runExpression(engine, problem.loss, problem.given, 3).every(Number.isFinite)).toBe(true);
      const values = runExpression(engine, gradient, problem.given, 3);
      expect(values.every(Number.isFinite)).toBe(true);
      for (let r = 0; r < 3; r++) expect([...values.subarray(r * 24 + 3, r * 24 + 8)]).toEqual([0, 0, 0, 0, 0]);
    }
  });

  it.each([-60, 37, 39, 41, 43, 70, 120])(
    'keeps its digits where the target lies %i below the other scores',
    (distance) => {
      const problem = new Problem(name, { n: 23, rows: 2, live: 2, nTargets: 2, maskEqual: false, logQ: 0 });
      const scores = problem.given.get(problem.scores) as Float64Array;
      for (const r of [0, 1]) scores[r * 23 + r] = Math.fround(scores[r * 23 + r] - distance);
      const gradient = problem.gradient();
      for (const engine of engines) {
        const losses = runExpression(engine, problem.loss, problem.given, 2);
        const values = runExpression(engine, gradient, problem.given, 2);
        for (const r of [0, 1]) {
          expect(close(losses[r], problem.paper(r, problem.row(r)), 3e-6)).toBe(true);
          for (const [j, slope] of problem.slopes(r))
            expect(close(values[r * 23 + j], slope * dyOf(2)[r], 1e-5)).toBe(true);
        }
      }
    },
  );

  it('keeps NaN in sight', () => {
    const problem = new Problem(name, cases[2]);
    (problem.given.get(problem.scores) as Float64Array)[9 + 7] = Number.NaN;
    for (const engine of engines) {
      const losses = runExpression(engine, problem.loss, problem.given, 3);
      expect([...losses].map(Number.isNaN)).toEqual([false, true, false]);
    }
  });

  it('is NaN where all negatives are', () => {
    const problem = new Problem(name, cases[2]);
    const scores = problem.given.get(problem.scores) as Float64Array;
    for (let j = 0; j < 9; j++) if (j !== 1) scores[9 + j] = Number.NaN;
    for (const engine of engines) {
      const losses = runExpression(engine, problem.loss, problem.given, 3);
      expect([...losses].map(Number.isNaN)).toEqual([false, true, false]);
    }
  });
});

it.each(lossNames.filter((name) => name !== 'softmaxCrossEntropy'))('%s of a row without negatives is 0', (name) => {
  const problem = new Problem(name, { n: 6, rows: 1, live: 1, nTargets: 6, maskEqual: false, logQ: 0 });
  const gradient = problem.gradient();
  for (const engine of engines) {
    expect([...runExpression(engine, problem.loss, problem.given, 1)]).toEqual([0]);
    expect([...runExpression(engine, gradient, problem.given, 1)].map(Math.abs)).toEqual([0, 0, 0, 0, 0, 0]);
  }
});

it('refuses what does not fit', () => {
  const scores = o.input('s', [4]);
  const list = o.listInput('c', 4);
  const offsets = o.candidateOffsets(list, null, { nTargets: 2, targetScale: 0, sampleScale: 0 });
  const short = o.listInput('c', 3);
  const shortOffsets = o.candidateOffsets(short, null, { nTargets: 2, targetScale: 0, sampleScale: 0 });
  expect(thrownCode(() => o.candidateLoss('bpr', scores, short, shortOffsets))).toBe('shape');
  expect(thrownCode(() => o.candidateLoss('bpr', scores, list, shortOffsets))).toBe('shape');
  expect(thrownCode(() => o.candidateLoss('bpr', o.parameter('p', [4]), list, offsets))).toBe('shape');
  expect(thrownCode(() => o.candidateLoss('bpr', scores, list, offsets, { regularization: 1 }))).toBe('shape');
  expect(thrownCode(() => o.candidateLoss('bprMax', scores, list, offsets, { regularization: -1 }))).toBe('shape');
  expect(
    thrownCode(() => o.candidateOffsets(list, o.parameter('w', [3]), { nTargets: 1, targetScale: 1, sampleScale: 1 })),
  ).toBe('shape');
});

coversFamily(candidateOps);
