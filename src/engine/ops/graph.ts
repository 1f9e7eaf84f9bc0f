/**
 * Propagation over a graph, and rows of computed matrices. The matrices are shared tensors: they are computed once a step, by
 * blocks of rows on all threads where the plan works in blocks (see plan/shared-work.ts).
 */
import { DeepTasteError } from '../../core/errors.ts';
import { shapeError, Tensor, type Values } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { affine } from './elementwise.ts';
import { layoutOps, matrixRows } from './layout.ts';
import { isIndex, isTable } from './leaves.ts';
import {
  checkMarks,
  hasMark,
  type IndexedRows,
  MOST_PARTS,
  numbersOfPlaces,
  placesAttribute,
  placesOf,
} from './marked-rows.ts';
import { floatBits, opFamily } from './op.ts';
import { blockStarts, matrixOf, sparseMatrixOps, transposeSparse } from './sparse-matrix.ts';

/** What is known of the rows of a product before it is computed: see {@link markedRows}. */
export interface KnownRows {
  /** Only these rows of the result are computed, and `gatherRows` by the same indices is all that may read it. */
  readonly wanted?: Tensor | null;
  /** Only these rows of the dense factor are not zero. */
  readonly nonZero?: Tensor | null;
}

/**
 * scale · (A x + plus), a sparse constant [n, m] times a shared matrix [m, d] → [n, d].
 * @param options `plus`: shared [n, d]; `scale`: default 1
 */
export function sparseProduct(
  a: Tensor,
  x: Tensor,
  options: { plus?: Tensor; scale?: number } & KnownRows = {},
): Tensor {
  const { plus, scale = 1, wanted, nonZero } = options;
  const isMatrix = (t: Tensor, rows: number) =>
    t.rows === 'shared' && !isTable(t) && t.shape.length === 2 && t.shape[0] === rows;
  if (a.op !== sparseMatrixOps.sparseMatrix || !isMatrix(x, a.shape[1]))
    throw shapeError('sparseProduct', 'needs a sparse matrix [n, m] and a shared dense one [m, d]', [a, x]);
  if (plus && (!isMatrix(plus, a.shape[0]) || plus.shape[1] !== x.shape[1]))
    throw shapeError('sparseProduct', 'what is added must be shared [n, d]', [a, x, plus]);
  if (wanted && nonZero) throw shapeError('sparseProduct', 'takes marks of one side', [wanted, nonZero]);
  if (wanted) checkMarks(wanted, a.shape[0]);
  if (nonZero) checkMarks(nonZero, a.shape[1]);
  const inputs = [a, x, plus, wanted ?? nonZero].filter((t): t is Tensor => t instanceof Tensor);
  const attributes = { scale, plus: plus !== undefined, marked: wanted ? 'rows' : nonZero ? 'columns' : '' };
  return new Tensor(graphOps.sparseProduct, inputs, 'shared', [a.shape[0], x.shape[1]], attributes);
}

/** The inputs of a product by their purpose. */
function factorsOf(y: Tensor) {
  const { scale, plus, marked } = y.attributes as { scale: number; plus: boolean; marked: '' | 'rows' | 'columns' };
  const [a, x] = y.inputs;
  const marks = marked === '' ? null : y.inputs[y.inputs.length - 1];
  return { a, x, plus: plus ? y.inputs[2] : null, marks, marked, scale };
}

const MARKED = { '': 0, rows: code.ROWS_MARKED, columns: code.COLUMNS_MARKED } as const;

/**
 * Mean of a matrix and its propagations over 1 … `layers` edges: (E + A E + A² E + … ) / (layers + 1), as LightGCN propagates
 * embeddings (He et al., SIGIR 2020, equations 7 and 8 with equal weights). Computed from the inside out,
 * E + A (E + A (E + …)), so that no layer is kept; the gradient is the same propagation over Aᵀ. Of wanted rows alone the last
 * product is the cheaper, and so is the first one of the gradient, whose other rows are zero.
 * @param a square sparse matrix [n, n]
 * @param e shared [n, d]
 */
export function propagate(a: Tensor, e: Tensor, layers: number, known: KnownRows = {}): Tensor {
  if (!Number.isInteger(layers) || layers < 1)
    throw new DeepTasteError('shape', `propagate: the number of layers must be a positive integer, got ${layers}`);
  if (a.shape[0] !== a.shape[1]) throw shapeError('propagate', 'the sparse matrix must be square', [a]);
  const { wanted, nonZero } = known;
  let z = e;
  for (let k = 1; k <= layers; k++)
    z = sparseProduct(a, z, {
      plus: e,
      scale: k === layers ? 1 / (layers + 1) : 1,
      wanted: k === layers ? wanted : null,
      nonZero: k === 1 ? nonZero : null,
    });
  return new Tensor(graphOps.propagated, wanted ? [z, a, e, wanted] : [z, a, e], 'shared', e.shape, { layers });
}

/** @throws 'shape' where only some rows of y are computed and others are read, too */
function checkReaders(y: Tensor, dy: Tensor): void {
  if (dy.op === graphOps.scatterRows) return;
  throw shapeError(
    y.op.name,
    'where only wanted rows are computed, gatherRows by their indices is all that may read them',
    [y],
  );
}

/**
 * y[r] = F[first + index[r]] of a shared matrix [n, d], parameter or computed: index [B] → [B, d]. An index outside
 * [0, count) gives NaN, which stops the run.
 * @param part `first` and `count` rows of F that are numbered from 0; default all
 */
export function gatherRows(f: Tensor, index: Tensor, part: { first?: number; count?: number } = {}): Tensor {
  if (f.rows !== 'shared' || isTable(f) || f.shape.length !== 2 || !isIndex(index, 1))
    throw shapeError(
      'gatherRows',
      'needs a shared matrix [n, d] and an index input [B]',
      [f, index],
      'lookup reads tables',
    );
  const { first = 0, count = f.shape[0] - first } = part;
  // rows of a part of a matrix are gathered from the matrix itself, so that gradients of all parts are collected in one pass
  if (f.op === layoutOps.matrixRows && part.first === undefined && part.count === undefined)
    return gatherRows(f.inputs[0], index, { first: f.attributes.from as number, count: f.shape[0] });
  const marks = wantedRows(f);
  if (marks && !placesOf(marks).some((part) => part.index === index && part.first === first && part.count >= count))
    throw shapeError('gatherRows', 'only the rows of other indices or parts were wanted of the matrix', [f, index]);
  const rows = matrixRows(f, first, first + count);
  return new Tensor(graphOps.gatherRows, [f, index, rows], 'batch', [f.shape[1]], { first, count });
}

/** The marks of the rows of a computed matrix that are wanted; null where all are. */
function wantedRows(f: Tensor): Tensor | null {
  if (f.op === graphOps.propagated) return f.inputs[3] ?? null;
  return f.op === graphOps.sparseProduct && factorsOf(f).marked === 'rows' ? factorsOf(f).marks : null;
}

/** Batch rows that are added to rows of a matrix: y[r] to row first + index[r]. */
export interface Scattered extends IndexedRows {
  readonly y: Tensor;
}

/** Σ over the parts and the batch's rows, shared [n, d]: the gradient of `gatherRows`. Rows that no index names are zero. */
export function scatterRows(parts: readonly Scattered[], shape: readonly number[]): Tensor {
  const inputs = parts.flatMap(({ y, index }) => [y, index]);
  return new Tensor(graphOps.scatterRows, inputs, 'shared', shape, { places: placesAttribute(parts) });
}

function partsOf(y: Tensor): Scattered[] {
  return numbersOfPlaces(y).map((place, n) => ({ ...place, y: y.inputs[2 * n], index: y.inputs[2 * n + 1] }));
}

/** Rows that both add to a matrix are added at once, so that the matrix is gone through once. */
function scatteredAtOnce(a: Tensor, b: Tensor): Tensor | null {
  const parts = [...partsOf(a), ...partsOf(b)];
  return parts.length <= MOST_PARTS ? scatterRows(parts, a.shape) : null;
}

/** Rows that one thread collects at a time: each block looks through the whole batch. */
const ROWS_OF_BLOCK = 2048;

function scatterParameters(y: Tensor): number[] {
  return [y.shape[1], y.shape[0], ...partsOf(y).flatMap(({ first, count }) => [first, count])];
}

function productParameters(y: Tensor): number[] {
  const { plus, marked, scale } = factorsOf(y);
  return [y.shape[1], floatBits(scale), plus ? 1 : 0, MARKED[marked]];
}

function sparseProductReference(y: Tensor, inputs: readonly Values[], isWanted: (row: number) => boolean): Values {
  const { plus, scale } = factorsOf(y);
  const { nRows, rowStart, columns, values } = matrixOf(y.inputs[0]);
  const d = y.shape[1];
  const out = plus ? inputs[2].slice() : new Float64Array(y.size);
  for (let r = 0; r < nRows; r++)
    for (let k = rowStart[r]; k < rowStart[r + 1]; k++)
      for (let j = 0; j < d; j++) out[r * d + j] += values[k] * inputs[1][columns[k] * d + j];
  // what is not wanted is not a number, so that nobody reads it unnoticed
  return out.map((v, k) => (isWanted(Math.floor(k / d)) ? v * scale : Number.NaN));
}

export const graphOps = opFamily({
  sparseProduct: {
    formula: 'y = scale · (A x + c)',
    derivative: '∂x = scale · Aᵀ dy, ∂c = scale · dy',
    gradient: (y, dy) => {
      const { a, plus, marks, marked, scale } = factorsOf(y);
      const wanted = marked === 'rows' ? marks : null;
      if (wanted) checkReaders(y, dy);
      const dx = sparseProduct(transposeSparse(a), dy, { scale, nonZero: wanted });
      const ofPlus = plus ? [scale === 1 ? dy : affine(dy, scale)] : [];
      return [null, dx, ...ofPlus, ...(marks ? [null] : [])];
    },
    kernel: (y) => {
      const { a, x, plus, marks } = factorsOf(y);
      const rows = blockStarts(matrixOf(a)).length - 1;
      return { opcode: code.SPARSE_PRODUCT, rows, parameters: productParameters(y), operands: [a, x, plus, marks, y] };
    },
    blocks: (y) => {
      const { a, x, plus, marks } = factorsOf(y);
      const operands = [a, x, plus ?? x, marks ?? x, y].map((tensor) => ({ tensor }));
      const rows = blockStarts(matrixOf(a)).length - 1;
      const parameters = productParameters(y);
      return { opcode: code.SPARSE_PRODUCT, rows, multiple: 1, blockRows: 1, parameters, operands };
    },
    reference: (y, inputs) => {
      const marks = factorsOf(y).marked === 'rows' ? inputs[inputs.length - 1] : null;
      return sparseProductReference(y, inputs, (row) => marks === null || hasMark(marks, row));
    },
  },
  propagated: {
    formula: 'y = (E + A E + … + A^K E) / (K + 1)',
    derivative: '∂E = (dy + Aᵀ dy + … + (Aᵀ)^K dy) / (K + 1)',
    gradient: (y, dy) => {
      const [, a, , wanted = null] = y.inputs;
      if (wanted) checkReaders(y, dy);
      const dx = propagate(transposeSparse(a), dy, y.attributes.layers as number, { nonZero: wanted });
      return wanted ? [null, null, dx, null] : [null, null, dx];
    },
    view: (_y, stride) => ({ offset: 0, stride }),
    reference: (_y, [z]) => z,
  },
  gatherRows: {
    formula: 'y[r] = F[first + i[r]]',
    derivative: '∂F[first + i] = Σ over the rows r with i[r] = i of dy[r]',
    gradient: (y, dy) => {
      const { first, count } = y.attributes as { first: number; count: number };
      return [scatterRows([{ y: dy, index: y.inputs[1], first, count }], y.inputs[0].shape), null, null];
    },
    kernel: (y) => {
      const [, index, rows] = y.inputs;
      return { opcode: code.GATHER, parameters: [y.size, rows.shape[0]], operands: [rows, index, y] };
    },
    reference: (y, [, index, f], rows) => {
      const count = y.attributes.count as number;
      const value = (i: number, j: number) => (i >= 0 && i < count ? f[i * y.size + j] : Number.NaN);
      return Float64Array.from({ length: rows * y.size }, (_, k) => value(index[Math.floor(k / y.size)], k % y.size));
    },
  },
  scatterRows: {
    formula: 'y[first + i] = Σ over the rows r with i[r] = i of x[r], summed over up to three (x, i, first)',
    derivative: '∂x[r] = dy[first + i[r]]',
    gradient: (y, dy) =>
      partsOf(y).flatMap(({ index, first, count }) => [gatherRows(dy, index, { first, count }), null]),
    sumOfTwo: scatteredAtOnce,
    kernel: (y) => {
      const operands = [...y.inputs, ...Array<null>(2 * MOST_PARTS - y.inputs.length).fill(null), y];
      return { opcode: code.SCATTER_ROWS, parameters: scatterParameters(y), operands };
    },
    blocks: (y) => {
      const unused = Array.from({ length: 2 * MOST_PARTS - y.inputs.length }, () => y.inputs[1]);
      const inputs = [...y.inputs, ...unused].map((tensor) => ({ tensor }));
      return {
        opcode: code.SCATTER_BLOCK,
        rows: y.shape[0],
        multiple: 1,
        blockRows: ROWS_OF_BLOCK,
        parameters: scatterParameters(y),
        operands: [...inputs, { tensor: y, advance: y.shape[1] }],
      };
    },
    reference: (y, inputs, rows) => {
      const d = y.shape[1];
      const out = new Float64Array(y.size);
      partsOf(y).forEach(({ first, count }, n) => {
        const [x, index] = [inputs[2 * n], inputs[2 * n + 1]];
        for (let r = 0; r < rows; r++)
          if (index[r] >= 0 && index[r] < count)
            for (let j = 0; j < d; j++) out[(first + index[r]) * d + j] += x[r * d + j];
      });
      return out;
    },
    reduction: true,
  },
});
