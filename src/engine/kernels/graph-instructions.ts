/** Instructions of graphs: products with sparse matrices, and sums and marks of rows by their index. */
import * as op from './opcodes';
import { address, parameter, stride } from './operands';
import { rotate } from './rotate';
import { markRows, scatterRows, sparseProduct } from './sparse';
import { batchRows, epochNumber, stepNumber, tileStart } from './tile';

export function runGraphInstruction(at: usize, rows: i32): void {
  const p0 = parameter(at, 0), p1 = parameter(at, 1);
  if (load<i32>(at) == op.SPARSE_PRODUCT) {
    // p0 width, p1 bits of the scale, whether something is added, what is marked; operands matrix, x, added, marks, out; rows are blocks
    sparseProduct(
      address(at, 0), tileStart, rows, address(at, 1), stride(at, 1), parameter(at, 2) ? address(at, 2) : 0, stride(at, 2),
      address(at, 4), stride(at, 4), p0, reinterpret<f32>(p1), address(at, 3), parameter(at, 3),
    );
    return;
  }
  if (load<i32>(at) == op.ROTATE) {
    // p0 width, key, whether columns move too, whether back
    rotate(
      address(at, 0), stride(at, 0), address(at, 1), stride(at, 1), rows, p0, p1, parameter(at, 2), parameter(at, 3) != 0,
      parameter(at, 4) != 0, stepNumber, epochNumber,
    );
    return;
  }
  if (load<i32>(at) == op.MARK_ROWS) {
    // p0 words, then first row and number of rows of each part; operands the index of each part, out last
    const marks = address(at, 3);
    memory.fill(marks, 0, <usize>p0 << 2);
    for (let part = 0; part < 3; part++)
      markRows(address(at, part), batchRows, parameter(at, 1 + 2 * part), parameter(at, 2 + 2 * part), marks);
    return;
  }
  // p0 width, p1 rows of the matrix, then first row and number of rows of each part; operands y and index of each part, out last
  const isBlock = load<i32>(at) == op.SCATTER_BLOCK;
  const from = isBlock ? tileStart : 0, n = isBlock ? rows : p1, nRows = isBlock ? batchRows : rows;
  const out = address(at, 6), outRow = stride(at, 6);
  if (isBlock) memory.fill(out, 0, (<usize>n * outRow) << 2);
  for (let part = 0; part < 3; part++) {
    const first = parameter(at, 2 + 2 * part), count = parameter(at, 3 + 2 * part);
    if (count)
      scatterRows(
        address(at, 2 * part), stride(at, 2 * part), address(at, 2 * part + 1), nRows, first, count, from, n, out, outRow, p0,
      );
  }
}
