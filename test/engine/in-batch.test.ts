/** Each row of a batch against what all of them bring: value and gradients against loops of this file that import nothing. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { gradientsOfMean } from '../../src/engine/gradient.ts';
import { inBatchOps } from '../../src/engine/ops/in-batch.ts';
import * as o from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { coversFamily } from './covers-family.ts';
import { runExpression } from './run-expression.ts';
import { thrownCode } from './thrown-code.ts';
import { wideEngines } from './wide-engines.ts';

const engines = [
  new Engine({ threads: 1, kernels: 'simd', blas: 'off' }),
  new Engine({ threads: 3, blas: 'off' }),
  new Engine({ threads: 2 }),
  ...wideEngines(),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const random = new RandomStream(5, 'in batch');
const real = (n: number) => Float64Array.from({ length: n }, () => Math.fround(random.normal()));

/** [rows × d] of both, fewer rows than a batch may have: those behind the end must count for nothing. */
function problemOf(d: number, rows: number) {
  const [x, v] = [o.input('x', [d]), o.input('v', [d])];
  const given = new Map<Tensor, Float64Array>([
    [x, real(rows * d)],
    [v, real(rows * d)],
  ]);
  const loss = o.inBatchCrossEntropy(x, v, rows + 37);
  return { loss, x, v, given };
}

/** −ln softmax of each row, and the gradients of the mean. */
function byHand(xs: Float64Array, vs: Float64Array, d: number, rows: number) {
  const losses: number[] = [];
  const [dx, dv] = [new Float64Array(rows * d), new Float64Array(rows * d)];
  for (let r = 0; r < rows; r++) {
    const e = Array.from({ length: rows }, (_, j) => {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += xs[r * d + k] * vs[j * d + k];
      return Math.exp(sum);
    });
    const z = e.reduce((sum, value) => sum + value, 0);
    losses.push(Math.log(z / e[r]));
    for (let j = 0; j < rows; j++) {
      const p = (e[j] / z - (j === r ? 1 : 0)) / rows;
      for (let k = 0; k < d; k++) {
        dx[r * d + k] += p * vs[j * d + k];
        dv[j * d + k] += p * xs[r * d + k];
      }
    }
  }
  return { losses: Float64Array.from(losses), dx, dv };
}

const worst = (got: ArrayLike<number>, want: Float64Array) =>
  want.reduce((most, value, k) => Math.max(most, Math.abs(value - got[k])), 0);

const sizes = [
  { d: 1, rows: 1 },
  { d: 5, rows: 3 },
  { d: 8, rows: 70 },
  { d: 33, rows: 600 },
];

describe.each(engines)('$build, $threads threads, blas $blas.title', (engine) => {
  it.each(sizes)('has the value of loops ($rows rows × $d)', ({ d, rows }) => {
    const { loss, x, v, given } = problemOf(d, rows);
    const want = byHand(given.get(x)!, given.get(v)!, d, rows);
    expect(worst(runExpression(engine, loss, given, rows), want.losses)).toBeLessThan(1e-5 * Math.max(1, d));
  });

  it.each(sizes)('has the gradients of loops, of tables too ($rows rows × $d)', ({ d, rows }) => {
    const [P, Q] = [o.table('P', rows, d), o.table('Q', rows, d)];
    const [u, i] = [o.indexInput('u'), o.indexInput('i')];
    const order = Float64Array.from({ length: rows }, (_, r) => r);
    const given = new Map([
      [P, real(rows * d)],
      [Q, real(rows * d)],
      [u, order],
      [i, order],
    ]);
    const loss = o.inBatchCrossEntropy(o.lookup(P, u), o.lookup(Q, i), rows + 37);
    const want = byHand(given.get(P)!, given.get(Q)!, d, rows);
    const ofTable = new Map(gradientsOfMean(loss).rows.map(({ table, values }) => [table, values]));
    expect(worst(runExpression(engine, ofTable.get(P)!, given, rows), want.dx)).toBeLessThan(1e-5);
    expect(worst(runExpression(engine, ofTable.get(Q)!, given, rows), want.dv)).toBeLessThan(1e-5);
  });
});

it.each(sizes.slice(0, 3))('has a float64 reference that agrees ($rows rows × $d)', ({ d, rows }) => {
  const { loss, x, v, given } = problemOf(d, rows);
  const want = byHand(given.get(x)!, given.get(v)!, d, rows);
  expect(worst(evaluateReference([loss], given, rows).get(loss)!, want.losses)).toBeLessThan(1e-12 * d);
});

it('refuses vectors that are not alike', () => {
  const codes = [
    () => o.inBatchCrossEntropy(o.input('x', [3]), o.input('v', [4]), 8),
    () => o.inBatchCrossEntropy(o.input('x', [3]), o.parameter('v', [8, 3]), 8),
    () => o.inBatchCrossEntropy(o.input('x', [3]), o.input('v', [3]), 0),
  ].map(thrownCode);
  expect(new Set(codes)).toEqual(new Set(['shape']));
});

coversFamily(inBatchOps);
