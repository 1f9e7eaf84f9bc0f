/** Instructions of the softmax over all rows of a matrix. */
import * as softmax from './full-softmax';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';
import { batchRows, scratchBase, tileStart } from './tile';

export function runSoftmaxInstruction(at: usize, rows: i32): void {
  // p0 rows of the matrix, p1 width, p2 rows that a batch can have, p3 elements of a share of the sums, p4 exponentials are kept,
  // p5 as many rows of the matrix count as the batch has
  const places = parameter(at, 0), width = parameter(at, 1), capacity = parameter(at, 2);
  const shareWords = parameter(at, 3), keep = parameter(at, 4) != 0, n = parameter(at, 5) != 0 ? batchRows : places;
  const x = address(at, 0), xRow = stride(at, 0), w = address(at, 1), wRow = stride(at, 1);
  switch (load<i32>(at)) {
    case op.FULL_SOFTMAX_PARTS:
      // operands x, w, out; the rows are shares
      softmax.parts(
        x, xRow, w, wRow, address(at, 2), shareWords, keep, batchRows, n, width, capacity, tileStart, rows, scratchBase,
      );
      break;
    case op.FULL_SOFTMAX_LOSS:
      // operands x, w, target, parts, out
      softmax.loss(
        x, xRow, w, wRow, address(at, 2), stride(at, 2), address(at, 3), shareWords, address(at, 4), stride(at, 4), rows, tileStart, n,
        width, capacity,
      );
      break;
    case op.FULL_SOFTMAX_GRADIENT:
      // operands x, w, target, parts, dy, out; the rows are shares
      softmax.gradient(
        x, xRow, w, wRow, address(at, 2), stride(at, 2), address(at, 3), shareWords, keep, address(at, 4), stride(at, 4), address(at, 5),
        batchRows, n, places, width, capacity, tileStart, rows, scratchBase,
      );
      break;
    case op.FULL_SOFTMAX_INPUT:
      // operands sums of the shares, out
      softmax.sumShares(x, w, wRow, rows, tileStart, places, width, capacity);
      break;
    default: unreachable();
  }
}
