/** Steps that lie side by side in a row: lengths, masked softmax, weighted sums, and products and sums by groups of a row. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { Tensor } from '../../src/engine/expression.ts';
import { backward } from '../../src/engine/gradient.ts';
import * as o from '../../src/engine/ops/index.ts';
import { stepOps } from '../../src/engine/ops/steps-of-row.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { checkOp } from './check-op.ts';
import { coversFamily } from './covers-family.ts';
import { runExpression } from './run-expression.ts';
import { thrownCode } from './thrown-code.ts';
import { wideEngines } from './wide-engines.ts';

const engines = [
  new Engine({ threads: 1, kernels: 'relaxed', blas: 'off' }),
  new Engine({ threads: 1, kernels: 'simd', blas: 'off' }),
  ...wideEngines(),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const [groups, steps] = [2, 3];
const sizesOf = (width: number) => ({ sequences: groups, steps, width });
checkOp(
  'poolSteps',
  {
    build: ({ batch }, n) => o.poolSteps(batch(groups * steps), batch(groups * steps * n), steps),
    absolute: () => 16,
  },
  engines,
);
checkOp(
  'dotSteps',
  {
    build: ({ batch }, n) => {
      const operands = [batch(groups * n), batch(groups * steps * n)];
      return new Tensor(stepOps.dotSteps, operands, 'batch', [groups * steps], sizesOf(n));
    },
    absolute: (n) => 4 * n,
  },
  engines,
);
checkOp(
  'scaleSteps',
  {
    build: ({ batch }, n) => {
      const operands = [batch(groups * steps), batch(groups * n)];
      return new Tensor(stepOps.scaleSteps, operands, 'batch', [groups * steps * n], sizesOf(n));
    },
  },
  engines,
);
checkOp(
  'linear',
  {
    build: ({ batch, shared }, n) => {
      const options = { bias: shared([n + 1]), relu: true, groups: 3 };
      return o.linear(batch(3 * n), shared([n, n + 1]), options);
    },
    absolute: (n) => 4 * n + 2,
  },
  engines,
);
checkOp(
  'outerSum',
  {
    build: ({ batch }, n) => o.outerSum(batch(3 * n), batch(3 * (n + 1)), 3),
    absolute: (_n, rows) => 12 * rows,
  },
  engines,
);
checkOp('sumRows', { build: ({ batch }, n) => o.sumRows(batch(3 * n), 3), absolute: (_n, rows) => 12 * rows }, engines);

checkOp('maxSteps', { build: ({ batch }, n) => o.maxSteps(batch(steps * n), steps), depth: 1, relative: 0 }, engines);
checkOp(
  'maxStepsGradient',
  {
    build: ({ batch }, n) => {
      const y = o.maxSteps(batch(steps * n), steps);
      return y.op.gradient(y, batch(n))[0] as Tensor;
    },
    depth: 0,
    relative: 0,
  },
  engines,
);
checkOp('transposeSteps', { build: ({ batch }, n) => o.transposeSteps(batch(steps * n), steps), relative: 0 }, engines);

const random = new RandomStream(5, 'steps');
const real = (n: number) => Float64Array.from({ length: n }, () => Math.fround(2 * random.normal()));

describe.each(engines)('$build', (engine) => {
  it('sums groups by blocks of rows as in lanes, whether rows follow without gaps or not', () => {
    for (const [n, m, rows] of [
      [3, 5, 7],
      [200, 300, 9],
      [16, 8, 33],
    ]) {
      const [x, y] = [o.input('x', [3 * n]), o.input('y', [3 * m])];
      const given = new Map([
        [x, real(rows * 3 * n)],
        [y, real(rows * 3 * m)],
      ]);
      const negated = [o.negate(x), o.negate(y)];
      for (const sum of [o.outerSum(x, y, 3), o.sumRows(x, 3), o.outerSum(negated[0], negated[1], 3)]) {
        const want = evaluateReference([sum], given, rows).get(sum) as Float64Array;
        for (const inBlocks of [false, true]) {
          const got = runExpression(engine, sum, given, rows, inBlocks);
          expect(Math.max(...want.map((v, k) => Math.abs(v - got[k])))).toBeLessThan(2e-4);
        }
      }
    }
  });

  it('gives a softmax over what is there and nothing else', () => {
    for (const [s, t, rows] of [
      [1, 1, 1],
      [2, 5, 3],
      [3, 10, 20],
      [1, 13, 40],
    ]) {
      const [scores, lengths] = [o.input('a', [s * t]), o.input('lengths', [s])];
      const values = real(rows * s * t);
      const own = Float64Array.from({ length: rows * s }, () => random.below(t + 1));
      // what stands behind the end must not matter
      values.forEach((_, k) => {
        if (k % t >= own[Math.floor(k / t)]) values[k] = Number.NaN;
      });
      const given = new Map([
        [scores, values],
        [lengths, own],
      ]);
      const y = o.maskedSoftmax(scores, lengths);
      const got = runExpression(engine, y, given, rows);
      own.forEach((length, g) => {
        const e = [...values.subarray(g * t, g * t + length)].map(Math.exp);
        const sum = e.reduce((a, b) => a + b, 0);
        for (let k = 0; k < t; k++) expect(Math.abs(got[g * t + k] - (k < length ? e[k] / sum : 0))).toBeLessThan(3e-7);
      });
      const seed = o.input('seed', [s * t]);
      const [gradient] = y.op.gradient(y, seed) as [Tensor];
      given.set(seed, real(rows * s * t));
      const exact = evaluateReference([gradient], given, rows).get(gradient) as Float64Array;
      const found = runExpression(engine, gradient, given, rows);
      expect(Math.max(...exact.map((v, k) => Math.abs(v - found[k])))).toBeLessThan(2e-6);
    }
  });

  it('counts the entries of each group before the first −1', () => {
    const index = o.indexInput('i', 6);
    const given = new Map([[index, Float64Array.of(4, 0, -1, -1, 7, 7, 1, 2, 3, 0, 0, -1)]]);
    const y = o.sequenceLengths(index, 3);
    expect([...runExpression(engine, y, given, 2)]).toEqual([2, 0, 3, 2]);
    expect([...(evaluateReference([y], given, 2).get(y) as Float64Array)]).toEqual([2, 0, 3, 2]);
  });

  it('keeps NaN and infinities of scores in sight', () => {
    const [scores, lengths] = [o.input('a', [3]), o.input('lengths', [1])];
    const given = new Map([
      [scores, Float64Array.of(1, Number.NaN, 2, 5, -Infinity, 5)],
      [lengths, Float64Array.of(3, 3)],
    ]);
    const got = [...runExpression(engine, o.maskedSoftmax(scores, lengths), given, 2)];
    expect(got.slice(0, 3).map(Number.isNaN)).toEqual([true, true, true]);
    expect(got.slice(3)).toEqual([0.5, 0, 0.5]);
  });
});

it('has the gradient of the masked softmax in float64 (≤ 1e-6)', () => {
  const [rows, s, t] = [3, 2, 4];
  const [table, index, lengths] = [o.table('e', 3, s * t), o.indexInput('i'), o.input('lengths', [s])];
  const seed = o.input('seed', [s * t]);
  const given = new Map([
    [table, real(3 * s * t)],
    [index, Float64Array.of(2, 0, 2)],
    [lengths, Float64Array.of(4, 1, 0, 3, 2, 4)],
    [seed, real(rows * s * t)],
  ]);
  const y = o.maskedSoftmax(o.lookup(table, index), lengths);
  const total = () => {
    const values = evaluateReference([y], given, rows).get(y) as Float64Array;
    return values.reduce((sum, v, k) => sum + v * (given.get(seed) as Float64Array)[k], 0);
  };
  const [{ values }] = backward(y, seed).rows;
  const slopes = evaluateReference([values], given, rows).get(values) as Float64Array;
  const exact = new Float64Array(3 * s * t);
  [2, 0, 2].forEach((row, r) => {
    for (let k = 0; k < s * t; k++) exact[row * s * t + k] += slopes[r * s * t + k];
  });
  const weights = given.get(table) as Float64Array;
  weights.forEach((kept, k) => {
    const at = (shift: number) => {
      weights[k] = kept + shift;
      const sum = total();
      weights[k] = kept;
      return sum;
    };
    const slope = (8 * (at(1e-4) - at(-1e-4)) - (at(2e-4) - at(-2e-4))) / 12e-4;
    expect(Math.abs(slope - exact[k])).toBeLessThan(1e-6);
  });
});

it('refuses what does not fit', () => {
  const x = o.input('x', [6]);
  const codes = [
    () => o.linear(x, o.parameter('w', [3, 2])),
    () => o.linear(x, o.parameter('w', [3, 2]), { groups: 3 }),
    () => o.outerSum(x, x, 4),
    () => o.sumRows(x, 4),
    () => o.sequenceLengths(x, 3),
    () => o.sequenceLengths(o.indexInput('i', 4), 3),
    () => o.maskedSoftmax(x, o.input('l', [4])),
    () => o.poolSteps(x, o.input('v', [7]), 3),
    () => o.poolSteps(x, o.input('v', [12]), 4),
    () => o.dotSteps(x, o.input('v', [13]), 2),
    () => o.maxSteps(x, 4),
    () => o.transposeSteps(x, 4),
    () => stepOps.maskedSoftmaxGradient.gradient(x, x),
  ].map(thrownCode);
  expect(new Set(codes)).toEqual(new Set(['shape']));
});

coversFamily(stepOps);
