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
import { floatBits, opFamily } from './op.ts';
import { blockStarts, matrixOf, sparseMatrixOps, transposeSparse } from './sparse-matrix.ts';

/**
 * scale · (A x + plus), a sparse constant [n, m] times a shared matrix [m, d] → [n, d].
 * @param options `plus`: shared [n, d]; `scale`: default 1
 */
export function sparseProduct(a: Tensor, x: Tensor, options: { plus?: Tensor; scale?: number } = {}): Tensor {
  const { plus, scale = 1 } = options;
  const isMatrix = (t: Tensor, rows: number) =>
    t.rows === 'shared' && !isTable(t) && t.shape.length === 2 && t.shape[0] === rows;
  if (a.op !== sparseMatrixOps.sparseMatrix || !isMatrix(x, a.shape[1]))
    throw shapeError('sparseProduct', 'needs a sparse matrix [n, m] and a shared dense one [m, d]', [a, x]);
  if (plus && (!isMatrix(plus, a.shape[0]) || plus.shape[1] !== x.shape[1]))
    throw shapeError('sparseProduct', 'what is added must be shared [n, d]', [a, x, plus]);
  const inputs = plus ? [a, x, plus] : [a, x];
  return new Tensor(graphOps.sparseProduct, inputs, 'shared', [a.shape[0], x.shape[1]], { scale });
}

/**
 * Mean of a matrix and its propagations over 1 … `layers` edges: (E + A E + A² E + … ) / (layers + 1), as LightGCN propagates
 * embeddings (He et al., SIGIR 2020, equations 7 and 8 with equal weights). Computed from the inside out,
 * E + A (E + A (E + …)), so that no layer is kept; the gradient is the same propagation over Aᵀ.
 * @param a square sparse matrix [n, n]
 * @param e shared [n, d]
 */
export function propagate(a: Tensor, e: Tensor, layers: number): Tensor {
  if (!Number.isInteger(layers) || layers < 1)
    throw new DeepTasteError('shape', `propagate: the number of layers must be a positive integer, got ${layers}`);
  if (a.shape[0] !== a.shape[1]) throw shapeError('propagate', 'the sparse matrix must be square', [a]);
  let z = e;
  for (let k = 1; k <= layers; k++) z = sparseProduct(a, z, { plus: e, scale: k === layers ? 1 / (layers + 1) : 1 });
  return new Tensor(graphOps.propagated, [z, a, e], 'shared', e.shape, { layers });
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
  const rows = matrixRows(f, first, first + count);
  return new Tensor(graphOps.gatherRows, [f, index, rows], 'batch', [f.shape[1]], { first, count });
}

/** Batch rows that are added to rows of a matrix: y[r] to row first + index[r]. */
interface Scattered {
  readonly y: Tensor;
  readonly index: Tensor;
  readonly first: number;
  readonly count: number;
}

/** Operands of an instruction leave room for so many. */
const MOST_PARTS = 3;

/** Σ over the parts and the batch's rows, shared [n, d]: the gradient of `gatherRows`. */
function scatterRows(parts: readonly Scattered[], shape: readonly number[]): Tensor {
  const inputs = parts.flatMap(({ y, index }) => [y, index]);
  const places = parts.map(({ first, count }) => `${first}:${count}`).join();
  return new Tensor(graphOps.scatterRows, inputs, 'shared', shape, { places });
}

function partsOf(y: Tensor): Scattered[] {
  const places = (y.attributes.places as string).split(',').map((place) => place.split(':').map(Number));
  return places.map(([first, count], n) => ({ y: y.inputs[2 * n], index: y.inputs[2 * n + 1], first, count }));
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

function sparseProductReference(y: Tensor, inputs: readonly Values[]): Values {
  const { nRows, rowStart, columns, values } = matrixOf(y.inputs[0]);
  const d = y.shape[1];
  const out = inputs.length > 2 ? inputs[2].slice() : new Float64Array(y.size);
  for (let r = 0; r < nRows; r++)
    for (let k = rowStart[r]; k < rowStart[r + 1]; k++)
      for (let j = 0; j < d; j++) out[r * d + j] += values[k] * inputs[1][columns[k] * d + j];
  return out.map((v) => v * (y.attributes.scale as number));
}

export const graphOps = opFamily({
  sparseProduct: {
    formula: 'y = scale · (A x + c)',
    derivative: '∂x = scale · Aᵀ dy, ∂c = scale · dy',
    gradient: (y, dy) => {
      const scale = y.attributes.scale as number;
      const dx = sparseProduct(transposeSparse(y.inputs[0]), dy, { scale });
      return y.inputs.length > 2 ? [null, dx, scale === 1 ? dy : affine(dy, scale)] : [null, dx];
    },
    kernel: (y) => {
      const [a, x, plus = null] = y.inputs;
      const parameters = [y.shape[1], floatBits(y.attributes.scale as number), plus ? 1 : 0];
      const rows = blockStarts(matrixOf(a)).length - 1;
      return { opcode: code.SPARSE_PRODUCT, rows, parameters, operands: [a, x, plus, y] };
    },
    blocks: (y) => {
      const [a, x, plus] = y.inputs;
      const parameters = [y.shape[1], floatBits(y.attributes.scale as number), plus ? 1 : 0];
      const operands = [a, x, plus ?? x, y].map((tensor) => ({ tensor }));
      const rows = blockStarts(matrixOf(a)).length - 1;
      return { opcode: code.SPARSE_PRODUCT, rows, multiple: 1, blockRows: 1, parameters, operands };
    },
    reference: sparseProductReference,
  },
  propagated: {
    formula: 'y = (E + A E + … + A^K E) / (K + 1)',
    derivative: '∂E = (dy + Aᵀ dy + … + (Aᵀ)^K dy) / (K + 1)',
    gradient: (y, dy) => [null, null, propagate(transposeSparse(y.inputs[1]), dy, y.attributes.layers as number)],
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
