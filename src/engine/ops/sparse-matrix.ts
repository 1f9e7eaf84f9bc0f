/** Sparse matrices that are part of a plan: constants in compressed rows, checked where they come in. */
import { DeepTasteError } from '../../core/errors.ts';
import { type PlanConstant, shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { opFamily } from './op.ts';

/** Row r holds values[k] in column columns[k] for k in [rowStart[r], rowStart[r + 1]). */
export interface SparseMatrix {
  readonly nRows: number;
  readonly nColumns: number;
  readonly rowStart: Int32Array; // [nRows + 1]
  readonly columns: Int32Array; // ascending within a row, each once
  readonly values: Float32Array;
}

const matrices = new WeakMap<Tensor, SparseMatrix>();
const transposes = new WeakMap<Tensor, Tensor>();

/**
 * A sparse constant, shared [nRows, nColumns]. The arrays are not copied before a plan is made from them.
 * @param options `symmetric`: the matrix is its own transpose, which is then never made
 * @throws 'shape' for row starts or columns that are no compressed rows of this size, values that are not finite, or a matrix
 * declared symmetric that is not
 */
export function sparseMatrix(name: string, matrix: SparseMatrix, options: { symmetric?: boolean } = {}): Tensor {
  check(name, matrix);
  const tensor = new Tensor(sparseMatrixOps.sparseMatrix, [], 'shared', [matrix.nRows, matrix.nColumns], { name });
  matrices.set(tensor, matrix);
  if (options.symmetric) {
    checkSymmetry(name, matrix);
    transposes.set(tensor, tensor);
  }
  return tensor;
}

export function matrixOf(tensor: Tensor): SparseMatrix {
  const matrix = matrices.get(tensor);
  if (!matrix) throw shapeError('sparse matrix', 'must be made by sparseMatrix', [tensor]);
  return matrix;
}

/** Aᵀ, made once. */
export function transposeSparse(a: Tensor): Tensor {
  const known = transposes.get(a);
  if (known) return known;
  const tensor = new Tensor(sparseMatrixOps.sparseMatrix, [], 'shared', [a.shape[1], a.shape[0]], {
    name: `${a.attributes.name} transposed`,
  });
  matrices.set(tensor, transposed(matrixOf(a)));
  transposes.set(a, tensor);
  transposes.set(tensor, a);
  return tensor;
}

function transposed({ nRows, nColumns, rowStart, columns, values }: SparseMatrix): SparseMatrix {
  const starts = new Int32Array(nColumns + 1);
  for (const column of columns) starts[column + 1]++;
  for (let c = 0; c < nColumns; c++) starts[c + 1] += starts[c];
  const next = starts.slice(0, nColumns);
  const turned = {
    nRows: nColumns,
    nColumns: nRows,
    rowStart: starts,
    columns: new Int32Array(columns.length),
    values: new Float32Array(columns.length),
  };
  for (let r = 0; r < nRows; r++)
    for (let k = rowStart[r]; k < rowStart[r + 1]; k++) {
      const place = next[columns[k]]++;
      turned.columns[place] = r;
      turned.values[place] = values[k];
    }
  return turned;
}

function check(name: string, { nRows, nColumns, rowStart, columns, values }: SparseMatrix): void {
  const refuse = (what: string): never => {
    throw new DeepTasteError('shape', `sparse matrix "${name}": ${what}`);
  };
  if (![nRows, nColumns].every((n) => Number.isInteger(n) && n > 0))
    refuse(`both sizes must be positive integers, got ${nRows} × ${nColumns}`);
  if (rowStart.length !== nRows + 1) refuse(`needs ${nRows + 1} row starts for ${nRows} rows, got ${rowStart.length}`);
  if (columns.length !== values.length) refuse(`needs a value a column, got ${columns.length} and ${values.length}`);
  if (rowStart[0] !== 0 || rowStart[nRows] !== columns.length)
    refuse(`row starts must go from 0 to ${columns.length}, got ${rowStart[0]} to ${rowStart[nRows]}`);
  for (let r = 0; r < nRows; r++) {
    if (rowStart[r + 1] < rowStart[r] || rowStart[r + 1] > columns.length)
      refuse(`row starts must not fall, got ${rowStart[r]} and ${rowStart[r + 1]} at row ${r}`);
    for (let k = rowStart[r]; k < rowStart[r + 1]; k++) {
      const column = columns[k];
      if (column < 0 || column >= nColumns) refuse(`columns must lie in [0, ${nColumns}), got ${column} in row ${r}`);
      if (k > rowStart[r] && column <= columns[k - 1])
        refuse(`columns of a row must ascend, each once, got ${columns[k - 1]} and ${column} in row ${r}`);
      if (!Number.isFinite(values[k])) refuse(`values must be finite, got ${values[k]} in row ${r}, column ${column}`);
    }
  }
}

function checkSymmetry(name: string, matrix: SparseMatrix): void {
  if (matrix.nRows === matrix.nColumns && isOwnTranspose(matrix)) return;
  throw new DeepTasteError(
    'shape',
    `sparse matrix "${name}": is declared symmetric but differs from its transpose (leave "symmetric" away)`,
  );
}

/** Row by row, the entries of the transpose come in the order in which its rows hold them, so it need not be made. */
function isOwnTranspose({ nRows, rowStart, columns, values }: SparseMatrix): boolean {
  const next = rowStart.slice(0, nRows);
  for (let r = 0; r < nRows; r++)
    for (let k = rowStart[r]; k < rowStart[r + 1]; k++) {
      const place = next[columns[k]]++;
      if (place >= rowStart[columns[k] + 1] || columns[place] !== r || values[place] !== values[k]) return false;
    }
  return true;
}

/** Work of a block: non-zeros, and a few for every row. About a hundred microseconds. */
const WORK_OF_BLOCK = 16384;
const WORK_OF_ROW = 4;

/** Cuts the rows into blocks of about equal work: the first row of each block, then the number of rows. */
export function blockStarts({ nRows, rowStart }: SparseMatrix): Int32Array {
  const starts = [0];
  let work = 0;
  for (let r = 0; r < nRows; r++) {
    const own = rowStart[r + 1] - rowStart[r] + WORK_OF_ROW;
    if (work > 0 && work + own > WORK_OF_BLOCK) {
      starts.push(r);
      work = 0;
    }
    work += own;
  }
  return Int32Array.from([...starts, nRows]);
}

/** The compressed rows in the order of the words of a sparse matrix. */
function record(y: Tensor): PlanConstant {
  const matrix = matrixOf(y);
  const arrays: (Int32Array | Float32Array)[] = [];
  arrays[code.SPARSE_ROW_START] = matrix.rowStart;
  arrays[code.SPARSE_COLUMNS] = matrix.columns;
  arrays[code.SPARSE_VALUES] = matrix.values;
  arrays[code.SPARSE_BLOCKS] = blockStarts(matrix);
  return arrays;
}

export const sparseMatrixOps = opFamily({
  sparseMatrix: {
    formula: 'y = A, compressed rows',
    derivative: 'none: a constant',
    gradient: () => [],
    constant: record,
    readAs: 'nothing',
    // its users read the compressed rows: written out it may be far larger than the memory
    reference: () => new Float64Array(0),
  },
});
