import { tmpdir } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/engine/expression.ts';
import * as o from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { findBlas } from '../../src/engine/runtime/blas.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { neumfTraining } from './neumf-training.ts';
import { runExpression } from './run-expression.ts';

const { library } = findBlas('auto');
const off = new Engine({ threads: 1, blas: 'off' });
const engines = library ? [1, 2, 3].map((threads) => new Engine({ threads })) : [];
afterAll(() => {
  for (const engine of [off, ...engines]) engine.close();
});

describe('choosing a BLAS', () => {
  it('uses none when none is wanted', () => {
    expect(findBlas('off')).toEqual({ library: null, notice: null });
    expect(off.blas).toBeNull();
  });

  it('says in one line why a named library cannot be used, and computes all the same', () => {
    const missing = new Engine({ threads: 1, blas: '/nowhere/libblas.so' });
    expect(missing.blas).toBeNull();
    expect(missing.notice).toMatch(/^blas: .*using WebAssembly$/);
    expect(missing.notice).not.toContain('\n');
    const x = o.input('x', [3]);
    const w = o.parameter('w', [3, 2]);
    const given = new Map<Tensor, Float64Array>([
      [x, Float64Array.of(1, 2, 3)],
      [w, Float64Array.of(1, 4, 2, 5, 3, 6)],
    ]);
    expect([...runExpression(missing, o.linear(x, w), given, 1)]).toEqual([1 + 4 + 9, 4 + 10 + 18]);
    missing.close();
  });

  it.runIf(process.platform === 'linux')('refuses a library that has no matrix product', () => {
    const { library: none, notice } = findBlas('libm.so.6');
    expect(none).toBeNull();
    expect(notice).toMatch(/^blas: "libm.so.6" cannot be loaded/);
  });

  it('opens files alone: a pipe would never end', () => {
    expect(findBlas(tmpdir()).notice).toBe(
      `blas: "${tmpdir()}" cannot be loaded (it must be a file); using WebAssembly`,
    );
  });
});

// sizes on both sides of the limit below which products stay with WebAssembly, and ragged ones
const shapes = [
  [1, 11, 12],
  [3, 64, 32],
  [33, 7, 19],
  [128, 31, 33],
  [129, 16, 8],
  [300, 100, 65],
];

describe.skipIf(!library)('products by the system BLAS (skipped: no BLAS on this machine)', () => {
  it('names the library', () => {
    expect(engines[0].blas?.title).toMatch(/\S/);
    expect(engines[0].notice).toBeNull();
  });

  it.each(shapes)('%i rows, %i inputs, %i outputs are those of float64 within rounding', (rows, k, n) => {
    checkProducts(engines, rows, k, n);
  });

  // with a low limit each of these is cut: into rows, columns, depth, depth and rows of the sum over the batch
  it.each([
    [100, 30, 40],
    [10, 30, 200],
    [10, 200, 30],
    [5, 60, 201],
    [97, 83, 85],
  ])('%i rows, %i inputs, %i outputs in pieces that the library does not copy', (rows, k, n) => {
    const engine = new Engine({ threads: 1 });
    engine.kernels.useBlas(1, 40_000);
    checkProducts([engine], rows, k, n);
    engine.close();
  });

  it.each([
    [1, 4, 5, 3, 40],
    [37, 5, 13, 2, 9],
    [130, 9, 20, 4, 30],
  ])('convolutions and their gradients are those of float64: %i rows, %i steps', (rows, steps, n, height, m) => {
    const [x, w] = [o.input('x', [steps * n]), o.parameter('w', [height * n, m])];
    const y = o.convolution(x, w, steps);
    const seed = o.input('dy', [y.size]);
    const [dx, , dw] = y.op.gradient(y, seed) as [Tensor, null, Tensor];
    const given = new Map(
      [x, w, seed].map((tensor, k) => [tensor, drawn(tensor === w ? w.size : rows * tensor.size, k)]),
    );
    for (const tensor of [y, dx, dw]) {
      const want = evaluateReference([tensor], given, rows).get(tensor) as Float64Array;
      for (const engine of engines)
        close(
          runExpression(engine, tensor, given, rows),
          want,
          2 ** -22 * (tensor === dw ? rows * steps : height * n * m),
        );
    }
  });

  it.each([1, 31, 257])('training gives the same bytes on 1, 2 and 3 threads, batches of %i', (batchSize) => {
    const results = engines.map((engine) => {
      const training = neumfTraining(engine, batchSize, {}, [40, 30, 20]);
      const { lossSum } = training.plan.run(1, 0, 9);
      const bytes = training.bytes().toString('base64');
      training.free();
      return `${lossSum} ${bytes}`;
    });
    expect(new Set(results).size).toBe(1);
  });

  it('gives nearly the same weights as WebAssembly in training', () => {
    const [first, second] = [engines[0], off].map((engine) => {
      const training = neumfTraining(engine, 64, {}, [40, 30, 20]);
      training.plan.run(1, 0, 9);
      const values = training.names.map((name) => training.read(name).slice());
      training.free();
      return values;
    });
    const difference = first.map((values, n) => Math.max(...values.map((v, i) => Math.abs(v - second[n][i]))));
    expect(Math.max(...difference)).toBeLessThan(2e-3);
  });
});

const drawn = (length: number, seed: number) =>
  Float64Array.from({ length }, (_, i) => Math.fround(Math.sin(i * 12.9898 + seed) * 0.9));

/** Products with W, with a transposed W, and of both sides summed over the batch, against float64. */
function checkProducts(on: readonly Engine[], rows: number, k: number, n: number): void {
  const x = o.input('x', [k]);
  const w = o.parameter('w', [k, n]);
  const wide = o.parameter('wide', [n, k]);
  const bias = o.parameter('bias', [n]);
  const given = new Map([
    [x, drawn(rows * k, 1)],
    [w, drawn(k * n, 2)],
    [wide, drawn(n * k, 3)],
    [bias, drawn(n, 4)],
  ]);
  const at = (tensor: Tensor, index: number) => (given.get(tensor) as Float64Array)[index];
  const product = (weight: (p: number, j: number) => number, b: boolean, relu: boolean) =>
    Float64Array.from({ length: rows * n }, (_, i) => {
      let sum = b ? at(bias, i % n) : 0;
      for (let p = 0; p < k; p++) sum += at(x, Math.floor(i / n) * k + p) * weight(p, i % n);
      return relu ? Math.max(0, sum) : sum;
    });
  const plain = product((p, j) => at(w, p * n + j), true, true);
  const turned = product((p, j) => at(wide, j * k + p), false, false);
  const once = product((p, j) => at(w, p * n + j), false, false).subarray(0, n);
  const outer = Float64Array.from({ length: k * n }, (_, i) => {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += at(x, r * k + Math.floor(i / n)) * turned[r * n + (i % n)];
    return sum;
  });
  const bound = 4 * k * 2 ** -24;
  for (const engine of on) {
    close(runExpression(engine, o.linear(x, w, { bias, relu: true }), given, rows), plain, bound);
    const transposed = o.linear(x, o.transpose(wide));
    close(runExpression(engine, transposed, given, rows), turned, bound);
    close(runExpression(engine, o.outerSum(x, transposed), given, rows), outer, bound * rows);
    const repeated = runExpression(engine, o.linear(o.slice(x, 0, k), w), given, rows);
    close(repeated.subarray(0, n), once, bound);
  }
}

function close(found: Float32Array, expected: Float64Array, bound: number): void {
  expect(found).toHaveLength(expected.length);
  const worst = Math.max(...found.map((value, i) => Math.abs(value - expected[i])));
  expect(worst).toBeLessThan(Math.max(bound, 1e-6));
}
