/** The interpreter of plans: runs a list of instructions on one tile of rows. Formats in `opcodes.ts`. */
import * as op from './opcodes';
import { isTurnedForBlas, outerByBlas, turnedRow, usesBlas } from './blas';
import {
  affine, binary, copyRows, fillRows, gather, mulColumn, repeatColumn, rowDot, rowSum, sumLoss, transpose, unary,
} from './elementwise';
import { runFieldInstruction } from './field-instructions';
import { gemm } from './gemm';
import { runGraphInstruction } from './graph-instructions';
import { groupedLinear, groupedOuterSum, groupedSum, linearOfInstruction } from './grouped-products';
import { address, parameter, stride } from './operands';
import { packPanels, turnRows } from './pack';
import { eventEnd, eventStart } from './profile';
import { drawPairwise, drawPointwise } from './sampling';
import { runSequenceInstruction } from './sequence-instructions';
import { runSoftmaxInstruction } from './softmax-instructions';
import { runStepsInstruction } from './step-instructions';
import { batchRows, epochNumber, firstSlot, tileRows, tileStart } from './tile';

/** Runs `count` instructions from `at` on the current tile. */
export function runProgram(at: usize, count: i32): void {
  for (let n = 0; n < count; n++) {
    const start = eventStart();
    runInstruction(at);
    eventEnd(at, start);
    at += op.INSTRUCTION_WORDS << 2;
  }
}

function runInstruction(at: usize): void {
  const fixedRows = load<i32>(at, 4);
  const rows = fixedRows ? fixedRows : tileRows;
  const p0 = parameter(at, 0), p1 = parameter(at, 1);
  const a = address(at, 0), aRow = stride(at, 0);
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
    case op.UNARY: unary(p1, a, aRow, address(at, 1), stride(at, 1), rows, p0); break;
    case op.BINARY:
      binary(p1, a, aRow, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), rows, p0);
      break;
    case op.AFFINE:
      affine(a, aRow, address(at, 1), stride(at, 1), rows, p0, reinterpret<f32>(p1), reinterpret<f32>(parameter(at, 2)));
      break;
    case op.MUL_COLUMN:
      mulColumn(a, aRow, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), rows, p0);
      break;
    case op.ROW_DOT:
      rowDot(a, aRow, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), rows, p0);
      break;
    case op.ROW_SUM: rowSum(a, aRow, address(at, 1), stride(at, 1), rows, p0); break;
    case op.COPY: copyRows(a, aRow, address(at, 1), stride(at, 1), rows, p0); break;
    case op.GATHER:
      gather(a, aRow, p1, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), rows, p0);
      break;
    case op.SUM_ROWS: groupedSum(a, aRow, address(at, 1), rows, p0, p1); break;
    case op.SUM_LOSS: sumLoss(a, aRow, address(at, 1), rows); break;
    case op.PACK:
      // p0 columns, p1 depth, strides of W, p4 the transpose is stored
      if (!usesBlas(p0, p1)) packPanels(a, parameter(at, 2), parameter(at, 3), address(at, 1), p1, p0);
      else if (parameter(at, 4) && isTurnedForBlas(p0, p1))
        turnRows(a, parameter(at, 3), address(at, 1), turnedRow(p0), p0, p1);
      break;
    case op.FILL: fillRows(load<f32>(a), address(at, 1), stride(at, 1), rows, p0); break;
    case op.TRANSPOSE: transpose(a, aRow, address(at, 1), stride(at, 1), rows, p0); break;
    case op.DRAW_POINTWISE:
      drawPointwise(a, firstSlot + tileStart, epochNumber, address(at, 1), address(at, 2), address(at, 3), rows);
      break;
    case op.DRAW_PAIRWISE:
      drawPairwise(a, firstSlot + tileStart, epochNumber, address(at, 1), address(at, 2), address(at, 3), rows);
      break;
    case op.REPEAT_COLUMN: repeatColumn(a, aRow, address(at, 1), stride(at, 1), rows, p0); break;
    case op.JOIN:
      copyRows(a, aRow, address(at, 2), stride(at, 2), rows, p0);
      copyRows(address(at, 1), stride(at, 1), address(at, 2) + (<usize>p0 << 2), stride(at, 2), rows, p1);
      break;
    case op.PLACE:
      fillRows(0, address(at, 1), stride(at, 1), rows, p0);
      copyRows(a, aRow, address(at, 1) + (<usize>parameter(at, 2) << 2), stride(at, 1), rows, p1);
      break;
    default:
      if (load<i32>(at) < op.GRU_RESET) runFieldInstruction(at, rows);
      else if (load<i32>(at) < op.LSTM) runSequenceInstruction(at, rows, p0, p1, a, aRow);
      else if (load<i32>(at) < op.FULL_SOFTMAX_PARTS) {
        const isSum = load<i32>(at) == op.LSTM_WEIGHT_GRADIENT && parameter(at, 4) != 0;
        // p4: the sum over the whole batch at once, not tile by tile
        if (isSum) memory.fill(address(at, 3), 0, <usize>(4 * parameter(at, 2) * (parameter(at, 3) + parameter(at, 2) + 1)) << 2);
        runStepsInstruction(at, isSum ? batchRows : rows);
      } else if (load<i32>(at) <= op.FULL_SOFTMAX_INPUT) runSoftmaxInstruction(at, rows);
      else if (load<i32>(at) < op.SPARSE_PRODUCT) runSequenceInstruction(at, rows, p0, p1, a, aRow);
      else runGraphInstruction(at, rows);
  }
}
