/** Causal self-attention: against a plain implementation, its gradient, what is masked, dropout, threads. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { Tensor } from '../../src/engine/expression.ts';
import { backward } from '../../src/engine/gradient.ts';
import { attentionOps } from '../../src/engine/ops/attention.ts';
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
  ...wideEngines(),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const random = new RandomStream(11, 'attention');
const real = (n: number) => Float64Array.from({ length: n }, () => Math.fround(2 * random.uniform() - 1));

/** Steps back of sequences of these lengths, one after the other; a negative length is so many rows without event. */
function stepsBack(lengths: readonly number[]): Float64Array {
  return Float64Array.from(lengths.flatMap((n) => Array.from({ length: Math.abs(n) }, (_, t) => (n < 0 ? -1 : t))));
}

/** Attention within one sequence, the textbook way: full matrix of scores, −∞ above the diagonal. */
function plainAttention(x: readonly (readonly number[])[], width: number, heads: number): number[][] {
  const depth = width / heads;
  const out = x.map(() => new Array<number>(width).fill(0));
  x.forEach((row, t) => {
    for (let h = 0; h < heads; h++) {
      const scores = x.map((other, c) => {
        if (c > t) return Number.NEGATIVE_INFINITY;
        let dot = 0;
        for (let i = h * depth; i < (h + 1) * depth; i++) dot += row[i] * other[width + i];
        return dot / Math.sqrt(depth);
      });
      const highest = Math.max(...scores);
      const e = scores.map((score) => Math.exp(score - highest));
      const total = e.reduce((sum, v) => sum + v);
      for (let j = h * depth; j < (h + 1) * depth; j++)
        out[t][j] = x.reduce((sum, other, c) => sum + (c > t ? 0 : (e[c] / total) * other[2 * width + j]), 0);
    }
  });
  return out;
}

interface Case {
  readonly width: number;
  readonly heads: number;
  readonly window: number;
  readonly lengths: readonly number[];
}

const cases: readonly Case[] = [
  { width: 1, heads: 1, window: 1, lengths: [1, 1, -1, 1] },
  { width: 3, heads: 1, window: 4, lengths: [4, 3, -1, -4, 2, 2] },
  { width: 6, heads: 2, window: 31, lengths: [7, 23, -1, 31, 1, 1, 1] },
  { width: 20, heads: 4, window: 50, lengths: [25, 25, -50, 50, 24, -26, 49] },
  { width: 50, heads: 1, window: 200, lengths: [200, 97, 97, -6, 6, 13, 48, 47] },
  { width: 33, heads: 3, window: 77, lengths: [-77, 77, 30, 47] },
  { width: 64, heads: 2, window: 450, lengths: [449] },
];

function made({ width, heads, window, lengths }: Case, options: { dropout?: number } = {}) {
  const qkv = o.input('qkv', [3 * width]);
  const back = o.indexInput('back');
  const steps = stepsBack(lengths);
  const y = o.causalAttention(qkv, back, { heads, window, key: [3, 4], ...options });
  const given = new Map<Tensor, Float64Array>([
    [qkv, real(steps.length * 3 * width)],
    [back, steps],
  ]);
  return { qkv, back, y, given, rows: steps.length };
}

/** The op's gradient for a dy that is fed. */
function gradientOf({ qkv, back, y, given, rows }: ReturnType<typeof made>) {
  const dy = o.input('dy', y.shape);
  given.set(dy, real(rows * y.size));
  return new Tensor(attentionOps.attentionGradient, [qkv, back, dy], 'batch', qkv.shape, y.attributes);
}

const reference = (y: Tensor, given: Map<Tensor, Float64Array>, rows: number): Float64Array =>
  evaluateReference([y], given, rows).get(y) as Float64Array;

const worst = (got: ArrayLike<number>, want: ArrayLike<number>): number => {
  expect(got).toHaveLength(want.length);
  return Math.max(...Array.from(want, (v, k) => Math.abs(v - got[k])));
};

it.each(cases)('has a reference that is the textbook attention (d = $width, $heads heads)', (shape) => {
  const { y, qkv, given, rows } = made(shape);
  const got = reference(y, given, rows);
  const x = given.get(qkv) as Float64Array;
  let from = 0;
  for (const n of shape.lengths) {
    const w = shape.width;
    const sequence = Array.from({ length: Math.max(0, n) }, (_, t) => [
      ...x.slice((from + t) * 3 * w, (from + t + 1) * 3 * w),
    ]);
    const want = n < 0 ? new Array(-n * w).fill(0) : plainAttention(sequence, w, shape.heads).flat();
    expect(worst(got.subarray(from * w, (from + Math.abs(n)) * w), want)).toBeLessThan(1e-12);
    from += Math.abs(n);
  }
});

it.each([0, 0.4])('has the gradient of its values (dropout %f, float64, ≤ 1e-6)', (dropout) => {
  const shape = { width: 4, heads: 2, window: 6, lengths: [4, -1, 1, 6, -2, 3] };
  const { given, rows, back } = made(shape);
  // the table's rows are the rows of the batch
  const e = o.table('e', rows, 12);
  const own = o.indexInput('own');
  const y = o.causalAttention(o.lookup(e, own), back, { heads: 2, window: 6, dropout, key: [5, 6] });
  given.set(e, real(rows * 12)).set(
    own,
    Float64Array.from({ length: rows }, (_, r) => r),
  );
  const seed = o.input('seed', [4]);
  const weights = real(rows * 4);
  given.set(seed, weights);
  const [gradient] = backward(y, seed).rows;
  const exact = reference(gradient.values, given, rows);
  const values = given.get(e) as Float64Array;
  const at = (k: number, shift: number): number => {
    const kept = values[k];
    values[k] = kept + shift * 2e-4;
    const sum = reference(y, given, rows).reduce((total, v, n) => total + v * weights[n], 0);
    values[k] = kept;
    return sum;
  };
  const numeric = values.map((_, k) => (8 * (at(k, 1) - at(k, -1)) - (at(k, 2) - at(k, -2))) / (12 * 2e-4));
  const largest = Math.max(...numeric.map(Math.abs));
  expect(largest).toBeGreaterThan(0.1);
  expect(worst(exact, numeric) / largest).toBeLessThanOrEqual(1e-6);
});

describe.each(engines)('$build, $threads threads', (engine) => {
  it.each(cases)('agrees with the reference (d = $width, $heads heads, windows of $window)', (shape) => {
    for (const dropout of [0, 0.3]) {
      const all = made(shape, { dropout });
      expect(
        worst(runExpression(engine, all.y, all.given, all.rows), reference(all.y, all.given, all.rows)),
      ).toBeLessThan(3e-6);
      const gradient = gradientOf(all);
      const want = reference(gradient, all.given, all.rows);
      expect(worst(runExpression(engine, gradient, all.given, all.rows), want)).toBeLessThan(2e-5);
    }
  });

  it('survives scores that exp cannot hold, and gives nothing for no rows', () => {
    const all = made({ width: 8, heads: 1, window: 40, lengths: [40] });
    const x = all.given.get(all.qkv) as Float64Array;
    for (let k = 0; k < x.length; k++) x[k] = Math.fround(x[k] * (k % 24 < 16 ? 60 : 1));
    const got = runExpression(engine, all.y, all.given, all.rows);
    expect(worst(got, reference(all.y, all.given, all.rows))).toBeLessThan(1e-3);
    expect(runExpression(engine, all.y, all.given, 0)).toHaveLength(0);
  });

  it('lets what is not finite reach its own and later rows of its sequence only', () => {
    for (const part of [0, 1, 2])
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const all = made({ width: 5, heads: 1, window: 60, lengths: [9, 40, 11] });
        (all.given.get(all.qkv) as Float64Array)[(9 + 20) * 15 + part * 5 + 2] = bad;
        const got = runExpression(engine, all.y, all.given, all.rows);
        const finiteRows = Array.from({ length: 60 }, (_, r) => got.subarray(r * 5, r * 5 + 5).every(Number.isFinite));
        finiteRows.forEach((finite, r) => {
          const mayBeBad = r >= 29 && r < 49;
          if (!mayBeBad) expect(finite).toBe(true);
        });
        // an infinite query or key may take all or no weight; NaN and values always show
        if (Number.isNaN(bad) || part === 2) expect(finiteRows[29]).toBe(false);
        const want = reference(all.y, all.given, all.rows);
        expect(Array.from(got, Number.isNaN)).toEqual(Array.from(want, Number.isNaN));
      }
  });

  it('gives NaN where a sequence does not begin in its window', () => {
    const all = made({ width: 2, heads: 1, window: 4, lengths: [3, 2, 2, -1] });
    const want = reference(all.y, all.given, all.rows);
    const bad = (values: ArrayLike<number>) => Array.from({ length: 8 }, (_, r) => Number.isNaN(values[2 * r]));
    expect(bad(want)).toEqual([false, false, false, false, true, false, false, false]);
    expect(bad(runExpression(engine, all.y, all.given, all.rows))).toEqual(bad(want));
    const gradient = gradientOf(all);
    expect(bad(runExpression(engine, o.slice(gradient, 0, 2), all.given, all.rows))).toEqual(bad(want));
  });
});

it('keeps the share of weights that it should, without changing their mean', () => {
  // all values 1: a row is the sum of its kept weights
  const { y, qkv, given, rows } = made({ width: 2, heads: 2, window: 300, lengths: [300] }, { dropout: 0.25 });
  (given.get(qkv) as Float64Array).forEach((_, k, all) => {
    all[k] = k % 6 < 4 ? 0 : 1;
  });
  const got = runExpression(engines[0], y, given, rows);
  expect(got.reduce((a, b) => a + b) / got.length).toBeCloseTo(1, 1);
  // first row: one weight, kept or not, on its own in both heads
  expect([0, Math.fround(65_536 / (65_536 - 16_384))]).toContain(got[0]);
  expect(got[2 * 299]).not.toBe(got[2 * 299 + 1]);
});

const blas = new Engine({ threads: 1 });
afterAll(() => blas.close());
it.runIf(blas.blas !== null).each(cases)('agrees with the reference by the system BLAS (d = $width)', (shape) => {
  const all = made(shape, { dropout: 0.2 });
  expect(worst(runExpression(blas, all.y, all.given, all.rows), reference(all.y, all.given, all.rows))).toBeLessThan(
    3e-6,
  );
  const gradient = gradientOf(all);
  const want = reference(gradient, all.given, all.rows);
  expect(worst(runExpression(blas, gradient, all.given, all.rows), want)).toBeLessThan(2e-5);
});

it('gives the same bytes on any number of threads', () => {
  const all = made({ width: 12, heads: 2, window: 64, lengths: Array(20).fill([40, 24]).flat() }, { dropout: 0.1 });
  const gradient = gradientOf(all);
  for (const tensor of [all.y, gradient]) {
    const pool = engines[2];
    const alone = engines.find(({ build, threads }) => threads === 1 && build === pool.build);
    const [one, three] = [alone, pool].map((engine) => runExpression(engine ?? pool, tensor, all.given, all.rows));
    expect(three).toEqual(one);
  }
});

it('refuses what does not fit', () => {
  const back = o.indexInput('back');
  const qkv = o.input('x', [12]);
  const options = { heads: 2, window: 8 };
  expect(thrownCode(() => o.causalAttention(o.input('x', [10]), back, options))).toBe('shape');
  expect(thrownCode(() => o.causalAttention(qkv, back, { ...options, heads: 3 }))).toBe('shape');
  expect(thrownCode(() => o.causalAttention(qkv, o.indexInput('i', 2), options))).toBe('shape');
  expect(thrownCode(() => o.causalAttention(qkv, back, { ...options, window: 0 }))).toBe('shape');
  expect(thrownCode(() => o.causalAttention(qkv, back, { ...options, dropout: 1, key: [1, 2] }))).toBe('config');
  expect(thrownCode(() => o.causalAttention(qkv, back, { ...options, dropout: 0.1 }))).toBe('config');
  expect(thrownCode(() => o.standardise(o.parameter('w', [3]), 1))).toBe('shape');
  expect(thrownCode(() => o.standardise(qkv, 0))).toBe('config');
});

it('normalises rows by hand', () => {
  const x = o.input('x', [4]);
  const given = new Map([[x, Float64Array.of(1, 2, 3, 6)]]);
  // mean 3, variance 3.5
  const want = [-2, -1, 0, 3].map((v) => v / Math.sqrt(4));
  expect(worst(runExpression(engines[0], o.standardise(x, 0.5), given, 1), want)).toBeLessThan(1e-6);
});

coversFamily(attentionOps);
