import { afterAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/engine/expression.ts';
import * as o from '../../src/engine/ops/index.ts';
import { computeRows } from '../../src/engine/plan/row-plan.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { wideEngines } from './wide-engines.ts';

const engines = [
  new Engine({ threads: 1, kernels: 'relaxed' }),
  new Engine({ threads: 1, kernels: 'simd' }),
  ...wideEngines(),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

interface Bound {
  readonly name: string;
  readonly op: (x: Tensor) => Tensor;
  readonly exact: (x: number) => number;
  /** As stated in kernels/vector-math.ts and docs/engine.md. */
  readonly ulps: number;
  /** x → value at places where a curve has its edges. */
  readonly special: readonly (readonly [number, number])[];
}

const infinity = Number.POSITIVE_INFINITY;
const bounds: Bound[] = [
  {
    name: 'exp',
    op: o.exp,
    exact: Math.exp,
    ulps: 1,
    special: [
      [0, 1],
      [-0, 1],
      [infinity, infinity],
      [-infinity, 0],
      [88.73, infinity],
      [-87.34, 0],
      [-104, 0],
    ],
  },
  {
    name: 'log',
    op: o.log,
    exact: Math.log,
    ulps: 1,
    special: [
      [1, 0],
      [0, -infinity],
      [-0, -infinity],
      [infinity, infinity],
      [-1, Number.NaN],
      [-infinity, Number.NaN],
      [2 ** -149, Math.fround(-149 * Math.LN2)],
    ],
  },
  {
    name: 'tanh',
    op: o.tanh,
    exact: Math.tanh,
    ulps: 1.5,
    special: [
      [0, 0],
      [infinity, 1],
      [-infinity, -1],
      [20, 1],
      [1e-30, Math.fround(1e-30)],
    ],
  },
  {
    name: 'sigmoid',
    op: o.sigmoid,
    exact: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
    ulps: 2.5,
    special: [
      [0, 0.5],
      [infinity, 1],
      [-infinity, 0],
      [40, 1],
      [-88, 0],
    ],
  },
  {
    name: 'softplus',
    op: o.softplus,
    exact: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    ulps: 2,
    special: [
      [0, Math.fround(Math.LN2)],
      [infinity, infinity],
      [-infinity, 0],
      [100, 100],
      [-100, 0],
    ],
  },
];

const width = 1024;

function apply(engine: Engine, { op }: Bound, xs: Float32Array): Float32Array {
  const x = o.input('x', [width]);
  const padded = new Float32Array(Math.ceil(xs.length / width) * width);
  padded.set(xs);
  const [y] = computeRows(
    engine,
    new ParameterStore(engine, []),
    [op(x)],
    new Map([[x, padded]]),
    padded.length / width,
  );
  return y.subarray(0, xs.length);
}

const bytesOf = (xs: Float32Array): Buffer => Buffer.from(xs.buffer, xs.byteOffset, xs.byteLength);

/** The distance of neighbouring single-precision numbers around a value. */
const spacing = (value: number): number => 2 ** (Math.floor(Math.log2(Math.abs(Math.fround(value)))) - 23);

/** Numbers of all magnitudes (every 4,093rd bit pattern, NaN and infinities among them) and dense sweeps. */
const everywhere = new Float32Array(Uint32Array.from({ length: 2 ** 20 }, (_, k) => Math.imul(k, 4093)).buffer);
const sweep = (from: number, to: number) =>
  Float32Array.from({ length: 2 ** 18 }, (_, k) => from + ((to - from) * k) / 2 ** 18);
const sweeps = [everywhere, sweep(-105, 105), sweep(-2, 2), sweep(-1e-3, 1e-3)];

function worstError({ exact }: Bound, xs: Float32Array, ys: Float32Array): { ulps: number; wrong: number[] } {
  let ulps = 0;
  const wrong: number[] = [];
  xs.forEach((x, k) => {
    const value = exact(x);
    const single = Math.fround(value);
    const isTiny = Math.abs(value) < 2 ** -126;
    if (Number.isFinite(single) && Number.isFinite(ys[k]) && !isTiny)
      ulps = Math.max(ulps, Math.abs(ys[k] - value) / spacing(value));
    else if (!(isTiny ? Math.abs(ys[k]) <= 2 ** -126 : Object.is(ys[k], single))) wrong.push(x);
  });
  return { ulps, wrong };
}

describe.each(bounds)('$name', (bound) => {
  it(`stays within ${bound.ulps} ulp of float64, the same bits in both builds`, () => {
    for (const xs of sweeps) {
      const ys = apply(engines[0], bound, xs);
      const { ulps, wrong } = worstError(bound, xs, ys);
      expect(wrong).toEqual([]);
      expect(ulps).toBeLessThanOrEqual(bound.ulps);
      expect(bytesOf(apply(engines[1], bound, xs)).equals(bytesOf(ys))).toBe(true);
    }
  });

  it.each(engines)('has exact values at its edges and keeps NaN ($build)', (engine) => {
    const xs = Float32Array.from([Number.NaN, ...bound.special.map(([x]) => x)]);
    expect([...apply(engine, bound, xs)]).toEqual([Number.NaN, ...bound.special.map(([, value]) => value)]);
  });
});
