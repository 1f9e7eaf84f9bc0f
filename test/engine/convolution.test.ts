/** Convolution over the steps of a row: values and derivatives at odd sizes, by lanes and by blocks, against plain loops. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { Tensor } from '../../src/engine/expression.ts';
import { convolutionOps } from '../../src/engine/ops/convolution.ts';
import * as o from '../../src/engine/ops/index.ts';
import { packed } from '../../src/engine/ops/linear.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { checkOp } from './check-op.ts';
import { coversFamily } from './covers-family.ts';
import { runExpression } from './run-expression.ts';
import { thrownCode } from './thrown-code.ts';
import { wideEngines } from './wide-engines.ts';

const engines = [
  new Engine({ threads: 1, kernels: 'relaxed', blas: 'off' }),
  new Engine({ threads: 2, kernels: 'simd', blas: 'off' }),
  ...wideEngines(),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const [steps, height] = [4, 3];
const places = steps - height + 1;
checkOp(
  'convolution',
  {
    build: ({ batch, shared }, n) => o.convolution(batch(steps * n), shared([height * n, 5]), steps, shared([5])),
    absolute: (n) => 4 * height * n + 2,
  },
  engines,
);
checkOp(
  'convolutionInput',
  {
    build: ({ batch, shared }, n) => {
      const w = shared([5, height * n]);
      const operands = [batch(places * 5), packed(w), w];
      return new Tensor(convolutionOps.convolutionInput, operands, 'batch', [steps * n], { places, width: n });
    },
    absolute: () => 4 * 5 * places + 2,
  },
  engines,
);
checkOp(
  'convolutionWeights',
  {
    build: ({ batch }, n) => {
      const operands = [batch(steps * n), batch(places * 3)];
      return new Tensor(convolutionOps.convolutionWeights, operands, 'shared', [height * n, 3], { places, width: n });
    },
    absolute: (_n, rows) => 4 * places * rows,
  },
  engines,
);

const random = new RandomStream(4, 'convolution');
const real = (n: number) => Float64Array.from({ length: n }, () => Math.fround(random.normal()));

/** Every number of every place by itself. */
function byHand(x: Float64Array, w: Float64Array, b: Float64Array, rows: number, t: number, n: number): number[] {
  const m = b.length;
  const h = w.length / m / n;
  const out: number[] = [];
  for (let r = 0; r < rows; r++)
    for (let place = 0; place + h <= t; place++)
      for (let j = 0; j < m; j++) {
        let sum = b[j];
        for (let s = 0; s < h; s++)
          for (let k = 0; k < n; k++) sum += x[(r * t + place + s) * n + k] * w[(s * n + k) * m + j];
        out.push(sum);
      }
  return out;
}

describe.each(engines)('$build', (engine) => {
  it.each([
    [1, 1, 1, 1, 1],
    [3, 5, 5, 7, 2],
    [37, 9, 2, 13, 17],
    [70, 5, 4, 50, 16],
  ])('is the sum over a window of steps: %i rows, %i steps, height %i, %i numbers, %i filters', (rows, t, h, n, m) => {
    const [x, w, b] = [o.input('x', [t * n]), o.parameter('w', [h * n, m]), o.parameter('b', [m])];
    const given = new Map<Tensor, Float64Array>([
      [x, real(rows * t * n)],
      [w, real(h * n * m)],
      [b, real(m)],
    ]);
    const [xs, ws, bs] = [x, w, b].map((each) => given.get(each) as Float64Array);
    const want = byHand(xs, ws, bs, rows, t, n);
    const got = runExpression(engine, o.convolution(x, w, t, b), given, rows);
    expect(got.length).toBe(want.length);
    expect(Math.max(...want.map((v, k) => Math.abs(v - got[k])))).toBeLessThan(2e-5 * Math.sqrt(h * n));
  });

  it('sums the gradient of the filters by blocks of rows as in lanes', () => {
    const [rows, t, n, m] = [33, 6, 11, 7];
    const [x, dy] = [o.input('x', [t * n]), o.input('dy', [4 * m])];
    const given = new Map([
      [x, real(rows * t * n)],
      [dy, real(rows * 4 * m)],
    ]);
    const shape = [3 * n, m];
    const sum = new Tensor(convolutionOps.convolutionWeights, [x, dy], 'shared', shape, { places: 4, width: n });
    const [lanes, blocks] = [false, true].map((inBlocks) => runExpression(engine, sum, given, rows, inBlocks));
    expect(Math.max(...lanes.map((v, k) => Math.abs(v - blocks[k])))).toBeLessThan(1e-4);
  });
});

it('refuses what does not fit', () => {
  const x = o.input('x', [12]);
  const codes = [
    () => o.convolution(x, o.parameter('w', [6, 2]), 5),
    () => o.convolution(x, o.parameter('w', [4, 2]), 4),
    () => o.convolution(x, o.parameter('w', [15, 2]), 4),
    () => o.convolution(x, o.parameter('w', [6, 2]), 4, o.parameter('b', [3])),
    () => o.convolution(o.parameter('p', [12]), o.parameter('w', [6, 2]), 4),
  ].map(thrownCode);
  expect(new Set(codes)).toEqual(new Set(['shape']));
});

coversFamily(convolutionOps);
