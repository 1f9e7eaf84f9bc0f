/** Products of shared matrices of every depth, and corrupted copies: how rows and columns move. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import * as o from '../../src/engine/ops/index.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { runExpression } from './run-expression.ts';
import { thrownCode } from './thrown-code.ts';

const engines = [
  new Engine({ threads: 1, kernels: 'relaxed', blas: 'off' }),
  new Engine({ threads: 3, kernels: 'simd', blas: 'off' }),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const drawn = (n: number, random: RandomStream) => Float64Array.from({ length: n }, () => Math.fround(random.normal()));

describe.each(engines)('$build, $threads threads', (engine) => {
  // from a depth of 1024 on the second matrix is read where it lies
  it.each([
    [3, 5, 4],
    [70, 64, 64],
    [4, 1500, 9],
    [1, 1, 1],
  ])('multiplies [%i, %i] by %i columns as plain loops do, turned or not', (n, k, m) => {
    const random = new RandomStream(n + k + m, 'matrices');
    const [x, w, turned] = [o.parameter('x', [n, k]), o.parameter('w', [k, m]), o.parameter('wᵀ', [m, k])];
    const [a, b] = [drawn(n * k, random), drawn(k * m, random)];
    const given = new Map([
      [x, a],
      [w, b],
      [turned, Float64Array.from({ length: m * k }, (_, at) => b[(at % k) * m + Math.floor(at / k)])],
    ]);
    for (const right of [w, o.transpose(turned)])
      for (const inBlocks of [false, true]) {
        const got = runExpression(engine, o.matrixProduct(x, right), given, 1, inBlocks);
        const errors = Array.from(got, (value, at) => {
          let sum = 0;
          for (let p = 0; p < k; p++) sum += a[Math.floor(at / m) * k + p] * b[p * m + (at % m)];
          return Math.abs(value - sum);
        });
        expect(Math.max(...errors)).toBeLessThan(4e-5 * (1 + Math.sqrt(k)));
      }
  });

  it('moves every row to the place of another one, each as often', () => {
    const [n, m, draws] = [5, 3, 400];
    const x = o.parameter('x', [n, m]);
    const given = new Map([[x, Float64Array.from({ length: n * m }, (_, k) => k)]]);
    const moved = Array<number>(n).fill(0);
    for (let key = 0; key < draws; key++) {
      const got = runExpression(engine, o.rotated(x, [key, 3]), given, 1);
      const by = got[0] / m;
      moved[by]++;
      expect([...got]).toEqual(Array.from({ length: n * m }, (_, k) => (k + by * m) % (n * m)));
    }
    expect(moved[0]).toBe(0);
    for (const times of moved.slice(1)) expect(Math.abs(times - draws / 4)).toBeLessThan(40);
  });

  it('leaves a single row and a single column where they are', () => {
    const [row, column] = [o.parameter('row', [1, 3]), o.parameter('column', [2, 1])];
    const given = new Map([
      [row, Float64Array.of(1, 2, 3)],
      [column, Float64Array.of(7, 8)],
    ]);
    expect([...runExpression(engine, o.rotated(row, [1, 1]), given, 1)]).toEqual([1, 2, 3]);
    expect([...runExpression(engine, o.rotated(column, [1, 1], { columns: true }), given, 1)]).toEqual([8, 7]);
  });
});

it('refuses what does not fit', () => {
  const [x, w] = [o.parameter('x', [2, 3]), o.parameter('w', [2, 3])];
  for (const made of [
    () => o.matrixProduct(x, w),
    () => o.matrixProduct(o.input('rows', [3]), o.transpose(w)),
    () => o.rotated(o.input('rows', [3]), [1, 2]),
    () => o.rowDot(x, o.transpose(w)),
    () => o.multiplyColumn(x, o.parameter('s', [3, 1])),
    () => o.reshaped(x, [4]),
  ])
    expect(thrownCode(made)).toBe('shape');
});
