/** Long short-term memory: against an oracle of plain numbers, its derivatives, padding, odd sizes, builds and BLAS. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { backward } from '../../src/engine/gradient.ts';
import * as o from '../../src/engine/ops/index.ts';
import { lstmOps } from '../../src/engine/ops/lstm.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { coversFamily } from './covers-family.ts';
import { hiddenStates, hiddenStatesBackwards, oracleWeights } from './lstm-oracle.ts';
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

const random = new RandomStream(3, 'lstm');
const real = (n: number, scale: number) => Float64Array.from({ length: n }, () => Math.fround(scale * random.normal()));

interface Shape {
  readonly rows: number;
  readonly sequences: number;
  readonly steps: number;
  readonly inputs: number;
  readonly units: number;
  readonly directions: 1 | 2;
  readonly forget: number;
}

class Problem {
  readonly shape: Shape;
  readonly x: Tensor;
  readonly lengths: Tensor;
  readonly weights: readonly Tensor[];
  readonly seed: Tensor;
  readonly h: Tensor;
  readonly given = new Map<Tensor, Float64Array>();
  /** The same inputs as rows of a table, so that they take a gradient. */
  readonly #table: Tensor;

  constructor(shape: Shape) {
    this.shape = shape;
    const { rows, sequences, steps, inputs, units, directions, forget } = shape;
    const width = sequences * steps * inputs;
    const depth = inputs + units + 1;
    this.#table = o.table('x', rows, width);
    const index = o.indexInput('r');
    this.x = o.lookup(this.#table, index);
    this.lengths = o.input('lengths', [sequences]);
    const names = ['forward', 'backward'].slice(0, directions);
    this.weights = names.map((name) => o.parameter(name, [depth, 4 * units]));
    this.h = o.lstm(this.x, this.weights, this.lengths, { steps, forget });
    this.seed = o.input('seed', [this.h.size]);
    this.given.set(this.#table, real(rows * width, 1));
    this.given.set(
      index,
      Float64Array.from({ length: rows }, (_, r) => r),
    );
    this.given.set(
      this.lengths,
      Float64Array.from({ length: rows * sequences }, () => random.below(steps + 1)),
    );
    this.given.set(this.seed, real(rows * this.h.size, 1));
    for (const w of this.weights) this.given.set(w, real(w.size, 0.6));
  }

  /** Hidden states by the oracle, padded with zeros. */
  oracle(): Float64Array {
    const { rows, sequences, steps, inputs, units, directions, forget } = this.shape;
    const out = new Float64Array(rows * this.h.size);
    const weights = this.weights.map((w) => oracleWeights(this.values(w), inputs, units));
    for (let q = 0; q < rows * sequences; q++) {
      const x = Array.from({ length: this.values(this.lengths)[q] }, (_, t) =>
        Array.from({ length: inputs }, (_, p) => this.values(this.#table)[(q * steps + t) * inputs + p]),
      );
      const states = [hiddenStates(x, weights[0], forget)];
      if (directions === 2) states.push(hiddenStatesBackwards(x, weights[1], forget));
      states.forEach((direction, d) => {
        direction.forEach((h, t) => {
          out.set(h, ((q * steps + t) * directions + d) * units);
        });
      });
    }
    return out;
  }

  values(tensor: Tensor): Float64Array {
    return this.given.get(tensor) as Float64Array;
  }

  get inputValues(): Float64Array {
    return this.values(this.#table);
  }

  /** Gradients of Σ seed · h: of each direction's weights, then of x. */
  gradients(): Tensor[] {
    const { dense, rows } = backward(this.h, this.seed);
    return [...this.weights.map((w) => dense.get(w) as Tensor), rows[0].values];
  }
}

const worst = (got: ArrayLike<number>, want: Float64Array): number =>
  want.reduce((most, v, k) => Math.max(most, Math.abs(v - got[k])), 0);
const largest = (values: Float64Array): number => values.reduce((most, v) => Math.max(most, Math.abs(v)), 1);

const shapes: Shape[] = [
  { rows: 1, sequences: 1, steps: 1, inputs: 1, units: 1, directions: 1, forget: 0 },
  { rows: 2, sequences: 3, steps: 2, inputs: 3, units: 5, directions: 1, forget: 1 },
  { rows: 3, sequences: 1, steps: 7, inputs: 5, units: 3, directions: 2, forget: 0 },
  { rows: 40, sequences: 2, steps: 5, inputs: 7, units: 9, directions: 2, forget: 1 },
  { rows: 9, sequences: 5, steps: 10, inputs: 32, units: 32, directions: 2, forget: 0 },
];

it.each(shapes)('is the oracle’s in float64 ($rows × $sequences × $steps, $inputs → $units × $directions)', (shape) => {
  const problem = new Problem(shape);
  const exact = evaluateReference([problem.h], problem.given, shape.rows).get(problem.h) as Float64Array;
  expect(worst(exact, problem.oracle())).toBeLessThan(1e-13);
});

it.each(shapes.slice(0, 3))('has the oracle’s derivatives in float64 (≤ 1e-6): $units units, $directions', (shape) => {
  const problem = new Problem(shape);
  const gradients = problem.gradients();
  const found = evaluateReference(gradients, problem.given, shape.rows);
  const seed = problem.values(problem.seed);
  const total = () => problem.oracle().reduce((sum, v, k) => sum + v * seed[k], 0);
  const leaves = [...problem.weights.map((w) => problem.values(w)), problem.inputValues];
  leaves.forEach((leaf, n) => {
    const exact = found.get(gradients[n]) as Float64Array;
    leaf.forEach((kept, k) => {
      const at = (shift: number): number => {
        leaf[k] = kept + shift;
        const sum = total();
        leaf[k] = kept;
        return sum;
      };
      const slope = (8 * (at(1e-4) - at(-1e-4)) - (at(2e-4) - at(-2e-4))) / 12e-4;
      expect(Math.abs(slope - exact[k])).toBeLessThanOrEqual(1e-6);
    });
  });
});

describe.each(engines)('$build, $threads threads, blas $blas.title', (engine) => {
  it.each(shapes)('agrees with float64 ($rows × $sequences × $steps, $inputs → $units × $directions)', (shape) => {
    const problem = new Problem(shape);
    const gradients = problem.gradients();
    const exact = evaluateReference([problem.h, ...gradients], problem.given, shape.rows);
    const run = (y: Tensor, inBlocks = false) => runExpression(engine, y, problem.given, shape.rows, inBlocks);
    expect(worst(run(problem.h), exact.get(problem.h) as Float64Array)).toBeLessThan(3e-6);
    for (const gradient of gradients) {
      const want = exact.get(gradient) as Float64Array;
      expect(worst(run(gradient), want)).toBeLessThan(1e-5 * largest(want));
      if (gradient.rows === 'shared') expect(worst(run(gradient, true), want)).toBeLessThan(1e-5 * largest(want));
    }
  });

  it('neither reads what is padded nor gives it a gradient', () => {
    const shape: Shape = { rows: 6, sequences: 2, steps: 4, inputs: 3, units: 4, directions: 2, forget: 0 };
    const problem = new Problem(shape);
    const all = [problem.h, ...problem.gradients()];
    const results = () => all.map((y) => runExpression(engine, y, problem.given, shape.rows));
    const before = results();
    const lengths = problem.values(problem.lengths);
    const isPadded = (token: number): boolean => token % 4 >= lengths[Math.floor(token / 4)];
    problem.inputValues.forEach((_, k) => {
      if (isPadded(Math.floor(k / 3))) problem.inputValues[k] = 1000;
    });
    const seed = problem.values(problem.seed);
    seed.forEach((_, k) => {
      if (isPadded(Math.floor(k / 8))) seed[k] = -77;
    });
    const after = results();
    expect(after).toEqual(before);
    const dx = after[after.length - 1];
    for (let token = 0; token < 48; token++) {
      const own = [...dx.subarray(token * 3, token * 3 + 3)];
      if (isPadded(token)) expect(own.map(Math.abs)).toEqual([0, 0, 0]);
      const h = [...after[0].subarray(token * 8, token * 8 + 8)];
      if (isPadded(token)) expect(h).toEqual(Array(8).fill(0));
    }
  });

  it('has curves of the gates within their stated errors', () => {
    const rows = 60_001;
    const [x, lengths, w] = [o.input('x', [1]), o.input('l', [1]), o.parameter('w', [3, 4])];
    const [records] = o.lstm(x, [w], lengths, { steps: 1 }).inputs;
    const values = Float64Array.from({ length: rows }, (_, k) =>
      Math.fround((k - 30_000) / (k % 2 === 0 ? 1000 : 9000)),
    );
    const given = new Map([
      [x, values],
      [lengths, new Float64Array(rows).fill(1)],
      [w, Float64Array.of(1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0)],
    ]);
    const got = runExpression(engine, records, given, rows);
    const worstOf = (field: number, curve: (v: number) => number): number =>
      values.reduce((most, v, k) => Math.max(most, Math.abs(curve(v) - got[7 * k + field])), 0);
    expect(worstOf(0, (v) => 1 / (1 + Math.exp(-v)))).toBeLessThan(1.2e-7);
    expect(worstOf(2, Math.tanh)).toBeLessThan(2.4e-7);
  });

  it('stays finite for large gates and keeps NaN in sight', () => {
    const shape: Shape = { rows: 2, sequences: 1, steps: 3, inputs: 2, units: 4, directions: 1, forget: 0 };
    const problem = new Problem(shape);
    problem.values(problem.lengths).fill(3);
    problem.inputValues.forEach((v, k) => {
      problem.inputValues[k] = 1e5 * v;
    });
    const exact = evaluateReference([problem.h], problem.given, 2).get(problem.h) as Float64Array;
    expect(worst(runExpression(engine, problem.h, problem.given, 2), exact)).toBeLessThan(3e-6);
    problem.inputValues[0] = Number.NaN;
    const got = runExpression(engine, problem.h, problem.given, 2);
    expect([...got].map(Number.isNaN)).toEqual([...Array(12).fill(true), ...Array(12).fill(false)]);
  });
});

it('refuses what does not fit', () => {
  const [x, lengths] = [o.input('x', [24]), o.input('l', [2])];
  const w = o.parameter('w', [3 + 5 + 1, 20]);
  const options = { steps: 4 };
  expect(o.lstm(x, [w], lengths, options).shape).toEqual([2 * 4 * 5]);
  const codes = [
    () => o.lstm(x, [], lengths, options),
    () => o.lstm(x, [w, w, w], lengths, options),
    () => o.lstm(x, [o.parameter('w', [9, 16])], lengths, options),
    () => o.lstm(x, [w], lengths, { steps: 3 }),
    () => o.lstm(x, [w], o.parameter('l', [2]), options),
    () => o.lstm(o.input('x', [25]), [w], lengths, options),
    () => {
      const h = o.lstm(x, [w], lengths, options);
      const gradient = [...backward(h, h).dense.values()][0];
      backward(gradient, gradient);
    },
  ].map(thrownCode);
  expect(new Set(codes)).toEqual(new Set(['shape']));
});

coversFamily(lstmOps);
