/** Instructions of sequences and candidate lists. */
import { runAttentionInstruction } from './attention-instructions';
import { isTurnedForBlas, outerByBlas, turnedRow, usesBlas } from './blas';
import { candidateOffsets, candidateSlopes } from './candidates';
import { gatherList, sumRows } from './elementwise';
import { gemm } from './gemm';
import { groupedOuterSum } from './grouped-products';
import * as gru from './gru';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';
import { packPanels, turnRows } from './pack';
import { elu, eluGradient, laneDropout } from './row-noise';
import { carryRows, drawCandidates, feedSessions } from './sessions';
import { batchRows, epochNumber, stepNumber, tileStart, windowStep } from './tile';

export function runSequenceInstruction(at: usize, rows: i32, p0: i32, p1: i32, a: usize, aRow: i32): void {
  const b = address(at, 1), bRow = stride(at, 1), c = address(at, 2), cRow = stride(at, 2), d = address(at, 3), dRow = stride(at, 3);
  switch (load<i32>(at)) {
    case op.GATHER_LIST: gatherList(a, aRow, p1, b, c, cRow, rows, p0); break;
    case op.BLOCK_PACK:
      // p0 depth, strides of W, p3 columns of all blocks, p4 the transpose is stored
      if (!usesBlas(parameter(at, 3), p0)) packPanels(a, p1, parameter(at, 2), b, p0, rows);
      else if (parameter(at, 4) && isTurnedForBlas(parameter(at, 3), p0)) {
        // the block's columns lie side by side in every row of the copy, not one panel after the other
        const whole = b - ((<usize>tileStart * p0) << 2);
        turnRows(a, parameter(at, 2), whole + (<usize>tileStart << 2), turnedRow(parameter(at, 3)), rows, p0);
      }
      break;
    case op.BATCH_PRODUCT:
      // p2 groups
      if (parameter(at, 2) > 1) {
        memory.fill(d, 0, <usize>(rows * p0) << 2);
        groupedOuterSum(a, bRow, c, cRow, d, dRow, batchRows, p0, rows, parameter(at, 2), p1);
      } else if (usesBlas(p0, p1)) outerByBlas(a, bRow, c, cRow, d, dRow, rows, p0, batchRows, 0);
      else gemm(a, 1, bRow, c, cRow, 8, d, dRow, rows, p0, batchRows, 0, 0);
      break;
    case op.BATCH_SUM:
      memory.fill(c, 0, <usize>rows << 2);
      for (let g = 0; g < p1; g++) sumRows(a + (<usize>(g * p0) << 2), bRow, c, batchRows, rows);
      break;
    case op.CANDIDATE_OFFSETS:
      candidateOffsets(
        a, parameter(at, 4) ? b : 0, c, rows, tileStart, p0, p1, reinterpret<f32>(parameter(at, 2)),
        reinterpret<f32>(parameter(at, 3)),
      );
      break;
    case op.CANDIDATE_SLOPES:
      // operands scores, list, offsets, out, workspace
      candidateSlopes(
        p1, a, aRow, b, c, d, dRow, rows, tileStart, p0, parameter(at, 2), reinterpret<f32>(parameter(at, 3)), address(at, 4),
      );
      break;
    case op.ELU: elu(a, aRow, b, bRow, rows, p0, reinterpret<f32>(p1)); break;
    case op.ELU_GRADIENT: eluGradient(a, aRow, b, bRow, c, cRow, rows, p0, reinterpret<f32>(p1)); break;
    case op.LANE_DROPOUT:
      laneDropout(
        a, aRow, b, bRow, rows, p0, p1, reinterpret<f32>(parameter(at, 2)), parameter(at, 3), parameter(at, 4), tileStart,
        stepNumber, epochNumber,
      );
      break;
    case op.GRU_RESET: gru.gruReset(a, aRow, b, bRow, c, cRow, d, dRow, rows, p0); break;
    case op.GRU_RESET_GRADIENT:
      gru.gruResetGradient(a, aRow, b, bRow, c, cRow, d, dRow, address(at, 4), stride(at, 4), rows, p0);
      break;
    case op.GRU_ORIGINAL:
      gru.gruOriginal(a, aRow, b, bRow, c, cRow, d, dRow, address(at, 4), stride(at, 4), rows, p0);
      break;
    case op.GRU_ORIGINAL_GRADIENT:
      gru.gruOriginalGradient(
        a, aRow, b, bRow, c, cRow, d, dRow, address(at, 4), stride(at, 4), address(at, 5), stride(at, 5), rows, p0,
      );
      break;
    case op.GRU_CELL: gru.gruCell(a, aRow, b, bRow, c, cRow, d, dRow, rows, p0); break;
    case op.GRU_CELL_GRADIENT:
      gru.gruCellGradient(a, aRow, b, bRow, c, cRow, d, dRow, address(at, 4), stride(at, 4), rows, p0);
      break;
    case op.GRU_STATE_GRADIENT: gru.gruStateGradient(a, aRow, b, bRow, c, cRow, d, dRow, rows, p0); break;
    case op.FEED_SESSIONS: feedSessions(a, windowStep, b, c, batchRows); break;
    case op.DRAW_CANDIDATES: drawCandidates(a, b, tileStart, rows, stepNumber, epochNumber); break;
    case op.CARRY: carryRows(a, windowStep, b, bRow, c, cRow, batchRows, p0); break;
    default: runAttentionInstruction(at, rows, p0, p1, a, aRow, b, bRow, c, cRow, d, dRow);
  }
}
