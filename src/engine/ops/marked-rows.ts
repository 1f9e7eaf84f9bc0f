/**
 * Which rows of a matrix the rows of the batch name, as one bit a row. Products whose other rows nobody reads, or whose other rows
 * are zero, need not compute with them.
 */
import { shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { isIndex } from './leaves.ts';
import { noGradients, opFamily } from './op.ts';

/** Rows first + index[r] of a matrix, for the rows r of the batch whose index lies in [0, count). */
export interface IndexedRows {
  readonly index: Tensor; // [B]
  readonly first: number;
  readonly count: number;
}

/** Operands of an instruction leave room for so many. */
export const MOST_PARTS = 3;

const BITS = 32;

/**
 * Marks of the rows of a matrix of `rows` rows that any row of the batch names: shared [rows / 32], bit r mod 32 of number
 * r div 32.
 * @param parts one to three
 */
export function markedRows(parts: readonly IndexedRows[], rows: number): Tensor {
  const indices = parts.map(({ index }) => index);
  const fits = ({ index, first, count }: IndexedRows) =>
    isIndex(index, 1) && first >= 0 && count > 0 && first + count <= rows;
  if (parts.length < 1 || parts.length > MOST_PARTS || !parts.every(fits))
    throw shapeError('markedRows', `needs one to three index inputs [B] of parts of ${rows} rows`, indices);
  const attributes = { places: placesAttribute(parts), rows };
  return new Tensor(markedRowOps.markedRows, indices, 'shared', [Math.ceil(rows / BITS)], attributes);
}

/** @throws 'shape' for marks of another number of rows */
export function checkMarks(marks: Tensor, rows: number): void {
  if (marks.op !== markedRowOps.markedRows || marks.attributes.rows !== rows)
    throw shapeError('marked rows', `must be made by markedRows for ${rows} rows`, [marks]);
}

export const hasMark = (marks: ArrayLike<number>, row: number): boolean =>
  ((marks[Math.floor(row / BITS)] >>> (row % BITS)) & 1) === 1;

/** Parts as an attribute of a tensor whose inputs hold the indices. */
export function placesAttribute(parts: readonly Omit<IndexedRows, 'index'>[]): string {
  return parts.map(({ first, count }) => `${first}:${count}`).join();
}

export function numbersOfPlaces(y: Tensor): { first: number; count: number }[] {
  const places = (y.attributes.places as string).split(',').map((place) => place.split(':').map(Number));
  return places.map(([first, count]) => ({ first, count }));
}

/** The parts that marks were made of. */
export function placesOf(marks: Tensor): IndexedRows[] {
  return numbersOfPlaces(marks).map((place, n) => ({ ...place, index: marks.inputs[n] }));
}

function parametersOf(y: Tensor): number[] {
  return [y.size, ...placesOf(y).flatMap(({ first, count }) => [first, count])];
}

export const markedRowOps = opFamily({
  markedRows: {
    formula: 'bit first + i of y = [i[r] = i for a row r of the batch]',
    derivative: 'none: not differentiable',
    gradient: noGradients,
    integers: true,
    reduction: true,
    onlyBlocks: true,
    mayBeInfinite: true,
    kernel: (y) => {
      const unused = Array<null>(MOST_PARTS - y.inputs.length).fill(null);
      return { opcode: code.MARK_ROWS, parameters: parametersOf(y), operands: [...y.inputs, ...unused, y] };
    },
    // a few thousand bits are set faster than threads share them
    blocks: (y) => {
      const unused = Array.from({ length: MOST_PARTS - y.inputs.length }, () => y.inputs[0]);
      const operands = [...y.inputs, ...unused, y].map((tensor) => ({ tensor }));
      return { opcode: code.MARK_ROWS, rows: 1, multiple: 1, blockRows: 1, parameters: parametersOf(y), operands };
    },
    reference: (y, inputs, rows) => {
      const bits = new Int32Array(y.size);
      placesOf(y).forEach(({ first, count }, n) => {
        for (let r = 0; r < rows; r++) {
          const place = inputs[n][r];
          if (place >= 0 && place < count) bits[Math.floor((first + place) / BITS)] |= 1 << ((first + place) % BITS);
        }
      });
      return Float64Array.from(bits);
    },
  },
});
