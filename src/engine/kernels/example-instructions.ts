/** Instructions that assemble a batch of examples. */
import { drawRows, fetchSlots } from './draw-rows';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';
import { drawPairwise, drawPointwise } from './sampling';
import { carryRows, drawCandidates, feedSessions } from './sessions';
import { batchRows, epochNumber, firstSlot, stepNumber, tileStart, windowStep } from './tile';

export function runExampleInstruction(at: usize, rows: i32): void {
  const p0 = parameter(at, 0), p1 = parameter(at, 1);
  const a = address(at, 0), aRow = stride(at, 0), b = address(at, 1), bRow = stride(at, 1);
  const c = address(at, 2), cRow = stride(at, 2);
  switch (load<i32>(at)) {
    case op.DRAW_POINTWISE:
      drawPointwise(a, firstSlot + tileStart, epochNumber, address(at, 1), address(at, 2), address(at, 3), rows);
      break;
    case op.DRAW_PAIRWISE:
      drawPairwise(a, firstSlot + tileStart, epochNumber, address(at, 1), address(at, 2), address(at, 3), rows);
      break;
    case op.DRAW_ROWS:
      drawRows(a, firstSlot + tileStart, epochNumber, b, c, address(at, 3), address(at, 4), rows);
      break;
    case op.FETCH_SLOTS: fetchSlots(a, b, c, address(at, 3), rows); break;
    case op.FEED_SESSIONS: feedSessions(a, windowStep, b, c, batchRows); break;
    case op.DRAW_CANDIDATES: drawCandidates(a, b, tileStart, rows, stepNumber, epochNumber); break;
    case op.CARRY: carryRows(a, windowStep, b, bRow, c, cRow, batchRows, p0); break;
    default: unreachable();
  }
}
