/** Sparse products and propagation: against plain loops, on any number of threads, in training, and what is refused. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { gradientsOfMean } from '../../src/engine/gradient.ts';
import * as o from '../../src/engine/ops/index.ts';
import { blockStarts } from '../../src/engine/ops/sparse-matrix.ts';
import { optimizerOptions } from '../../src/engine/optimizers/optimizer.ts';
import { StepPlan } from '../../src/engine/plan/step-plan.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { SamplerRecord } from '../../src/engine/runtime/sampler.ts';
import { runExpression } from './run-expression.ts';
import { thrownCode } from './thrown-code.ts';

const engines = [
  new Engine({ threads: 1, kernels: 'relaxed', blas: 'off' }),
  new Engine({ threads: 1, kernels: 'simd', blas: 'off' }),
  new Engine({ threads: 3, kernels: 'relaxed', blas: 'off' }),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

type Dense = number[][];

/** A random matrix with empty rows and one very full one. */
function randomMatrix(nRows: number, nColumns: number, random: RandomStream): { sparse: o.SparseMatrix; dense: Dense } {
  const dense = Array.from({ length: nRows }, (_, r) => {
    const share = r === nRows - 1 ? 0.9 : r % 3 === 1 ? 0 : 0.1;
    return Array.from({ length: nColumns }, () => (random.uniform() < share ? Math.fround(random.normal()) : 0));
  });
  return { sparse: fromDense(dense), dense };
}

function fromDense(dense: Dense): o.SparseMatrix {
  const rowStart = [0];
  const columns: number[] = [];
  for (const row of dense) {
    row.forEach((value, c) => {
      if (value !== 0) columns.push(c);
    });
    rowStart.push(columns.length);
  }
  return {
    nRows: dense.length,
    nColumns: dense[0].length,
    rowStart: Int32Array.from(rowStart),
    columns: Int32Array.from(columns),
    values: Float32Array.from(dense.flatMap((row) => row.filter((value) => value !== 0))),
  };
}

const times = (a: Dense, x: Float64Array, d: number): number[] =>
  a.flatMap((row) => Array.from({ length: d }, (_, j) => row.reduce((sum, v, c) => sum + v * x[c * d + j], 0)));

const values = (n: number, random: RandomStream) =>
  Float64Array.from({ length: n }, () => Math.fround(random.normal()));

const closest = (got: ArrayLike<number>, want: readonly number[]) =>
  Math.max(...want.map((v, k) => Math.abs(v - got[k])));

describe.each(engines)('$build, $threads threads', (engine) => {
  it.each([1, 2, 3, 4, 5, 7, 31, 32, 33, 36, 64, 67])('multiplies as plain loops do, %d columns', (d) => {
    const random = new RandomStream(d, 'sparse');
    for (const [n, m] of [
      [1, 1],
      [4, 9],
      [300, 170],
    ]) {
      const { sparse, dense } = randomMatrix(n, m, random);
      const [x, plus] = [o.parameter('x', [m, d]), o.parameter('c', [n, d])];
      const given = new Map([
        [x, values(m * d, random)],
        [plus, values(n * d, random)],
      ]);
      const product = times(dense, given.get(x) as Float64Array, d);
      const a = o.sparseMatrix('A', sparse);
      for (const inBlocks of [false, true]) {
        expect(closest(runExpression(engine, o.sparseProduct(a, x), given, 1, inBlocks), product)).toBeLessThan(1e-4);
        const sum = product.map((v, k) => 0.25 * (v + (given.get(plus) as Float64Array)[k]));
        const y = o.sparseProduct(a, x, { plus, scale: 0.25 });
        expect(closest(runExpression(engine, y, given, 1, inBlocks), sum)).toBeLessThan(1e-4);
      }
    }
  });

  it('is the mean of all layers, and so is its gradient over the transpose', () => {
    const random = new RandomStream(3, 'propagate');
    const [n, d] = [40, 6];
    const { sparse, dense } = randomMatrix(n, n, random);
    const e = o.parameter('E', [n, d]);
    const x = values(n * d, random);
    const y = o.propagate(o.sparseMatrix('A', sparse), e, 3);
    const turned = dense.map((_, r) => dense.map((row) => row[r]));
    const mean = (a: Dense): number[] => {
      let layer = x;
      let sum = [...x];
      for (let k = 0; k < 3; k++) {
        layer = Float64Array.from(times(a, layer, d));
        sum = sum.map((v, i) => v + layer[i]);
      }
      return sum.map((v) => v / 4);
    };
    const scale = Math.max(...mean(dense).map(Math.abs));
    const given = new Map([[e, x]]);
    const dx = y.op.gradient(y, e)[2] as Tensor;
    for (const inBlocks of [false, true]) {
      const forward = runExpression(engine, o.transpose(y), given, 1, inBlocks);
      const want = Array.from({ length: n * d }, (_, k) => mean(dense)[(k % n) * d + Math.floor(k / n)]);
      expect(closest(forward, want) / scale).toBeLessThan(1e-5);
      const back = runExpression(engine, o.transpose(dx), given, 1, inBlocks);
      const wantBack = Array.from({ length: n * d }, (_, k) => mean(turned)[(k % n) * d + Math.floor(k / n)]);
      expect(closest(back, wantBack) / scale).toBeLessThan(1e-5);
    }
  });
});

describe.each(engines)('rows that are known before, $build, $threads threads', (engine) => {
  it.each([1, 3, 4, 36, 64, 67, 130])('are computed, or not passed over, %d columns', (d) => {
    const random = new RandomStream(d, 'marked');
    const { sparse, dense } = randomMatrix(300, 170, random);
    const a = o.sparseMatrix('A', sparse);
    const [x, plus, index] = [o.parameter('x', [170, d]), o.parameter('c', [300, d]), o.indexInput('i')];
    const rows = [0, 1, 31, 32, 32, 99, -1, 100, 250];
    const given = new Map([
      [plus, values(300 * d, random)],
      [index, Float64Array.from(rows)],
    ]);
    const ofPart = { first: 50, count: 100 };
    const named = rows.filter((row) => row >= 0 && row < 100).map((row) => row + 50);
    // rows of x that are not named are zero, as it is said of them
    const all = values(170 * d, random).map((v, k) => (named.includes(Math.floor(k / d)) ? v : 0));
    given.set(x, all);
    const want = times(dense, all, d).map((v, k) => 0.5 * (v + (given.get(plus) as Float64Array)[k]));
    for (const inBlocks of [false, true]) {
      const known = { nonZero: o.markedRows([{ index, ...ofPart }], 170) };
      const y = o.sparseProduct(a, x, { plus, scale: 0.5, ...known });
      expect(closest(runExpression(engine, y, given, rows.length, inBlocks), want)).toBeLessThan(1e-4);
      const wanted = o.sparseProduct(a, x, { plus, scale: 0.5, wanted: o.markedRows([{ index, ...ofPart }], 300) });
      const got = runExpression(engine, wanted, given, rows.length, inBlocks);
      for (let r = 0; r < 300; r++)
        for (let j = 0; j < d; j++) {
          const k = r * d + j;
          if (named.includes(r)) expect(Math.abs(got[k] - want[k])).toBeLessThan(1e-4);
          else expect(got[k]).toBe(0);
        }
    }
  });
});

describe('blocks', () => {
  it('cover all rows in order and hold about equal work, whatever a row holds', () => {
    const lengths = Array.from({ length: 3000 }, (_, r) => (r === 1500 ? 50_000 : r % 50));
    const rowStart = Int32Array.from([0, ...lengths]);
    for (let r = 0; r < lengths.length; r++) rowStart[r + 1] += rowStart[r];
    const matrix = { nRows: 3000, nColumns: 50_000, rowStart, columns: new Int32Array(0), values: new Float32Array(0) };
    const starts = blockStarts(matrix);
    expect([starts[0], starts[starts.length - 1]]).toEqual([0, 3000]);
    const work = [...starts].slice(1).map((end, b) => rowStart[end] - rowStart[starts[b]]);
    expect(work.every((each, b) => each <= 16_384 || starts[b + 1] - starts[b] === 1)).toBe(true);
    expect(work.length).toBeLessThan(12);
  });
});

describe('training', () => {
  /** Two kinds of people, each with items of their own. */
  const users = Int32Array.from({ length: 200 }, (_, n) => n % 20);
  const items = Int32Array.from({ length: 200 }, (_, n) => 2 * (Math.floor(n / 20) % 10) + (n % 2));
  const pairs = [...new Set(Array.from(users, (u, n) => u * 20 + items[n]))].sort((a, b) => a - b);
  const taken = Array.from({ length: 20 }, (_, u) => pairs.filter((p) => Math.floor(p / 20) === u).map((p) => p % 20));

  function train(threads: number, inBlocks: boolean, onlyWanted = true): { losses: number[]; weights: Float32Array } {
    const engine = new Engine({ threads, kernels: 'relaxed', blas: 'off' });
    const dense = Array.from({ length: 40 }, () => Array<number>(40).fill(0));
    taken.forEach((own, u) => {
      for (const i of own) dense[u][20 + i] = dense[20 + i][u] = 0.1;
    });
    const a = o.sparseMatrix('A', fromDense(dense), { symmetric: true });
    const e = o.parameter('E', [40, 5]);
    const store = new ParameterStore(engine, [e]);
    const random = new RandomStream(1, 'start');
    store.write(e, values(200, random));
    const rowStart = Int32Array.from([0, ...taken.map((own) => own.length)]);
    for (let u = 0; u < 20; u++) rowStart[u + 1] += rowStart[u];
    const columns = Int32Array.from(taken.flat());
    const sampler = new SamplerRecord(engine, {
      users: Int32Array.from(taken.flatMap((own, u) => own.map(() => u))),
      items: columns,
      rowStart,
      columns,
      nUsers: 20,
      nItems: 20,
      negatives: 1,
      reject: true,
      popularityExponent: 0,
      key: [1, 2],
    });
    const [user, own, other] = ['u', 'i', 'j'].map((name) => o.indexInput(name));
    const parts = [
      { index: user, first: 0, count: 20 },
      { index: own, first: 20, count: 20 },
      { index: other, first: 20, count: 20 },
    ];
    const rowsOf = (m: Tensor) => parts.map(({ index, ...part }) => o.gatherRows(m, index, part));
    const wanted = onlyWanted ? o.markedRows(parts, 40) : null;
    const [u, i, j] = rowsOf(o.propagate(a, e, 2, { wanted }));
    const ranking = o.negativeLogSigmoid(o.subtract(o.rowDot(u, i), o.rowDot(u, j)));
    const squares = rowsOf(e).map((row) => o.rowDot(row, row));
    const plan = new StepPlan({
      engine,
      store,
      loss: o.add(ranking, o.affine(squares.reduce(o.add), 1e-3)),
      inBlocks,
      feed: sampler.pairwise(user, own, other),
      batchSize: 50,
      totalRows: sampler.rowsPairwise,
      optimizer: optimizerOptions.parse({ learningRate: 0.05 }),
      totalSteps: 400,
    });
    const losses = Array.from({ length: 40 }, (_, epoch) => plan.run(epoch, 0, plan.stepsPerEpoch).lossSum);
    const weights = store.read(e);
    engine.close();
    return { losses, weights };
  }

  it('learns, and gives the same bytes on one thread and on three', () => {
    const [one, three] = [1, 3].map((threads) => train(threads, true));
    expect(three).toEqual(one);
    expect(one.losses[39]).toBeLessThan(0.5 * one.losses[0]);
  });

  it.each([true, false])(
    'gives the same bytes whether all rows are computed or the wanted ones, in blocks: %s',
    (inBlocks) => {
      expect(train(2, inBlocks, true)).toEqual(train(2, inBlocks, false));
    },
  );

  it('does the same, but for rounding, when sums are collected in lanes', () => {
    const [blocks, lanes] = [true, false].map((inBlocks) => train(2, inBlocks));
    expect(lanes.losses[0]).toBeCloseTo(blocks.losses[0], 3);
    expect(lanes.losses[39] / blocks.losses[39]).toBeCloseTo(1, 1);
  });
});

describe('what is refused', () => {
  const good: o.SparseMatrix = {
    nRows: 2,
    nColumns: 3,
    rowStart: Int32Array.of(0, 2, 3),
    columns: Int32Array.of(0, 2, 1),
    values: Float32Array.of(1, 2, 3),
  };
  it.each<[string, Partial<o.SparseMatrix>]>([
    ['no rows', { nRows: 0, rowStart: Int32Array.of(0) }],
    ['too few row starts', { rowStart: Int32Array.of(0, 3) }],
    ['row starts that do not begin at 0', { rowStart: Int32Array.of(1, 2, 3) }],
    ['row starts that end early', { rowStart: Int32Array.of(0, 2, 2) }],
    ['row starts that fall', { rowStart: Int32Array.of(0, 4, 3) }],
    ['a column past the last', { columns: Int32Array.of(0, 3, 1) }],
    ['a negative column', { columns: Int32Array.of(-1, 2, 1) }],
    ['columns out of order', { columns: Int32Array.of(2, 0, 1) }],
    ['a column that occurs twice', { columns: Int32Array.of(2, 2, 1) }],
    ['values that are missing', { values: Float32Array.of(1, 2) }],
    ['a value that is not finite', { values: Float32Array.of(1, Number.NaN, 3) }],
  ])('%s', (_what, change) => {
    expect(thrownCode(() => o.sparseMatrix('A', { ...good, ...change }))).toBe('shape');
  });

  it('a matrix that is called symmetric and is not', () => {
    const square = (values: number[]): o.SparseMatrix => ({
      nRows: 2,
      nColumns: 2,
      rowStart: Int32Array.of(0, 1, 2),
      columns: Int32Array.of(1, 0),
      values: Float32Array.from(values),
    });
    const symmetric = o.sparseMatrix('A', square([3, 3]), { symmetric: true });
    expect(o.transposeSparse(symmetric)).toBe(symmetric);
    expect(thrownCode(() => o.sparseMatrix('A', square([3, 4]), { symmetric: true }))).toBe('shape');
    expect(thrownCode(() => o.sparseMatrix('A', good, { symmetric: true }))).toBe('shape');
  });

  it('shapes that do not fit, tables, and no layers', () => {
    const a = o.sparseMatrix('A', good);
    const x = o.parameter('x', [3, 4]);
    expect(thrownCode(() => o.sparseProduct(a, o.parameter('x', [2, 4])))).toBe('shape');
    expect(thrownCode(() => o.sparseProduct(x, x))).toBe('shape');
    expect(thrownCode(() => o.sparseProduct(a, o.table('x', 3, 4)))).toBe('shape');
    expect(thrownCode(() => o.sparseProduct(a, x, { plus: x }))).toBe('shape');
    expect(thrownCode(() => o.propagate(a, x, 2))).toBe('shape');
    expect(thrownCode(() => o.propagate(a, x, 0))).toBe('shape');
    expect(thrownCode(() => o.gatherRows(o.table('t', 3, 4), o.indexInput('i')))).toBe('shape');
    expect(thrownCode(() => o.gatherRows(x, o.indexInput('i'), { first: 2, count: 2 }))).toBe('shape');
  });

  it('marks of other rows, and readers of rows that are not computed', () => {
    const a = o.sparseMatrix('A', good);
    const [x, index, other] = [o.parameter('x', [3, 4]), o.indexInput('i'), o.indexInput('j')];
    const marks = (rows: number) => o.markedRows([{ index, first: 0, count: rows }], rows);
    expect(thrownCode(() => marks(0))).toBe('shape');
    expect(thrownCode(() => o.markedRows([], 3))).toBe('shape');
    expect(thrownCode(() => o.markedRows([{ index, first: 2, count: 2 }], 3))).toBe('shape');
    expect(thrownCode(() => o.markedRows([{ index: x, first: 0, count: 3 }], 3))).toBe('shape');
    expect(thrownCode(() => o.sparseProduct(a, x, { wanted: marks(3) }))).toBe('shape');
    expect(thrownCode(() => o.sparseProduct(a, x, { nonZero: marks(2) }))).toBe('shape');
    expect(thrownCode(() => o.sparseProduct(a, x, { wanted: marks(2), nonZero: marks(3) }))).toBe('shape');
    const y = o.sparseProduct(a, x, { wanted: marks(2) });
    expect(o.gatherRows(y, index).shape).toEqual([4]);
    expect(thrownCode(() => o.gatherRows(y, other))).toBe('shape');
    expect(thrownCode(() => o.gatherRows(y, index, { first: 1 }))).toBe('shape');
    const read = o.rowSum(o.linear(o.gatherRows(o.parameter('z', [2, 4]), index), o.transpose(y)));
    expect(thrownCode(() => gradientsOfMean(read))).toBe('shape');
  });
});
