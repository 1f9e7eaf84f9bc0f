/** Instructions of matrix products, and of the forms of matrices that they read. */
import { isTurnedForBlas, outerByBlas, turnedRow, usesBlas } from './blas';
import { convolution, convolutionInput, convolutionWeights } from './convolution';
import { transpose } from './elementwise';
import { gemm } from './gemm';
import { groupedLinear, groupedOuterSum, linearOfInstruction } from './grouped-products';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';
import { packPanels, turnRows } from './pack';
import { batchRows, tileStart } from './tile';

export function runProductInstruction(at: usize, rows: i32): void {
  const p0 = parameter(at, 0), p1 = parameter(at, 1);
  const a = address(at, 0), aRow = stride(at, 0), b = address(at, 1), bRow = stride(at, 1);
  const c = address(at, 2), cRow = stride(at, 2), d = address(at, 3), dRow = stride(at, 3);
  switch (load<i32>(at)) {
    case op.GEMM:
      // p0 columns, p1 depth, flags, k stride and panel stride of B, Wᵀ is stored, groups; operands x, packed, out, bias, weights
      if (parameter(at, 6) > 1) {
        groupedLinear(at, rows, p0, p1, parameter(at, 6));
        break;
      }
      if (usesBlas(p0, p1)) {
        linearOfInstruction(at, a, aRow, address(at, 2), stride(at, 2), rows, p0, p1);
        break;
      }
      gemm(
        a, aRow, 1, address(at, 1), parameter(at, 3), parameter(at, 4), address(at, 2), stride(at, 2),
        rows, p0, p1, parameter(at, 2), address(at, 3),
      );
      break;
    case op.OUTER_SUM:
      // out[p1 × p0] += xᵀ·y; p2 groups; operands x, y, out
      if (parameter(at, 2) > 1) {
        groupedOuterSum(a, aRow, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), rows, p0, p1, parameter(at, 2));
        break;
      }
      if (usesBlas(p0, p1) && aRow >= p1 && stride(at, 1) >= p0) {
        outerByBlas(a, aRow, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), p1, p0, rows, 1);
        break;
      }
      gemm(
        a, 1, aRow, address(at, 1), stride(at, 1), 8, address(at, 2), stride(at, 2),
        p1, p0, rows, op.FLAG_ACCUMULATE, 0,
      );
      break;
    case op.BATCH_PRODUCT:
      // p2 groups
      if (parameter(at, 2) > 1) {
        memory.fill(d, 0, <usize>(rows * p0) << 2);
        groupedOuterSum(a, bRow, c, cRow, d, dRow, batchRows, p0, rows, parameter(at, 2), p1);
      } else if (usesBlas(p0, p1)) outerByBlas(a, bRow, c, cRow, d, dRow, rows, p0, batchRows, 0);
      else gemm(a, 1, bRow, c, cRow, 8, d, dRow, rows, p0, batchRows, 0, 0);
      break;
    case op.PACK:
      // p0 columns, p1 depth, strides of W, p4 the transpose is stored
      if (!usesBlas(p0, p1)) packPanels(a, parameter(at, 2), parameter(at, 3), address(at, 1), p1, p0);
      else if (parameter(at, 4) && isTurnedForBlas(p0, p1))
        turnRows(a, parameter(at, 3), address(at, 1), turnedRow(p0), p0, p1);
      break;
    case op.BLOCK_PACK:
      // p0 depth, strides of W, p3 columns of all blocks, p4 the transpose is stored
      if (!usesBlas(parameter(at, 3), p0)) packPanels(a, p1, parameter(at, 2), b, p0, rows);
      else if (parameter(at, 4) && isTurnedForBlas(parameter(at, 3), p0)) {
        // the block's columns lie side by side in every row of the copy, not one panel after the other
        const whole = b - ((<usize>tileStart * p0) << 2);
        turnRows(a, parameter(at, 2), whole + (<usize>tileStart << 2), turnedRow(parameter(at, 3)), rows, p0);
      }
      break;
    case op.CONVOLUTION: convolution(at, rows); break;
    case op.CONVOLUTION_INPUT: convolutionInput(at, rows); break;
    case op.CONVOLUTION_WEIGHTS:
      // out[p1 × p0]; p2 places, p3 numbers of a step; operands x, dy, out
      convolutionWeights(a, aRow, b, bRow, c, cRow, rows, p0, p1, p1, parameter(at, 2), parameter(at, 3));
      break;
    case op.BATCH_CONVOLUTION:
      memory.fill(d, 0, <usize>(rows * p0) << 2);
      convolutionWeights(a, bRow, c, cRow, d, dRow, batchRows, p0, rows, p1, parameter(at, 2), parameter(at, 3));
      break;
    case op.TRANSPOSE: transpose(a, aRow, address(at, 1), stride(at, 1), rows, p0); break;
    default: unreachable();
  }
}
