/** Lists of candidates, carried rows, dropout by lane, and shared work by blocks of rows. */
import { afterAll, describe, expect, it } from 'vitest';
import { philox, RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { gradientsOfMean } from '../../src/engine/gradient.ts';
import * as o from '../../src/engine/ops/index.ts';
import { listOps } from '../../src/engine/ops/lists.ts';
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

type Given = Map<Tensor, Float64Array>;
const random = new RandomStream(7, 'lists');
const real = (n: number) => Float64Array.from({ length: n }, () => Math.fround(random.normal()));

/** Largest difference between kernels and reference, relative to the size of the sums. */
function worst(engine: Engine, y: Tensor, given: Given, rows: number, inBlocks: boolean): number {
  const want = evaluateReference([y], given, rows).get(y) as Float64Array;
  const got = runExpression(engine, y, given, rows, inBlocks);
  expect(got).toHaveLength(want.length);
  return Math.max(...want.map((v, k) => Math.abs(v - got[k])));
}

const sizes = [
  { n: 1, d: 1, rows: 1 },
  { n: 7, d: 3, rows: 2 },
  { n: 24, d: 8, rows: 5 },
  { n: 97, d: 13, rows: 33 },
  { n: 800, d: 20, rows: 40 },
];

describe.each(engines)('$build, $threads threads', (engine) => {
  it.each(sizes)('looks up lists, with zeros for −1 ($n × $d)', ({ n, d }) => {
    const e = o.table('e', 11, d);
    const list = o.listInput('c', n);
    const entries = Float64Array.from({ length: n }, (_, j) => (j % 5 === 3 ? -1 : random.below(11)));
    const given: Given = new Map([
      [e, real(11 * d)],
      [list, entries],
    ]);
    const rows = given.get(e) as Float64Array;
    const want = [...entries].flatMap((i) => Array.from({ length: d }, (_, j) => (i < 0 ? 0 : rows[i * d + j])));
    for (const inBlocks of [false, true])
      expect([...runExpression(engine, o.listLookup(e, list), given, 1, inBlocks)]).toEqual(want);
  });

  it('reads what was carried from where it was put', () => {
    const h = o.carried('h', [3]);
    const given: Given = new Map([[h, Float64Array.of(1, 2, 3, 4, 5, 6)]]);
    expect([...runExpression(engine, o.affine(h, 2), given, 2)]).toEqual([2, 4, 6, 8, 10, 12]);
  });

  it('gives NaN for an entry outside the table', () => {
    const e = o.table('e', 3, 2);
    const list = o.listInput('c', 3);
    const given: Given = new Map([
      [e, real(6)],
      [list, Float64Array.of(3, -2, 0)],
    ]);
    for (const inBlocks of [false, true]) {
      const values = runExpression(engine, o.listLookup(e, list), given, 1, inBlocks);
      expect([...values].map(Number.isNaN)).toEqual([true, true, true, true, false, false]);
    }
  });

  it.each(sizes)('sums over the batch by blocks of rows ($rows rows of $n and $d)', ({ n, d, rows }) => {
    const x = o.input('x', [n]);
    const y = o.input('y', [d]);
    const given: Given = new Map([
      [x, real(rows * n)],
      [y, real(rows * d)],
    ]);
    for (const sum of [o.outerSum(x, y), o.sumRows(x), o.outerSum(o.slice(x, 0, 1), y), o.transpose(o.outerSum(x, y))])
      for (const inBlocks of [false, true]) expect(worst(engine, sum, given, rows, inBlocks)).toBeLessThan(1e-5 * rows);
  });

  it('packs matrices by blocks as at once, plain and transposed', () => {
    for (const [n, m] of [
      [1, 1],
      [5, 11],
      [8, 24],
      [30, 50],
      [9, 900],
    ])
      for (const isTransposed of [false, true]) {
        const w = o.parameter('w', isTransposed ? [m, n] : [n, m]);
        const [, panels] = o.linear(o.input('x', [n]), isTransposed ? o.transpose(w) : w).inputs;
        const given: Given = new Map([[w, real(n * m)]]);
        for (const inBlocks of [false, true]) expect(worst(engine, panels, given, 1, inBlocks)).toBe(0);
      }
  });

  it('reads a deep matrix in place with the same bytes as from panels', () => {
    const [rows, n, m] = [5, 1500, 13];
    const x = o.input('x', [n]);
    const w = o.parameter('w', [n, m]);
    const values = real(n * m);
    const given: Given = new Map([
      [x, real(rows * n)],
      [w, values],
    ]);
    const transposed = o.parameter('wt', [m, n]);
    const turned = Float64Array.from({ length: n * m }, (_, k) => values[(k % n) * m + Math.floor(k / n)]);
    const given2: Given = new Map([...given, [transposed, turned]]);
    const direct = runExpression(engine, o.linear(x, w), given, rows);
    expect(direct).toEqual(runExpression(engine, o.linear(x, o.transpose(transposed)), given2, rows));
  });

  it('computes what follows within a block and what needs all blocks in the right order', () => {
    const e = o.table('e', 40, 6);
    const list = o.listInput('c', 100);
    const w = o.listLookup(e, list);
    const x = o.input('x', [6]);
    // transposed panels follow the lookup; the square of the whole must wait; packed(square) again
    const scores = o.linear(x, o.transpose(w));
    const again = o.linear(scores, o.square(w));
    const total = o.outerSum(again, o.linear(x, o.transpose(o.square(w))));
    const given: Given = new Map([
      [e, real(240)],
      [list, Float64Array.from({ length: 100 }, () => random.below(40))],
      [x, real(20 * 6)],
    ]);
    const scale = Math.max(...(evaluateReference([total], given, 20).get(total) as Float64Array).map(Math.abs));
    for (const inBlocks of [false, true]) expect(worst(engine, total, given, 20, inBlocks)).toBeLessThan(1e-5 * scale);
  });

  it('drops as the random stream says, and scales what is left', () => {
    const key = new RandomStream(3, 'dropout').key;
    const [rows, n, rate] = [37, 10, 0.3];
    const x = o.input('x', [n]);
    const given: Given = new Map([[x, real(rows * n)]]);
    const values = given.get(x) as Float64Array;
    const got = runExpression(engine, o.laneDropout(x, rate, key), given, rows);
    const block = new Uint32Array(4);
    let kept = 0;
    for (let k = 0; k < rows * n; k++) {
      const [r, j] = [Math.floor(k / n), k % n];
      philox([Math.floor(j / 4), r, 0, 0], key, block);
      const isKept = block[j % 4] >= Math.floor(rate * 2 ** 32);
      expect(Math.abs(got[k] - (isKept ? values[k] / (1 - rate) : 0))).toBeLessThan(1e-5);
      if (isKept) kept++;
    }
    expect(kept / (rows * n)).toBeCloseTo(1 - rate, 1);
  });
});

it('collects the gradient of a list lookup as rows of the list', () => {
  const e = o.table('e', 5, 3);
  const list = o.listInput('c', 6);
  const x = o.input('x', [3]);
  const given: Given = new Map([
    [e, real(15)],
    [list, Float64Array.of(0, 2, 2, -1, 4, 0)],
    [x, real(6)],
  ]);
  const loss = o.rowSum(o.square(o.linear(x, o.transpose(o.listLookup(e, list)))));
  const { rows } = gradientsOfMean(loss);
  expect(rows.map(({ table, index }) => [table, index])).toEqual([[e, list]]);
  const values = evaluateReference([rows[0].values], given, 2).get(rows[0].values) as Float64Array;
  const exact = new Float64Array(15);
  (given.get(list) as Float64Array).forEach((i, j) => {
    for (let k = 0; k < 3; k++) if (i >= 0) exact[i * 3 + k] += values[j * 3 + k];
  });
  const weights = given.get(e) as Float64Array;
  weights.forEach((kept, k) => {
    const at = (shift: number) => {
      weights[k] = kept + shift;
      const sum = evaluateReference([loss], given, 2).get(loss) as Float64Array;
      weights[k] = kept;
      return (sum[0] + sum[1]) / 2;
    };
    expect(exact[k]).toBeCloseTo((at(1e-4) - at(-1e-4)) / 2e-4, 6);
  });
});

it('refuses what does not fit', () => {
  const e = o.table('e', 5, 3);
  const index = o.indexInput('i');
  const list = o.listInput('c', 2);
  const x = o.input('x', [3]);
  const codes = [
    () => o.listInput('c', 0),
    () => o.listInput('c', 1.5),
    () => o.listLookup(e, index),
    () => o.listLookup(o.parameter('p', [5, 3]), list),
    () => o.lookup(e, list),
    () => o.laneDropout(x, 1, [0, 0]),
    () => o.laneDropout(x, Number.NaN, [0, 0]),
    () => o.elu(x, 0),
    () => o.gruCell(x, x, x),
    () => o.gruReset(x, x, x),
    () => o.gruOriginal(x, x, x, x),
    () => evaluateReference([o.carried('h', [2])], new Map(), 1),
    () => evaluateReference([list], new Map(), 1),
  ].map(thrownCode);
  expect(new Set(codes)).toEqual(new Set(['shape']));
  expect(o.laneDropout(x, 0, [0, 0])).toBe(x);
});

coversFamily(listOps);
