/** Cross-entropy of targets against a list that all rows share. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { backward } from '../../src/engine/gradient.ts';
import * as o from '../../src/engine/ops/index.ts';
import { targetLossOps } from '../../src/engine/ops/target-loss.ts';
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
  ...wideEngines(),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const random = new RandomStream(5, 'target loss');
const real = (n: number) => Float64Array.from({ length: n }, () => Math.fround(4 * random.uniform() - 2));
type Given = Map<Tensor, Float64Array>;

function made(n: number, rows: number, nItems = 9) {
  const [t, scores, target] = [o.input('t', [1]), o.input('x', [n]), o.indexInput('target')];
  const [list, weights] = [o.listInput('list', n), o.parameter('w', [n, 1])];
  const offsets = o.candidateOffsets(list, weights, { nTargets: 0, targetScale: 0, sampleScale: 1 });
  const given: Given = new Map([
    [t, real(rows)],
    [scores, real(rows * n)],
    [target, Float64Array.from({ length: rows }, () => random.below(nItems))],
    [list, Float64Array.from({ length: n }, () => random.below(nItems + 1) - 1)],
    [weights, real(n)],
  ]);
  const y = o.targetCrossEntropy(t, scores, target, list, offsets);
  const dy = o.input('dy', [1]);
  given.set(dy, real(rows));
  const gradient = y.op.gradient(y, dy)[1] as Tensor;
  return { t, scores, target, list, weights, offsets, y, gradient, given };
}

const reference = (y: Tensor, given: Given, rows: number) => evaluateReference([y], given, rows).get(y) as Float64Array;
const worst = (got: ArrayLike<number>, want: ArrayLike<number>): number => {
  expect(got).toHaveLength(want.length);
  return Array.from(want).reduce((max, v, k) => Math.max(max, Math.abs(v - got[k])), 0);
};

const sizes = [
  [1, 1],
  [3, 5],
  [8, 33],
  [130, 40],
  [1030, 300],
] as const;

it('is the textbook softmax, the target left out of the list, offsets added', () => {
  const { y, given, target, list, t, scores, weights } = made(4, 1);
  given
    .set(target, Float64Array.of(2))
    .set(list, Float64Array.of(2, 5, -1, 7))
    .set(t, Float64Array.of(0.5));
  given.set(scores, Float64Array.of(9, 1, 9, -1)).set(weights, Float64Array.of(3, 0.25, 1, -0.5));
  const want = -Math.log(Math.exp(0.5) / (Math.exp(0.5) + Math.exp(1 - 0.25) + Math.exp(-1 + 0.5)));
  expect(reference(y, given, 1)[0]).toBeCloseTo(want, 12);
});

it('has the gradient of its values (float64, ≤ 1e-6)', () => {
  const rows = 5;
  const { target, list, offsets, given, weights } = made(6, rows);
  const e = o.table('e', rows, 7);
  const own = o.indexInput('own');
  const all = o.lookup(e, own);
  const y = o.targetCrossEntropy(o.slice(all, 0, 1), o.slice(all, 1, 7), target, list, offsets);
  given.set(e, real(rows * 7)).set(
    own,
    Float64Array.from({ length: rows }, (_, r) => r),
  );
  expect(given.has(weights)).toBe(true);
  const seed = o.input('seed', [1]);
  const factors = real(rows);
  given.set(seed, factors);
  const exact = reference(backward(y, seed).rows[0].values, given, rows);
  const values = given.get(e) as Float64Array;
  const at = (k: number, shift: number): number => {
    const kept = values[k];
    values[k] = kept + shift * 2e-4;
    const sum = reference(y, given, rows).reduce((total, v, n) => total + v * factors[n], 0);
    values[k] = kept;
    return sum;
  };
  const numeric = values.map((_, k) => (8 * (at(k, 1) - at(k, -1)) - (at(k, 2) - at(k, -2))) / (12 * 2e-4));
  expect(worst(exact, numeric) / Math.max(...numeric.map(Math.abs))).toBeLessThanOrEqual(1e-6);
});

describe.each(engines)('$build, $threads threads', (engine) => {
  it.each(sizes)('agrees with the reference (%i candidates, %i rows)', (n, rows) => {
    const { y, gradient, given } = made(n, rows);
    expect(worst(runExpression(engine, y, given, rows), reference(y, given, rows))).toBeLessThan(3e-6);
    expect(worst(runExpression(engine, gradient, given, rows), reference(gradient, given, rows))).toBeLessThan(3e-6);
    expect(runExpression(engine, y, given, 0)).toHaveLength(0);
  });

  it('is 0 where no candidate counts, exact for huge scores, and NaN where a score is', () => {
    const { y, gradient, given, list, scores, target } = made(5, 3);
    (given.get(list) as Float64Array).fill(-1);
    expect([...runExpression(engine, y, given, 3)]).toEqual([0, 0, 0]);
    expect([...runExpression(engine, gradient, given, 3)].every((v) => v === 0)).toBe(true);
    given.set(list, Float64Array.of(1, 2, 3, 4, 5)).set(target, Float64Array.of(0, 0, 3));
    const x = given.get(scores) as Float64Array;
    x[1] = 300;
    x[7] = Number.NaN;
    // the target's own entry does not count
    x[10 + 2] = Number.NaN;
    const got = runExpression(engine, y, given, 3);
    const want = reference(y, given, 3);
    expect(got[0]).toBeCloseTo(want[0], 3);
    expect([...got].map(Number.isNaN)).toEqual([false, true, false]);
    expect([...want].map(Number.isNaN)).toEqual([false, true, false]);
  });
});

it('refuses what does not fit', () => {
  const { t, scores, target, list, offsets } = made(4, 1);
  const codeOf = (...inputs: Parameters<typeof o.targetCrossEntropy>) =>
    thrownCode(() => o.targetCrossEntropy(...inputs));
  expect(codeOf(scores, scores, target, list, offsets)).toBe('shape');
  expect(codeOf(t, o.input('x', [3]), target, list, offsets)).toBe('shape');
  expect(codeOf(t, scores, o.indexInput('i', 2), list, offsets)).toBe('shape');
  expect(codeOf(t, scores, target, o.listInput('l', 3), offsets)).toBe('shape');
});

coversFamily(targetLossOps);
