import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { Tensor } from '../../src/engine/expression.ts';
import { opFamilies } from '../../src/engine/ops/families.ts';
import * as o from '../../src/engine/ops/index.ts';
import { place } from '../../src/engine/ops/layout.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { checkOp, type OpCase, type Operands } from './check-op.ts';
import { opNamed, opNames } from './op-named.ts';
import { runExpression } from './run-expression.ts';
import { wideEngines } from './wide-engines.ts';

const engines = [
  new Engine({ threads: 1, kernels: 'relaxed', blas: 'off' }),
  new Engine({ threads: 1, kernels: 'simd', blas: 'off' }),
  ...wideEngines(),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

/** The ops that only gradients make have no builder of their own. */
const binary = (name: string, a: Tensor, b: Tensor): Tensor => new Tensor(opNamed(name), [a, b], a.rows, a.shape);
/** The gradient with respect to the first input. */
const gradientOf = (y: Tensor, dy: Tensor): Tensor => y.op.gradient(y, dy)[0] as Tensor;
const large = [3e38, -3e38, 88.7, 88.8, -87.3, -87.4, 1e-30, -1e-30];
/** Sums of n terms of magnitude below 4. */
const sum = (n: number): number => 4 * n;
const sumOfRows = (_n: number, rows: number): number => 4 * rows;

/** A fused gradient of recurrent units, which only gradients make: its operands are so many times n wide. */
const gruGradient = (name: string, operands: readonly number[], parts: number): OpCase => ({
  build: ({ batch }, n) =>
    new Tensor(
      opNamed(name),
      operands.map((times) => batch(times * n)),
      'batch',
      [parts * n],
      { units: n },
    ),
  depth: 0,
  absolute: () => 40,
});

const cases: Readonly<Record<string, OpCase>> = {
  parameter: { build: ({ shared }, n) => shared([n, 3]) },
  table: { build: ({ rowsOf }, n) => rowsOf(9, n) },
  input: { build: ({ batch }, n) => batch(n) },
  index: { build: ({ rowsOf }, n) => rowsOf(2, n) },
  inverseRows: { build: () => o.inverseRows() },
  broadcastRow: { build: ({ shared }, n) => o.broadcastRow(shared([n])) },
  fillRows: { build: ({ shared }, n) => o.fillRows(shared([1]), [n]) },
  relu: { build: ({ batch }, n) => o.relu(batch(n)), relative: 0, extremes: large },
  sigmoid: { build: ({ batch }, n) => o.sigmoid(batch(n)), relative: 4, extremes: large },
  tanh: { build: ({ batch }, n) => o.tanh(batch(n)), relative: 4, extremes: large },
  exp: { build: ({ batch }, n) => o.exp(batch(n)), relative: 2, extremes: large },
  log: { build: ({ batch }, n) => o.log(batch(n, 'positive')), relative: 2, extremes: [...large, 1e-42, -1] },
  softplus: { build: ({ batch }, n) => o.softplus(batch(n)), relative: 4, extremes: large },
  // what is taken as a constant has no differences to compare with
  stopGradient: { build: ({ label }, n) => o.stopGradient(label(n)) },
  square: { build: ({ batch }, n) => o.square(batch(n)), extremes: large },
  sqrt: { build: ({ batch }, n) => o.sqrt(batch(n, 'positive')), extremes: large },
  reciprocal: { build: ({ batch }, n) => o.reciprocal(batch(n)), extremes: large },
  add: { build: ({ batch }, n) => o.add(batch(n), batch(n)), extremes: large },
  subtract: { build: ({ batch }, n) => o.subtract(batch(n), batch(n)), extremes: large },
  multiply: { build: ({ batch }, n) => o.multiply(batch(n), batch(n)), extremes: large },
  reluGradient: { build: ({ batch }, n) => binary('reluGradient', batch(n), batch(n)), extremes: large },
  sigmoidGradient: { build: ({ batch }, n) => binary('sigmoidGradient', batch(n), batch(n)), relative: 2 },
  tanhGradient: {
    build: ({ batch }, n) => binary('tanhGradient', batch(n), batch(n)),
    relative: 2,
    absolute: () => 10,
  },
  bceWithLogits: {
    build: ({ batch, label }, n) => o.bceWithLogits(batch(n), label(n)),
    relative: 4,
    absolute: () => 4,
  },
  bceGradient: {
    build: ({ batch, label }, n) => binary('bceGradient', batch(n), label(n)),
    relative: 1,
    absolute: () => 4,
  },
  affine: { build: ({ batch }, n) => o.affine(batch(n), -1.5, 0.25), relative: 1, absolute: () => 4 },
  linear: { build: fusedLinear, absolute: (n) => sum(n) + 2 },
  packed: { build: ({ batch, shared }, n) => o.linear(batch(n), shared([n, n + 2])), absolute: sum },
  transpose: { build: ({ shared }, n) => o.transpose(shared([n, 3])), relative: 0 },
  outerSum: { build: ({ batch }, n) => o.outerSum(batch(n), batch(n + 1)), absolute: sumOfRows },
  lookup: { build: ({ rowsOf }, n) => rowsOf(7, n), relative: 0 },
  rowDot: { build: ({ batch }, n) => o.rowDot(batch(n), batch(n)), absolute: sum },
  rowSum: { build: ({ batch }, n) => o.rowSum(batch(n)), absolute: sum },
  multiplyColumn: { build: ({ batch }, n) => o.multiplyColumn(batch(n), batch(1)), extremes: large },
  repeatColumn: { build: ({ batch }, n) => o.repeatColumn(batch(1), [n]), relative: 0, extremes: large },
  sumRows: { build: ({ batch }, n) => o.sumRows(batch(n)), absolute: sumOfRows },
  join: { build: ({ batch }, n) => o.concat(batch(n), batch(2), batch(n + 1)), relative: 0 },
  slice: { build: ({ batch }, n) => o.slice(batch(n + 3), 1, n + 2), relative: 0 },
  place: { build: ({ batch }, n) => place(batch(n), 2, n + 3), relative: 0 },
  reshaped: { build: ({ shared }, n) => o.transpose(o.reshaped(shared([n, 6]), [2 * n, 3])), relative: 0 },
  matrixRows: { build: ({ shared }, n) => o.transpose(o.matrixRows(shared([n + 3, 3]), 2, n + 2)), relative: 0 },
  placeRows: { build: placedRows, relative: 0 },
  constant: { build: (_operands, n) => o.broadcastRow(o.constant(Array.from({ length: n }, (_, k) => k / 4))) },
  lookupFields: { build: pooledFields, absolute: () => 8 },
  // the gradients of a pooled lookup, on their own
  spreadSlots: { build: (operands, n) => slotsOps(operands, n).spread, extremes: large },
  poolSlots: { build: (operands, n) => slotsOps(operands, n).pool, absolute: () => 8 },
  bilinearPooling: { build: ({ batch }, n) => o.bilinearPooling(batch(4 * n), n), absolute: () => 48 },
  bilinearGradient: {
    build: ({ batch }, n) => gradientOf(o.bilinearPooling(batch(4 * n), n), batch(n)),
    absolute: () => 32,
  },
  sumFields: { build: ({ batch }, n) => o.sumFields(batch(3 * n), n), absolute: () => 8 },
  repeatFields: { build: ({ batch }, n) => o.repeatFields(batch(n), 3), relative: 0, extremes: large },
  perRow: { build: ({ batch }, n) => o.perRow(o.sumRows(batch(n))), absolute: () => 4 },
  combineRows: {
    build: ({ batch, shared }, n) => {
      const first = { a: batch(n), p: shared([n]) };
      return o.combineRows(batch(n), shared([n]), shared([n]), shared([n]), first);
    },
    absolute: () => 16,
  },
  sumProducts: {
    build: ({ batch, shared }, n) => o.sumProducts(batch(n), batch(n), shared([n])),
    absolute: (_n, rows) => 8 * rows,
  },
  sumSquares: {
    build: ({ batch, shared }, n) => o.sumSquares(batch(n), shared([n])),
    absolute: (_n, rows) => 16 * rows,
  },
  batchNorm: {
    build: ({ batch, shared }, n) => {
      const x = batch(n);
      return o.normaliseRows(x, o.batchStatistics(x), shared([n]), shared([n]), 0.1);
    },
    absolute: (_n, rows) => 40 + rows,
  },
  dropout: {
    // odd widths by draws of 16 bits, even ones of 32
    build: ({ batch }, n) => o.dropout(batch(n), 0.3, [7, 8], n % 2 === 1 ? 16 : 32),
    relative: 1.5,
    byPlace: true,
  },
  laneDropout: { build: ({ batch }, n) => o.laneDropout(batch(n), 0.3, [7, 8]), relative: 1.5, byPlace: true },
  standardise: {
    build: ({ batch }, n) => o.standardise(batch(n), 0.1),
    depth: 1,
    absolute: (n) => 24 + n,
  },
  standardiseGradient: {
    build: ({ batch }, n) => {
      const x = batch(n);
      return new Tensor(opNamed('standardiseGradient'), [x, batch(n)], 'batch', x.shape, { epsilon: 0.1 });
    },
    depth: 0,
    absolute: (n) => 96 + 4 * n,
  },
  elu: { build: ({ batch }, n) => o.elu(batch(n), 0.5), depth: 1, relative: 3, extremes: [...large, -0.34, -0.36] },
  swiglu: { build: ({ batch }, n) => o.swiglu(batch(2 * n)), depth: 1, relative: 6, extremes: [40, -40] },
  swigluGradient: {
    build: ({ batch }, n) => gradientOf(o.swiglu(batch(2 * n)), batch(n)),
    depth: 0,
    relative: 6,
    absolute: () => 40,
  },
  eluGradient: {
    build: ({ batch }, n) => {
      const a = batch(n);
      return new Tensor(opNamed('eluGradient'), [a, batch(n)], 'batch', a.shape, { p: 1 });
    },
    depth: 0,
    relative: 2,
    absolute: () => 4,
  },
  gruReset: { build: ({ batch }, n) => o.gruReset(batch(3 * n), batch(2 * n), batch(n)), depth: 1, absolute: () => 20 },
  gruOriginal: {
    build: ({ batch }, n) => o.gruOriginal(batch(3 * n), batch(2 * n), batch(n), batch(n)),
    depth: 1,
    absolute: () => 20,
  },
  gruCell: { build: ({ batch }, n) => o.gruCell(batch(3 * n), batch(3 * n), batch(n)), depth: 1, absolute: () => 20 },
  gruResetGradient: gruGradient('gruResetGradient', [3, 2, 1, 1], 2),
  gruOriginalGradient: gruGradient('gruOriginalGradient', [3, 2, 1, 1, 1], 3),
  gruCellGradient: gruGradient('gruCellGradient', [3, 3, 1, 1], 4),
  gruStateGradient: gruGradient('gruStateGradient', [3, 3, 1], 1),
  matrixProduct: {
    build: ({ shared }, n) => o.matrixProduct(shared([5, n]), o.transpose(shared([n + 2, n]))),
    absolute: (n) => 8 * n,
  },
  joinColumns: {
    build: ({ shared }, n) => o.transpose(o.joinColumns(shared([5, n]), shared([5, 2]))),
    relative: 0,
  },
  matrixColumns: {
    build: ({ shared }, n) => o.transpose(o.matrixColumns(shared([5, n + 3]), 2, n + 2)),
    relative: 0,
  },
  placeColumns: {
    build: ({ shared }, n) => gradientOf(o.matrixColumns(shared([5, n + 3]), 2, n + 2), shared([5, n])),
    relative: 0,
  },
  rotated: {
    build: ({ shared }, n) => o.transpose(o.rotated(shared([n, 3]), [7, 8], { columns: n % 2 === 0 })),
    relative: 0,
  },
  sparseMatrix: { build: ({ shared }, n) => o.sparseProduct(smallGraph(), shared([6, n])), absolute: () => 12 },
  sparseProduct: {
    build: ({ shared }, n) => o.sparseProduct(smallGraph(), shared([6, n]), { plus: shared([5, n]), scale: 0.5 }),
    absolute: () => 12,
  },
  markedRows: {
    build: ({ shared, rowsOf }, n) => {
      const [, index] = rowsOf(3, 1).inputs;
      const wanted = o.markedRows([{ index, first: 2, count: 3 }], 5);
      return o.gatherRows(o.sparseProduct(smallGraph(), shared([6, n]), { wanted }), index, { first: 2, count: 3 });
    },
    absolute: () => 12,
  },
  propagated: {
    build: ({ shared }, n) => o.transpose(o.propagate(squareGraph(), shared([4, n]), 3)),
    absolute: () => 64,
  },
  gatherRows: { build: (operands, n) => gathered(operands, n).y, relative: 0 },
  scatterRows: {
    build: (operands, n) => {
      const { y, index } = gathered(operands, n);
      const dy = o.multiply(y, y);
      return gradientOf(o.gatherRows(operands.shared([9, n]), index, { first: 2 }), dy);
    },
    absolute: sumOfRows,
  },
};

/** Rows of two, no, one, three and one elements; one column is empty. */
function smallGraph(): Tensor {
  return o.sparseMatrix('A', {
    nRows: 5,
    nColumns: 6,
    rowStart: Int32Array.of(0, 2, 2, 3, 6, 7),
    columns: Int32Array.of(0, 3, 5, 1, 3, 4, 0),
    values: Float32Array.of(0.5, -1, 0.25, 1, 0.75, -0.5, 2),
  });
}

function squareGraph(): Tensor {
  return o.sparseMatrix('B', {
    nRows: 4,
    nColumns: 4,
    rowStart: Int32Array.of(0, 2, 2, 3, 5),
    columns: Int32Array.of(1, 3, 0, 1, 2),
    values: Float32Array.of(0.5, -1, 0.25, 1, 0.75),
  });
}

/** Rows 2 … 8 of a matrix by an index. */
function gathered({ rowsOf, shared }: Operands, n: number): { y: Tensor; index: Tensor } {
  const [, index] = rowsOf(7, 1).inputs;
  return { y: o.gatherRows(shared([9, n]), index, { first: 2 }), index };
}

function placedRows({ shared }: Operands, n: number): Tensor {
  const rows = o.matrixRows(shared([n + 3, 3]), 2, n + 2);
  return gradientOf(rows, shared([n, 3]));
}

/** Fields of one, two and one slots, weighted. */
function pooledFields({ slotsOf, label }: Operands, n: number): Tensor {
  const { e, index } = slotsOf(9, n, 4);
  return o.lookupFields(e, index, [1, 2, 1], label(4));
}

function slotsOps({ batch, label, slotsOf }: Operands, n: number): { spread: Tensor; pool: Tensor } {
  const { e, index } = slotsOf(9, n, 4);
  const y = o.lookupFields(e, index, [2, 1, 1], label(4));
  const { values: spread } = y.op.rowGradient!(y, batch(3 * n));
  const pool = new Tensor(
    opNamed('poolSlots'),
    [batch(4 * n), ...spread.inputs.slice(1)],
    'batch',
    [3 * n],
    spread.attributes,
  );
  return { spread, pool };
}

function fusedLinear({ batch, shared }: Operands, n: number): Tensor {
  return o.linearRelu(batch(n), shared([n, n + 1]), shared([n + 1]));
}

/** Test files of families whose ops need a list or other rows; each ends with `coversFamily`. */
const testsApart: Readonly<Record<string, string>> = {
  'hard-negatives.ts': 'hard-negatives',
  'lists.ts': 'list-ops',
  'candidates.ts': 'candidate-losses',
  'target-loss.ts': 'target-loss',
  'full-softmax.ts': 'full-softmax',
  'lstm.ts': 'lstm',
  'convolution.ts': 'convolution',
  'steps-of-row.ts': 'steps-of-row',
  'attention.ts': 'attention',
  'in-batch.ts': 'in-batch',
};

it('has a case for every op of the families that have no test file of their own', () => {
  const here = opFamilies.filter(({ file }) => !(file in testsApart));
  expect([...Object.keys(cases), 'allRows'].sort()).toEqual(here.flatMap(({ ops }) => Object.keys(ops)).sort());
});

it.each(engines)('numbers all rows of a table, which no real number is made of ($build)', (engine) => {
  const e = o.table('E', 5, 3);
  const { index } = e.op.rowGradient!(e, e);
  expect(index.op.name).toBe('allRows');
  expect([...new Int32Array(runExpression(engine, index, new Map(), 1).buffer)]).toEqual([0, 1, 2, 3, 4]);
  expect([...evaluateReference([index], new Map(), 1).get(index)!]).toEqual([0, 1, 2, 3, 4]);
});

it.each(Object.values(testsApart))('%s covers its family', (name) => {
  expect(readFileSync(new URL(`${name}.test.ts`, import.meta.url), 'utf8')).toMatch(/^coversFamily\(/m);
});

it('gives every op a name of its own', () => {
  expect(new Set(opNames).size).toBe(opNames.length);
});

it.each(engines)('packs matrices and transposed ones in panels of eight columns ($build)', (engine) => {
  for (const [n, m] of [
    [1, 1],
    [3, 8],
    [5, 11],
    [17, 24],
  ])
    for (const isTransposed of [false, true]) {
      const w = o.parameter('w', isTransposed ? [m, n] : [n, m]);
      const values = Float64Array.from({ length: n * m }, (_, k) => k + 1);
      const [, panels] = o.linear(o.input('x', [n]), isTransposed ? o.transpose(w) : w).inputs;
      const element = (row: number, column: number) => values[isTransposed ? column * n + row : row * m + column];
      const expected = Array.from({ length: Math.ceil(m / 8) }, (_, p) =>
        Array.from({ length: n }, (_, row) =>
          Array.from({ length: 8 }, (_, c) => (8 * p + c < m ? element(row, 8 * p + c) : 0)),
        ),
      ).flat(2);
      const given = new Map([[w, values]]);
      expect([...runExpression(engine, panels, given, 1)]).toEqual(expected);
      expect([...(evaluateReference([panels], given, 1).get(panels) as Float64Array)]).toEqual(expected);
    }
});

describe('op', () => {
  for (const [name, opCase] of Object.entries(cases)) checkOp(name, opCase, engines);
});
