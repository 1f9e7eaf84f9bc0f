/** Instructions that assemble a batch of examples. */
import { drawRows, fetchSlots } from './draw-rows';
import { drawByFactor, drawChoice, drawMore, keepBest, takeCandidate } from './hard-negatives';
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
    case op.DRAW_NEGATIVES:
      drawMore(a, firstSlot + tileStart, epochNumber, b, c, address(at, 3), address(at, 4), address(at, 5), rows);
      break;
    case op.DRAW_CHOICE: {
      const isLabelled = load<i32>(a, op.CHOICE_LABELS << 2) != 0;
      drawChoice(a, firstSlot + tileStart, epochNumber, isLabelled ? b : 0, isLabelled ? c : b, rows);
      break;
    }
    // p0 best candidates, p1 whether there are some; operands item, score, those before, out
    case op.KEEP_BEST: keepBest(a, b, bRow, p1 ? c : 0, cRow, address(at, 3), stride(at, 3), rows, p0); break;
    case op.TAKE_CANDIDATE: takeCandidate(a, aRow, b, c, address(at, 3), rows); break;
    // p0 record; operands vector, user, choice, first, out
    case op.DRAW_BY_FACTOR:
      drawByFactor(
        <usize>p0, firstSlot + tileStart, epochNumber, a, aRow, b, c, address(at, 3), address(at, 4), rows,
      );
      break;
    case op.ROW_NUMBER:
      for (let r = 0; r < rows; r++) store<i32>(b + (<usize>(r * bRow) << 2), tileStart + r);
      break;
    default: unreachable();
  }
}
